#include "config/override.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include "config/yaml/reader.hpp"
#include "core/limits.hpp"

namespace sluice {
namespace {

struct Assignment {
    std::vector<std::string> keys;
    std::string_view path;
    std::string_view value;
};

// Nothing if the argument is not KEY[.KEY...]=VALUE.
std::optional<Assignment> split(std::string_view argument) {
    Assignment assignment;
    std::string key;
    bool quoted = false, any = false;
    for (std::size_t i = 0; i < argument.size(); ++i) {
        const char letter = argument[i];
        if (letter == '"') {
            quoted = !quoted;
            any = true;
        } else if (!quoted && (letter == '.' || letter == '=')) {
            if (!any) return std::nullopt;
            assignment.keys.push_back(std::move(key));
            key.clear();
            any = false;
            if (letter == '.') continue;
            assignment.path = argument.substr(0, i);
            assignment.value = argument.substr(i + 1);
            return assignment;
        } else {
            key += letter;
            any = true;
        }
    }
    return std::nullopt;
}

Node* entry_of_list(Node& list, const std::string& key) {
    std::size_t index = 0;
    const auto [end, failure] = std::from_chars(key.data(), key.data() + key.size(), index);
    const bool fits = failure == std::errc() && end == key.data() + key.size() && index < list.list.size();
    return fits ? &list.list[index] : nullptr;
}

}  // namespace

void apply_override(Node& root, std::string_view argument, std::uint32_t index, Problems& problems) {
    Mark mark{fmt::format("--set {}", argument), Mark::no_line, index};
    const std::optional<Assignment> assignment = split(argument);
    if (!assignment || assignment->keys.size() > limits::config_depth) {
        problems.add(mark, "", "write KEY=VALUE, for example --set pools.airports.workers=4");
        return;
    }
    mark.where = fmt::format("--set {}", assignment->path);
    // In YAML a lone dash is a list of nothing; on a command line it is standard input.
    const std::string_view written = assignment->value == "-" ? "\"-\"" : assignment->value;
    std::optional<Node> value = read_yaml_value(written, mark, problems);
    if (!value) return;
    value->mark = mark;

    Node* at = &root;
    std::string walked;
    for (const std::string& key : assignment->keys) {
        if (at->kind == Node::Kind::null) {
            at->kind = Node::Kind::map;
            at->mark = mark;
        }
        Node* next = nullptr;
        if (at->kind == Node::Kind::map) {
            next = at->find(key);
            if (next == nullptr) next = &at->map.emplace_back(NodeEntry{key, mark, {}}).value;
        } else if (at->kind == Node::Kind::list) {
            next = entry_of_list(*at, key);
            if (next == nullptr) {
                problems.add(mark, "",
                             fmt::format("{} is a list of {}; name an entry by its number, from 0", walked, at->list.size()));
                return;
            }
        } else {
            problems.add(mark, "", fmt::format("{} is not a map, so it has no key \"{}\"", walked, key));
            return;
        }
        at = next;
        walked += (walked.empty() ? "" : ".") + key;
    }
    *at = std::move(*value);
}

}  // namespace sluice
