// `sluice why FILE --key KEY`: where are the messages of a key, and what do they wait for?
#include <fmt/format.h>

#include <cstdio>

#include "app/exit_status.hpp"
#include "cli/arguments.hpp"
#include "cli/node_json.hpp"
#include "cli/service.hpp"
#include "cli/table.hpp"
#include "cli/verbs.hpp"
#include "observe/readable.hpp"
#include "text/json_read.hpp"
#include "text/json_text.hpp"
#include "text/units.hpp"

namespace sluice {
namespace {

namespace po = boost::program_options;

constexpr VerbUsage why_usage{
    "why", "FILE --key KEY [--source NAME] [--pool NAME] [--json]",
    "Asks the host that runs the configuration FILE where the messages of a key are, and what they wait for: room in a\n"
    "queue, their turn, a retry, a commit, a handler that does not return, an unreachable database. Messages that the host\n"
    "has not received yet are still in their source; if that is not polled now, it says why."};

std::string some(std::int64_t count) {
    return counted(static_cast<std::size_t>(count), "message");
}
std::string span_of(std::int64_t span_ms) {
    return readable_duration(static_cast<std::uint64_t>(span_ms) * 1'000'000);
}

void print_sentences(const Node& line) {
    const auto number = [&](std::string_view name) { return integer_of(line, name); };
    const std::string where = fmt::format("{}, pool {}", text_of(line, "source"), text_of(line, "pool"));
    if (line.find("pool") == nullptr)
        return fmt::print("{}: its thread does not answer; it may be inside its plugin\n", text_of(line, "source"));
    if (line.find("by_key") != nullptr)
        return fmt::print("{}: its route keeps no order of keys, so no message waits for another of its key\n", where);
    fmt::print("{}, worker {}:\n", where, number("worker"));
    bool some_here = false;
    const auto say = [&](const std::string& sentence) {
        fmt::print("  {}\n", sentence);
        some_here = true;
    };
    if (number("run_again") != 0)
        say(fmt::format("{} to be handled again: resumed, or their unit of work failed", some(number("run_again"))));
    if (number("committing") != 0)
        say(fmt::format("{} handled, not yet committed, published and settled", some(number("committing"))));
    if (line.find("deferred") != nullptr)
        say(fmt::format("a message is deferred by the handler, until it is completed; {} wait behind it",
                        some(number("parked"))));
    else if (number("parked") != 0) {
        const std::string_view error = text_of(line, "parked_error");
        say(fmt::format("message {} has failed: attempt {} in {}{}{}", cut_to(text_of(line, "parked_id"), 60),
                        number("attempt"), span_of(number("retry_in_ms")), error.empty() ? "" : ": ", error));
        if (number("parked") > 1) say(fmt::format("{} wait behind it", some(number("parked") - 1)));
    }
    if (number("held") != 0) say(fmt::format("{} taken from the queue, not yet begun", some(number("held"))));
    if (number("queued") != 0)
        say(fmt::format("{} in the worker's queue, behind {} of other keys", some(number("queued")), number("before")));
    if (number("waiting_for_room") != 0)
        say(fmt::format("{} wait for room in the worker's queue", some(number("waiting_for_room"))));
    if (line.find("silent") != nullptr) return fmt::print("  the worker does not answer now; ask again\n");
    if (line.find("handling") != nullptr)
        fmt::print(
            "  the worker has been in a batch for {}, now with {}; what else that batch holds is not seen until the handler "
            "returns\n",
            span_of(number("handling_ms")), text_of(line, "handling"));
    else if (!some_here)
        fmt::print("  no message of this key\n");
    if (line.find("worker_waits") != nullptr)
        fmt::print(
            "  the worker takes nothing new: a key that waits for its retry has as many messages behind it as park_limit "
            "allows\n");
    if (line.find("not_polled_because") != nullptr)
        fmt::print("  its source has not been polled for {}: {}\n", span_of(number("not_polled_ms")),
                   text_of(line, "not_polled_because"));
    const std::string_view why = text_of(line, "pauses_for");
    const std::string because = why.empty() ? "" : ": " + std::string(why);
    if (line.find("database_away") != nullptr)
        fmt::print("  the worker waits, a database that it uses is unreachable{}\n", because);
    if (number("paused_ms") != 0)
        fmt::print("  the worker tries its failed unit of work again in {}{}\n", span_of(number("paused_ms")), because);
}

}  // namespace

int why_verb(std::span<const std::string> words) {
    po::options_description options("Options");
    auto add = options.add_options();
    add("key", po::value<std::string>()->value_name("KEY"), "the key, as the route finds it");
    add("source", po::value<std::string>()->value_name("NAME"), "only this source");
    add("pool", po::value<std::string>()->value_name("NAME"), "only this pool");
    add("json", "a line of JSON for each pool");
    const Arguments arguments = read_arguments(why_usage, options, words);
    if (arguments.exit) return *arguments.exit;
    const auto& values = arguments.values;
    if (values.count("key") == 0) {
        fmt::print(stderr, "sluice why: say which key with --key KEY; see `sluice why --help`\n");
        return exit_status::usage;
    }
    JsonFields fields;
    fields.add("verb", "why");
    for (const char* name : {"key", "source", "pool"})
        if (values.count(name) != 0) fields.add(name, values[name].as<std::string>());
    Question question;
    question.verb = "why";
    question.answers = Answers::host_only;
    question.request = fmt::format("{{{}}}", fields.view());
    question.line = [&](const Node& line) {
        if (values.count("json") != 0)
            fmt::print("{}\n", to_json(line));
        else
            print_sentences(line);
    };
    return ask(arguments, question);
}

}  // namespace sluice
