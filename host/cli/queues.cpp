// `sluice queues FILE`: how full is each queue that can tell?
#include <fmt/format.h>

#include <cstdio>

#include "cli/arguments.hpp"
#include "cli/node_json.hpp"
#include "cli/service.hpp"
#include "cli/table.hpp"
#include "cli/verbs.hpp"
#include "text/json_read.hpp"
#include "text/units.hpp"

namespace sluice {
namespace {

namespace po = boost::program_options;

constexpr VerbUsage queues_usage{
    "queues", "FILE [--json] [--set KEY=VALUE]...",
    "Shows how full the sources, targets and dead letters of the configuration FILE are, of those whose plugin can tell:\n"
    "messages that are ready, delayed, in flight and dead, the age of the oldest that is not dead, bytes and bounds.\n"
    "Asks the running host; if none runs, opens the queues itself."};

std::string number(const Node& line, std::string_view name) {
    const Node* node = line.find(name);
    return node == nullptr ? "" : node->text;
}

std::string rough_size(std::uint64_t bytes) {
    static constexpr const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; value >= 1024 && unit + 1 < std::size(units); ++unit) value /= 1024;
    return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, units[unit]);
}

TableRow row_of(const Node& line) {
    std::string queue = std::string(text_of(line, "role")) + " " + std::string(text_of(line, "name"));
    if (text_of(line, "role") == "dead_letters") queue = "dead letters";
    if (line.find("ready") == nullptr) {
        const std::string_view error = text_of(line, "error");
        return {std::move(queue), "", "", "", "", "", "", error.empty() ? "its plugin cannot tell" : cut_to(error, 120)};
    }
    const Node* age = line.find("oldest_age_ms");
    std::string bounds;
    if (line.find("messages_max") != nullptr) bounds = fmt::format("at most {} messages", number(line, "messages_max"));
    if (line.find("bytes_max") != nullptr)
        bounds += fmt::format("{}at most {}", bounds.empty() ? "" : ", ",
                              rough_size(static_cast<std::uint64_t>(integer_of(line, "bytes_max"))));
    return {std::move(queue),
            number(line, "ready"),
            number(line, "delayed"),
            number(line, "in_flight"),
            number(line, "dead"),
            age == nullptr ? "" : shown_age(age->integer),
            rough_size(static_cast<std::uint64_t>(integer_of(line, "bytes"))),
            std::move(bounds)};
}

}  // namespace

int queues_verb(std::span<const std::string> words) {
    po::options_description options("Options");
    options.add_options()("json", "a line of JSON for each queue");
    const Arguments arguments = read_arguments(queues_usage, options, words);
    if (arguments.exit) return *arguments.exit;
    const bool json = arguments.values.count("json") != 0;
    std::vector<TableRow> rows{{"QUEUE", "READY", "DELAYED", "IN FLIGHT", "DEAD", "OLDEST", "SIZE", ""}};
    Question question;
    question.verb = "queues";
    question.only_looks = true;
    question.request = R"({"verb":"queues"})";
    question.line = [&](const Node& line) {
        if (json)
            fmt::print("{}\n", to_json(line));
        else
            rows.push_back(row_of(line));
    };
    question.last = [&](const Node&) {
        if (!json) fmt::print("{}", aligned(rows, {1, 2, 3, 4, 5, 6}));
    };
    return ask(arguments, question);
}

}  // namespace sluice
