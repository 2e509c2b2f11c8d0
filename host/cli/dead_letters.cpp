// `sluice dead-letters ls|show|replay|purge FILE …`: what was given up on.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <map>
#include <sstream>

#include "app/exit_status.hpp"
#include "cli/arguments.hpp"
#include "cli/node_json.hpp"
#include "cli/service.hpp"
#include "cli/table.hpp"
#include "cli/verbs.hpp"
#include "core/limits.hpp"
#include "plugin/fault.hpp"
#include "text/json_read.hpp"
#include "text/json_text.hpp"
#include "text/suggest.hpp"
#include "text/units.hpp"

namespace sluice {
namespace {

namespace po = boost::program_options;

constexpr std::string_view help =
    "usage: sluice dead-letters ls FILE [--source NAME] [--key KEY] [--wide | --json]\n"
    "       sluice dead-letters show FILE ID... [--json]\n"
    "       sluice dead-letters replay FILE (ID... | --all | --key KEY | --source NAME) [--no-wait]\n"
    "       sluice dead-letters purge FILE (ID... | --all | --key KEY | --source NAME | --older-than DURATION) [--yes]\n"
    "\n"
    "Lists what was given up on under the configuration FILE, shows it whole, processes it once more, or removes it. An ID is\n"
    "the place that `ls` shows in its first column, or the id of the message. Goes through the running host; without one, all\n"
    "but replay open the store themselves.\n"
    "\n"
    "replay gives the message to the running host as if it came from its source now, in order behind what waits of its key.\n"
    "It is removed once that has ended well; if it dies again it is a new dead letter, and the old one goes. Waits and says\n"
    "what became of each; the status is 1 if not all have ended well.\n"
    "\n";

constexpr std::size_t error_width = 60;
constexpr std::size_t id_width = 28;
constexpr std::size_t key_width = 20;

std::string request_of(std::string_view what, const Arguments& arguments, std::string_view more = {}) {
    JsonFields fields;
    fields.add("verb", "dead-letters").add("do", what);
    const auto& values = arguments.values;
    for (const char* name : {"source", "key"})
        if (values.count(name) != 0) fields.add(name, values[name].as<std::string>());
    if (values.count("older-than") != 0)
        fields.add("older_than_ms", parse_duration_ms(values["older-than"].as<std::string>()).value_or(0));
    if (!arguments.operands.empty()) fields.add_raw("names", to_json(arguments.operands));
    return fmt::format("{{{}{}}}", fields.view(), more);
}

std::string text(const Node& line, std::string_view name) {
    const Node* node = line.find(name);
    return node == nullptr ? "" : node->text;
}

// A member that may be in base64.
std::string bytes(const Node& line, const std::string& name) {
    const Node* node = line.find(name);
    return node != nullptr                          ? clean_text(node->text)
           : line.find(name + "_base64") != nullptr ? text(line, name + "_base64") + " (base64)"
                                                    : "-";
}

int list(const Arguments& arguments) {
    const bool json = arguments.values.count("json") != 0;
    const bool wide = arguments.values.count("wide") != 0;
    std::vector<TableRow> rows{{"PLACE", "DEAD SINCE", "SOURCE", "POOL", "KEY", "TRIES", "ID", "ERROR"}};
    Question question;
    question.verb = "dead-letters";
    question.only_looks = true;
    question.request = request_of("ls", arguments, json ? R"(,"whole":true)" : "");
    question.line = [&](const Node& line) {
        if (json) return fmt::print("{}\n", to_json(line));
        const auto cell = [&](const char* name, std::size_t width, auto cut) {
            return wide ? clean_text(text(line, name)) : cut(text(line, name), width);
        };
        rows.push_back({text(line, "place"), shown_time(integer_of(line, "dead_ms")), text(line, "source"), text(line, "pool"),
                        cell("key", key_width, cut_middle), text(line, "attempts"), cell("id", id_width, cut_middle),
                        cell("error", error_width, cut_to)});
    };
    question.last = [&](const Node& last) {
        if (json || last.find("found") == nullptr) return;
        if (rows.size() > 1)
            fmt::print("{}", aligned(rows, {5}));
        else
            fmt::print("There are no dead letters{}.\n",
                       arguments.values.count("key") + arguments.values.count("source") != 0 ? " of that kind" : "");
    };
    return ask(arguments, question);
}

int show(const Arguments& arguments) {
    const bool json = arguments.values.count("json") != 0;
    bool first = true;
    Question question;
    question.verb = "dead-letters";
    question.only_looks = true;
    question.request = request_of("show", arguments);
    question.line = [&](const Node& line) {
        if (line.find("missing") != nullptr)
            return fmt::print(stderr, "sluice dead-letters: there is no dead letter {}: `ls` shows which there are\n",
                              text(line, "missing"));
        if (json) return fmt::print("{}\n", to_json(line));
        if (!std::exchange(first, false)) fmt::print("\n");
        const std::int64_t received = integer_of(line, "first_received_ms");
        std::vector<TableRow> rows{{"place", text(line, "place")}, {"source", text(line, "source")}, {"id", bytes(line, "id")}};
        if (line.find("pool") != nullptr) rows.push_back({"pool", text(line, "pool")});
        if (line.find("worker") != nullptr) rows.push_back({"worker", text(line, "worker")});
        rows.push_back({"key", bytes(line, "key")});
        for (const std::string name : {"message_key", "subject"})
            if (line.find(name) != nullptr || line.find(name + "_base64") != nullptr) rows.push_back({name, bytes(line, name)});
        rows.push_back({"error", clean_text(text(line, "error"))});
        rows.push_back({"attempts", text(line, "attempts")});
        if (line.find("enqueued_ms") != nullptr) rows.push_back({"enqueued", shown_time(integer_of(line, "enqueued_ms"))});
        if (received != 0) rows.push_back({"received", shown_time(received)});
        rows.push_back({"dead since", shown_time(integer_of(line, "dead_ms"))});
        for (const char* name : {"headers", "headers_base64"})
            if (line.find(name) != nullptr) rows.push_back({name, to_json(*line.find(name))});
        rows.push_back({"body", bytes(line, "body")});
        fmt::print("{}", aligned(rows));
    };
    return ask(arguments, question);
}

int replay(const Arguments& arguments) {
    const bool json = arguments.values.count("json") != 0;
    const bool waits = arguments.values.count("no-wait") == 0;
    Question question;
    question.verb = "dead-letters";
    question.answers = Answers::host_only;
    question.request = request_of("replay", arguments, waits ? "" : R"(,"no_wait":true)");
    question.line = [&](const Node& line) {
        if (json) return fmt::print("{}\n", to_json(line));
        static const std::map<std::string_view, std::string_view, std::less<>> words{
            {"done", "done"},       {"skipped", "skipped by the handler"}, {"dropped", "dropped: when_full says so"},
            {"dead", "dead again"}, {"unchanged", "still a dead letter"},  {"missing", "not there"}};
        const auto word = words.find(text_of(line, "became"));
        const std::string error = text(line, "error");
        fmt::print("{}  {}{}{}\n", text(line, "place"), word == words.end() ? text_of(line, "became") : word->second,
                   error.empty() ? "" : ": ", cut_to(error, 200));
    };
    question.last = [&](const Node& last) {
        if (json || last.find("of") == nullptr) return;
        if (waits)
            fmt::print("{} of {} replayed and gone\n", integer_of(last, "done"),
                       counted(static_cast<std::size_t>(integer_of(last, "of")), "dead letter"));
        else
            fmt::print("the host replays them now; `sluice dead-letters ls` shows what is left\n");
    };
    return ask(arguments, question);
}

// The number of dead letters that would go, or -1.
std::int64_t count(const Arguments& arguments, int& status) {
    std::int64_t found = -1;
    Question question;
    question.verb = "dead-letters";
    question.only_looks = true;
    question.request = request_of("count", arguments);
    question.line = [](const Node&) {};
    question.last = [&](const Node& last) { found = last.find("found") == nullptr ? -1 : integer_of(last, "found"); };
    status = ask(arguments, question);
    return found;
}

int purge(const Arguments& arguments) {
    if (::isatty(STDIN_FILENO) != 0 && arguments.values.count("yes") == 0) {
        int status = 0;
        const std::int64_t found = count(arguments, status);
        if (found < 0) return status;
        fmt::print(stderr, "Remove {} permanently? [y/N] ", counted(static_cast<std::size_t>(found), "dead letter"));
        std::string answer;
        std::getline(std::cin, answer);
        if (answer != "y" && answer != "Y" && answer != "yes")
            return fmt::print(stderr, "nothing is removed\n"), exit_status::clean;
    }
    Question question;
    question.verb = "dead-letters";
    question.only_looks = true;
    question.request = request_of("purge", arguments);
    question.line = [](const Node&) {};
    question.last = [&](const Node& last) {
        if (last.find("removed") == nullptr) return;
        fmt::print("{} removed\n", counted(static_cast<std::size_t>(integer_of(last, "removed")), "dead letter"));
    };
    return ask(arguments, question);
}

int wrong(std::string_view sentence) {
    fmt::print(stderr, "sluice dead-letters: {}; see `sluice dead-letters --help`\n", sentence);
    return exit_status::usage;
}

struct Command {
    std::string_view name;
    bool places;   // takes some
    bool chooses;  // must say which ones
    int (*run)(const Arguments&);
};

constexpr Command commands[] = {
    {"ls", false, false, list}, {"show", true, true, show}, {"replay", true, true, replay}, {"purge", true, true, purge}};

po::options_description options_of(std::string_view command, const std::string& title = "Options") {
    po::options_description options(title);
    auto add = options.add_options();
    if (command != "purge") add("json", "a line of JSON for each");
    if (command == "ls") add("wide", "show ids, keys and errors in full");
    if (command != "show") {
        add("source", po::value<std::string>()->value_name("ID"),
            "those of this source, by its id, which by default is its name");
        add("key", po::value<std::string>()->value_name("KEY"), "those with this key");
    }
    if (command == "replay" || command == "purge") add("all", "all there are");
    if (command == "replay") add("no-wait", "return at once");
    if (command == "purge") {
        add("older-than", po::value<std::string>()->value_name("DURATION"), "those that died longer ago (30d)");
        add("yes", "ask nothing");
    }
    return options;
}

void print_help() {
    fmt::print("{}", help);
    for (const Command& command : commands) {
        std::ostringstream options;
        options << options_of(command.name, fmt::format("Options of {}", command.name));
        fmt::print("{}\n", options.str());
    }
    fmt::print("All take --set KEY=VALUE, which overrides a key of the file, and --help.\n");
}

}  // namespace

int dead_letters_verb(std::span<const std::string> words) {
    if (words.empty()) return wrong("say what to do: ls, show, replay or purge");
    if (words[0] == "--help" || words[0] == "-h") return print_help(), exit_status::clean;
    const auto command = std::ranges::find(commands, words[0], &Command::name);
    if (command == std::end(commands)) {
        std::vector<std::string> names;
        for (const Command& one : commands) names.emplace_back(one.name);
        return wrong(fmt::format("cannot \"{}\"{}", words[0], did_you_mean_or_list(words[0], names)));
    }
    VerbUsage usage{"dead-letters", "", help};
    usage.operands_max = command->places ? limits::control_request_bytes : 0;
    const Arguments arguments = read_arguments(usage, options_of(command->name), words.subspan(1));
    if (arguments.exit) return *arguments.exit;
    const auto given = [&](const char* name) { return arguments.values.count(name) != 0; };
    const bool chosen = given("all") || given("key") || given("source") || given("older-than");
    if (command->chooses && arguments.operands.empty() && !chosen)
        return wrong(fmt::format("say which ones to {}: their places{}", command->name,
                                 command->name == "show" ? "" : ", --all, --key or --source"));
    if (!arguments.operands.empty() && chosen) return wrong("name places, or say which ones with options, not both");
    if (given("older-than") && !parse_duration_ms(arguments.values["older-than"].as<std::string>()))
        return wrong(fmt::format("--older-than is {}", duration_form));
    return command->run(arguments);
}

}  // namespace sluice
