// `sluice enqueue FILE --source NAME`: lines of JSON from standard input become messages of a source.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "app/exit_status.hpp"
#include "cli/arguments.hpp"
#include "cli/node_json.hpp"
#include "cli/service.hpp"
#include "cli/verbs.hpp"
#include "core/limits.hpp"
#include "observe/readable.hpp"
#include "text/json_read.hpp"
#include "text/json_text.hpp"
#include "text/units.hpp"

namespace sluice {
namespace {

namespace po = boost::program_options;

constexpr VerbUsage enqueue_usage{
    "enqueue", "FILE --source NAME [OPTION]... < LINES",
    "Reads lines of JSON from standard input and puts them into a source of the configuration FILE, each line a message.\n"
    "Ends with status 0 once all of them are stored durably, and says how many these are. A line that is no JSON ends it\n"
    "with status 1: all lines before it are stored, none behind it. Waits while the queue is full. An interrupt (Ctrl-C)\n"
    "ends it in between two lines, and it says how many are stored. A line is a message if it follows the grammar of JSON\n"
    "(RFC 8259), whatever the size of its numbers and its depth.\n"
    "Goes through the running host; if none runs, opens the queue itself."};

std::string request_of(const po::variables_map& values, std::string& wrong) {
    JsonFields fields;
    fields.add("verb", "enqueue").add("source", values["source"].as<std::string>());
    const auto pass_on = [&](const char* option, const char* name) {
        if (values.count(option) != 0) fields.add(name, values[option].as<std::string>());
    };
    pass_on("id-from", "id_from");
    pass_on("key-from", "key_from");
    pass_on("key", "key");
    if (values.count("key") != 0 && values.count("key-from") != 0) wrong = "give --key or --key-from, not both";
    if (values.count("delay") != 0) {
        const auto delay = parse_duration_ms(values["delay"].as<std::string>());
        if (!delay) wrong = fmt::format("--delay is {}, not \"{}\"", duration_form, values["delay"].as<std::string>());
        if (delay && *delay > limits::retry_delay_ms_max)
            wrong = fmt::format("--delay is at most {}, not \"{}\"", format_duration(limits::retry_delay_ms_max),
                                values["delay"].as<std::string>());
        fields.add("delay_ms", delay.value_or(0));
    }
    if (values.count("header") != 0) fields.add_raw("headers", to_json(values["header"].as<std::vector<std::string>>()));
    return fmt::format("{{{}}}", fields.view());
}

}  // namespace

int enqueue_verb(std::span<const std::string> words) {
    po::options_description options("Options");
    auto add = options.add_options();
    add("source", po::value<std::string>()->value_name("NAME"), "the source that the messages are put into");
    add("id-from", po::value<std::string>()->value_name("POINTER"),
        "take the id of each message from its line, a JSON pointer (/id): a message whose id the queue knows is not stored "
        "again");
    add("key", po::value<std::string>()->value_name("KEY"), "the key of all messages, for queues that keep one");
    add("key-from", po::value<std::string>()->value_name("POINTER"), "take the key from the line");
    add("header", po::value<std::vector<std::string>>()->composing()->value_name("NAME=VALUE"),
        "a header of all messages; may be given several times");
    add("delay", po::value<std::string>()->value_name("DURATION"), "deliver them only after this time (5m)");
    const Arguments arguments = read_arguments(enqueue_usage, options, words);
    if (arguments.exit) return *arguments.exit;
    std::string wrong;
    if (arguments.values.count("source") == 0) wrong = "say which source with --source NAME";
    const std::string request = wrong.empty() ? request_of(arguments.values, wrong) : "";
    if (!wrong.empty()) {
        fmt::print(stderr, "sluice enqueue: {}; see `sluice enqueue --help`\n", wrong);
        return exit_status::usage;
    }

    const bool terminal = ::isatty(STDERR_FILENO) != 0;
    std::uint64_t stored = 0;
    bool is_all = false;
    const auto clear_progress = [&] {
        if (terminal && stored != 0) fmt::print(stderr, "\r\033[K");
    };
    Question question;
    question.verb = "enqueue";
    question.request = request;
    question.input = STDIN_FILENO;
    question.until_signal = true;
    question.line = [&](const Node& line) {
        if (line.find("stored") != nullptr) {
            stored = static_cast<std::uint64_t>(integer_of(line, "stored"));
            if (terminal) fmt::print(stderr, "\r\033[K{} stored", readable_count(stored));
            return;
        }
        clear_progress();
        if (line.find("refused") != nullptr)
            fmt::print(stderr, "sluice enqueue: line {} was refused: {}\n", integer_of(line, "refused"),
                       text_of(line, "error"));
        else
            fmt::print(stderr, "sluice enqueue: waits: {}\n", text_of(line, "waits"));
    };
    question.last = [&](const Node& last) {
        clear_progress();
        stored = static_cast<std::uint64_t>(integer_of(last, "stored"));
        is_all = true;
    };
    const int status = ask(arguments, question);
    if (status == exit_status::usage) return status;
    const bool interrupted = status > 128 && !is_all;  // before the host could say what became of the last ones
    if (interrupted) clear_progress();
    fmt::print("{}{} {} stored\n", interrupted ? "at least " : "", counted(stored, "message"), stored == 1 ? "is" : "are");
    return status;
}

}  // namespace sluice
