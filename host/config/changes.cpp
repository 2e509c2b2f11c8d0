#include "config/changes.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include "config/print.hpp"
#include "config/schema_keys.hpp"
#include "config/yaml/reader.hpp"
#include "text/problems.hpp"

namespace sluice {
namespace {

constexpr std::size_t longest_shown = 60;

Node tree_of(const HostConfig& config) {
    Problems problems;
    std::optional<Node> tree = read_yaml(print_config(config), "printed", problems);
    return tree ? std::move(*tree) : Node{};
}

std::string shown_short(const Node& node) {
    if (node.kind == Node::Kind::null) return "null";
    return node.is_scalar() && node.text.size() <= longest_shown && node.text.find('\n') == std::string::npos ? node.text : "";
}

bool same(const Node& a, const Node& b) {
    return a.kind == b.kind && a.text == b.text &&
           std::equal(a.list.begin(), a.list.end(), b.list.begin(), b.list.end(), same) &&
           std::equal(a.map.begin(), a.map.end(), b.map.begin(), b.map.end(),
                      [](const NodeEntry& x, const NodeEntry& y) { return x.name == y.name && same(x.value, y.value); });
}

void compare(const std::string& key, const Node& before, const Node& after, std::vector<ConfigChange>& changes) {
    if (before.kind == Node::Kind::map && after.kind == Node::Kind::map) {
        const auto below = [&](const NodeEntry& entry) { return key.empty() ? entry.name : key + "." + entry.name; };
        // A section may be absent; what is in it counts.
        Node nothing;
        nothing.kind = Node::Kind::map;
        const bool of_sections = key.empty();
        for (const NodeEntry& entry : after.map) {
            const Node* old = before.find(entry.name);
            if (old == nullptr && of_sections && entry.value.kind == Node::Kind::map) old = &nothing;
            if (old != nullptr)
                compare(below(entry), *old, entry.value, changes);
            else
                changes.push_back(
                    {below(entry), shown_short(entry.value).empty() ? "new" : "new: " + shown_short(entry.value)});
        }
        for (const NodeEntry& entry : before.map) {
            if (after.find(entry.name) != nullptr) continue;
            if (of_sections && entry.value.kind == Node::Kind::map)
                compare(below(entry), entry.value, nothing, changes);
            else
                changes.push_back({below(entry), "removed"});
        }
        return;
    }
    if (same(before, after)) return;
    const std::string from = shown_short(before), to = shown_short(after);
    changes.push_back({key, from.empty() || to.empty() ? "changed" : from + " -> " + to});
}

// Secrets look alike when they are shown.
void compare_secrets(const ComponentConfig& before, const ComponentConfig& after, std::vector<ConfigChange>& changes) {
    for (const NodeEntry& option : after.options.map) {
        const Node* old = before.options.find(option.name);
        if (old == nullptr || same(*old, option.value)) continue;
        const std::string key = after.path + "." + option.name;
        const auto is_below = [&](const ConfigChange& change) {
            return change.key.starts_with(after.path) && change.key.find("." + option.name) != std::string::npos;
        };
        if (std::none_of(changes.begin(), changes.end(), is_below)) changes.push_back({key, "changed"});
    }
}

template <typename Parts>
void compare_secrets_of(const Parts& before, const Parts& after, std::vector<ConfigChange>& changes) {
    const auto component_of = [](const auto& part) -> const ComponentConfig& {
        if constexpr (requires { part.handler; })
            return part.handler;
        else
            return part.component;
    };
    for (const auto& part : after)
        for (const auto& old : before)
            if (component_of(old).path == component_of(part).path)
                compare_secrets(component_of(old), component_of(part), changes);
}

bool is_or_is_below(std::string_view key, std::string_view path) {
    return key.starts_with(path) && (key.size() == path.size() || key[path.size()] == '.');
}

// "pools.airports", "pools.airports.workers" -> "pools.airports", "workers"; "statistics.every" -> "statistics", "every".
std::pair<std::string, std::string> cut(const std::string& key) {
    std::size_t dot = key.find('.');
    if (key.starts_with("pools.")) dot = key.find('.', dot + 1);
    return dot == std::string::npos ? std::pair{key, std::string()} : std::pair{key.substr(0, dot), key.substr(dot + 1)};
}

}  // namespace

std::vector<ConfigChange> changes_between(const HostConfig& before, const HostConfig& after) {
    std::vector<ConfigChange> changes;
    compare("", tree_of(before), tree_of(after), changes);
    compare_secrets_of(before.sources, after.sources, changes);
    compare_secrets_of(before.databases, after.databases, changes);
    compare_secrets_of(before.targets, after.targets, changes);
    compare_secrets_of(before.pools, after.pools, changes);
    // The first pool whose conditions hold takes a message: their order says something too.
    const bool same_pools =
        std::is_permutation(before.pools.begin(), before.pools.end(), after.pools.begin(), after.pools.end(),
                            [](const PoolConfig& a, const PoolConfig& b) { return a.name == b.name; });
    const bool same_order = std::equal(before.pools.begin(), before.pools.end(), after.pools.begin(), after.pools.end(),
                                       [](const PoolConfig& a, const PoolConfig& b) { return a.name == b.name; });
    if (same_pools && !same_order) changes.push_back({"pools", "in another order"});
    return changes;
}

bool is_reloadable(const ConfigChange& change) {
    return std::ranges::any_of(config_schema_keys(),
                               [&](const SchemaKey& key) { return key.reloads && is_or_is_below(change.key, key.path); });
}

std::string spoken(const std::vector<ConfigChange>& changes) {
    std::string text, last;
    for (const ConfigChange& change : changes) {
        const auto [part, key] = cut(change.key);
        if (text.empty() || part != last)
            text += (text.empty() ? "" : "; ") + part + ":";
        else
            text += ",";
        text += " " + (key.empty() ? "" : key + " ") + change.text;
        last = part;
    }
    return text;
}

}  // namespace sluice
