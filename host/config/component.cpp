#include "config/component.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "config/settings.hpp"
#include "core/limits.hpp"

namespace sluice {
namespace {

constexpr std::string_view name_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// A map `config:` is the same as options inline, but an option is given once.
void add_options(MapReader& map, Node& options, const Node* config) {
    if (config == nullptr || config->kind == Node::Kind::null) return;
    if (config->kind != Node::Kind::map) {
        map.problem(*config, "must be a map of the plugin's options");
        return;
    }
    std::map<std::string, std::string> inline_options;  // name -> place
    for (const NodeEntry& entry : options.map) inline_options.emplace(entry.name, entry.value.mark.where);
    for (const NodeEntry& entry : config->map) {
        const auto inline_option = inline_options.find(entry.name);
        if (inline_option != inline_options.end())
            map.reading().problems.add(
                entry.mark, entry.value.path,
                fmt::format("the same option stands beside \"config\", at {}; keep one", inline_option->second));
        else
            options.map.push_back(entry);
    }
}

}  // namespace

bool is_component_key(std::string_view name) {
    const auto is_it = [&](const auto& setting) { return setting.key == name; };
    return std::ranges::any_of(component_settings(), is_it) || std::ranges::any_of(source_settings(), is_it) ||
           std::ranges::any_of(pool_settings(), [&](const auto& one) { return one.map == "handler" && is_it(one); }) ||
           name == "sha256" || name == "on_hang";  // refused there by name
}

void check_name(MapReader& map, const std::string& name, std::string_view what) {
    if (!name.empty() && name.size() <= limits::config_name_bytes && name.find_first_not_of(name_letters) == std::string::npos)
        return;
    map.reading().problems.add(
        map.mark(), map.path(),
        fmt::format("the name of a {} is made of 1 to {} letters, digits, \"-\" and \"_\"", what, limits::config_name_bytes));
}

ComponentConfig read_component(MapReader& map, const std::string& name) {
    ComponentConfig component;
    component.name = name;
    component.path = map.path();
    component.mark = map.mark();
    read_settings(component_settings(), "", map, component);
    map.not_yet("sha256", "does not pin the content of plugins; leave the key out");
    const Node* config = map.find("config");

    component.options.kind = Node::Kind::map;
    component.options.mark = map.mark();
    component.options.set_path(map.path());
    for (const NodeEntry* entry : map.rest()) component.options.map.push_back(*entry);
    add_options(map, component.options, config);
    return component;
}

}  // namespace sluice
