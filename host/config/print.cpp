#include "config/print.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "config/component.hpp"
#include "config/settings.hpp"
#include "config/yaml/reader.hpp"
#include "config/yaml/writer.hpp"
#include "text/units.hpp"

namespace sluice {
namespace {

constexpr std::string_view mask = "********";

// What stands in one map, or in the section itself, one line for each value; a value that is a map itself has a line per entry.
template <typename Section>
void print_lines(YamlWriter& out, std::span<const Setting<Section>> settings, std::string_view map, const Section& section) {
    for (const Setting<Section>& setting : settings) {
        const std::string text = setting.map == map ? setting.text(section) : std::string();
        Problems problems;
        if (text.starts_with('{'))
            out.node(setting.key, read_yaml_value(text, {}, problems).value_or(Node{}));
        else if (!text.empty())
            out.raw(setting.key, text);
    }
}

// The same as a map of lines; left out if there is none.
template <typename Section>
void print_block(YamlWriter& out, std::string_view name, std::span<const Setting<Section>> settings, std::string_view map,
                 const Section& section) {
    if (settings_text(settings, map, section).empty()) return;
    out.begin_map(name);
    print_lines(out, settings, map, section);
    out.end_map();
}

// "retry: { attempts: 5, backoff: 100ms, backoff_max: 30s }"; `more` is what the map has besides.
template <typename Section>
void print_map(YamlWriter& out, std::span<const Setting<Section>> settings, std::string_view map, const Section& section,
               std::string_view more = {}) {
    out.raw(map, fmt::format("{{ {}{} }}", settings_text(settings, map, section), more));
}

void print_options(YamlWriter& out, const Node& options) {
    for (const NodeEntry& option : options.map) {
        if (!option.value.read_from.empty())
            out.text(option.name + "_file", option.value.read_from);
        else if (option.value.secret)
            out.text(option.name, mask);
        else
            out.node(option.name, option.value);
    }
}

// The keys of a component inside a map that has begun.
void print_component(YamlWriter& out, const ComponentConfig& component) {
    print_lines(out, component_settings(), "", component);
    const auto& options = component.options.map;
    if (std::none_of(options.begin(), options.end(), [](const NodeEntry& option) { return is_component_key(option.name); }))
        return print_options(out, component.options);
    out.begin_map("config");
    print_options(out, component.options);
    out.end_map();
}

void print_route(YamlWriter& out, const RouteConfig& route) {
    out.begin_map("route");
    switch (route.by) {
        case RouteBy::round_robin: out.raw("by", "round_robin"); break;
        case RouteBy::least_loaded: out.raw("by", "least_loaded"); break;
        case RouteBy::id: out.raw("key", "id"); break;
        case RouteBy::body: out.raw("key", "body"); break;
        case RouteBy::message_key: out.raw("key", "message_key"); break;
        case RouteBy::header: out.text("key", "header:" + route.key); break;
        case RouteBy::pointer: out.text("key", route.key); break;
    }
    if (route.by != RouteBy::round_robin && route.by != RouteBy::least_loaded)
        out.raw("rebalance", route.rebalance ? "true" : "false");
    if (!route.workers.empty()) {
        out.begin_map("workers");
        for (const auto& [key, worker] : route.workers) out.raw(key, std::to_string(worker));
        out.end_map();
    }
    out.end_map();
}

std::string missing_key(const MissingKey& missing) {
    switch (missing.then) {
        case MissingKey::Then::round_robin: return "round_robin";
        case MissingKey::Then::dead_letter: return "dead_letter";
        case MissingKey::Then::worker: break;
    }
    return fmt::format("{{ worker: {} }}", missing.worker);
}

std::string when_full(const WhenFull& policy) {
    switch (policy.then) {
        case WhenFull::Then::overflow: return fmt::format("{{ overflow: {} }}", policy.overflow);
        case WhenFull::Then::release: return fmt::format("{{ timeout: {} }}", format_duration(policy.timeout_ms));
        case WhenFull::Then::drop_dead_letter: return "{ drop: dead_letter }";
        case WhenFull::Then::drop_count: return "{ drop: count }";
        case WhenFull::Then::block: break;
    }
    return "block";
}

// In the order of their rows, each map where its first one stands.
void print_policies(YamlWriter& out, const PoolConfig& pool) {
    std::string_view last = "handler";  // printed with the component
    for (const Setting<PoolConfig>& setting : pool_settings()) {
        const bool is_new = setting.map != last && setting.map != "handler";
        if (setting.map.empty()) {
            if (const std::string text = setting.text(pool); !text.empty()) out.raw(setting.key, text);
        } else if (is_new) {
            print_map(out, pool_settings(), setting.map, pool,
                      setting.map == "queue" ? ", when_full: " + when_full(pool.when_full) : std::string());
        }
        last = setting.map;
    }
}

void print_pool(YamlWriter& out, const PoolConfig& pool, const HostConfig& config) {
    out.begin_map(pool.name);
    out.text("source", config.sources[pool.source].component.name);
    if (!pool.when.empty()) {
        out.begin_map("when");
        for (const auto& [pointer, value] : pool.when) out.text(pointer, value);
        out.end_map();
    }
    print_route(out, pool.route);
    out.raw("missing_key", missing_key(pool.missing_key));
    print_policies(out, pool);
    out.begin_map("handler");
    print_lines(out, pool_settings(), "handler", pool);
    print_component(out, pool.handler);
    out.end_map();
    out.end_map();
}

template <typename Component>
void print_section(YamlWriter& out, std::string_view section, const std::vector<Component>& components) {
    if (components.empty()) return;
    out.begin_map(section);
    for (const Component& entry : components) {
        out.begin_map(entry.component.name);
        if constexpr (std::is_same_v<Component, SourceConfig>) print_lines(out, source_settings(), "", entry);
        print_component(out, entry.component);
        out.end_map();
    }
    out.end_map();
}

}  // namespace

std::string print_config(const HostConfig& config) {
    YamlWriter out;
    print_lines(out, host_settings(), "", config);
    print_section(out, "sources", config.sources);
    print_section(out, "databases", config.databases);
    print_section(out, "targets", config.targets);
    out.begin_map("pools");
    for (const PoolConfig& pool : config.pools) print_pool(out, pool, config);
    out.end_map();
    print_block(out, "dead_letters", host_settings(), "dead_letters", config);
    for (const std::string_view map : {"statistics", "shutdown"}) print_map(out, host_settings(), map, config);
    print_block(out, "log", log_settings(), "", config.log);
    return out.result();
}

}  // namespace sluice
