#include "config/print.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/component.hpp"
#include "config/settings.hpp"
#include "config/yaml/writer.hpp"
#include "text/units.hpp"

namespace sluice {
namespace {

constexpr std::string_view mask = "********";

template <typename Texts>
std::string text_list(const Texts& texts) {
    std::string list;
    for (const auto& text : texts) list += (list.empty() ? "" : ", ") + yaml_scalar(std::string(text));
    return "[" + list + "]";
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
    out.text("plugin", component.plugin);
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
void print_settings(YamlWriter& out, const PoolConfig& pool) {
    std::string_view last = "handler";  // printed with the component
    for (const Setting<PoolConfig>& setting : pool_settings()) {
        if (setting.map == last || setting.map == "handler") continue;
        last = setting.map;
        if (last.empty()) {
            out.raw(setting.key, setting.text(pool));
            last = "handler";
            continue;
        }
        std::string text = settings_text(pool_settings(), last, pool);
        if (last == "queue") text += ", when_full: " + when_full(pool.when_full);
        out.raw(last, "{ " + text + " }");
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
    print_settings(out, pool);
    out.begin_map("handler");
    if (pool.timeout_ms != 0) out.raw("timeout", format_duration(pool.timeout_ms));  // otherwise there is none
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
        if constexpr (requires { entry.id; }) out.text("id", entry.id);
        print_component(out, entry.component);
        out.end_map();
    }
    out.end_map();
}

void print_log(YamlWriter& out, const LogConfig& log) {
    out.begin_map("log");
    out.raw("level", log.level);
    out.raw("format", log.json ? "json" : "text");
    if (!log.levels.empty()) {
        out.begin_map("levels");
        for (const auto& [component, level] : log.levels) out.raw(component, level);
        out.end_map();
    }
    out.end_map();
}

void print_dead_letters(YamlWriter& out, const HostConfig& config) {
    const RateConfig& rate = config.dead_letter_rate;
    if (config.dead_letter_target.empty() && rate.count == 0) return;
    out.begin_map("dead_letters");
    if (!config.dead_letter_target.empty()) out.text("target", config.dead_letter_target);
    if (rate.count != 0) out.raw("max_rate", format_rate(rate.count, rate.period.count()));
    out.end_map();
}

}  // namespace

std::string print_config(const HostConfig& config) {
    YamlWriter out;
    out.text("name", config.name);
    out.text("state_dir", config.state_dir.string());
    std::vector<std::string> folders;
    for (const auto& folder : config.plugin_path) folders.push_back(folder.string());
    out.raw("plugin_path", text_list(folders));
    if (config.memory_limit != 0) out.raw("memory_limit", format_size(config.memory_limit));
    print_section(out, "sources", config.sources);
    print_section(out, "databases", config.databases);
    print_section(out, "targets", config.targets);
    out.begin_map("pools");
    for (const PoolConfig& pool : config.pools) print_pool(out, pool, config);
    out.end_map();
    print_dead_letters(out, config);
    for (const std::string_view map : {"statistics", "shutdown"})
        out.raw(map, "{ " + settings_text(host_settings(), map, config) + " }");
    print_log(out, config.log);
    return out.result();
}

}  // namespace sluice
