// The keys of a configuration, a table per section and a row per key: reading, `check --print`, what a reload says has changed
// and whether it may take it over, the JSON Schema and the tables of docs/reference/configuration.md follow from it. A new
// setting is a row and the member that it fills; what depends on other settings is checked where the section is read.
//
// What is no row, and why: `sources`, `databases`, `targets` and `pools` are maps of sections, each printed by its own rows.
// The source of a pool is an index, its text a name. `route`, `missing_key` and `when_full` are one decision each that several
// keys or forms say together, within the number of workers; `when` has no keys of its own. What options a component has its
// plugin's manifest says. These are read by hand, and stand in schema_keys.cpp with their help.
//
// Threads      any; constant.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "config/config.hpp"
#include "config/map_reader.hpp"

namespace sluice {

template <typename Section>
struct Setting {
    std::string_view map;  // the map of the section that it stands in: "retry"; empty: the section itself
    std::string_view key;
    std::string shape;      // as SchemaKey::shape
    std::string_view help;  // as the reference page says it
    // Its value there; absent or broken, what the member holds by then.
    void (*read)(MapReader& map, std::string_view key, Section& section);
    // As YAML. Empty: there is none, and it is not printed.
    std::string (*text)(const Section& section);
    std::string_view fallback = {};  // the default in words, where it is not what a new section holds
    bool reloads = false;            // a running host takes a change over; all that stands in a pool it does
};

// The section itself: the host's, with the maps dead_letters, statistics and shutdown.
std::span<const Setting<HostConfig>> host_settings();
std::span<const Setting<LogOptions>> log_settings();
// What sources, databases, targets and handlers have in common.
std::span<const Setting<ComponentConfig>> component_settings();
std::span<const Setting<SourceConfig>> source_settings();
std::span<const Setting<PoolConfig>> pool_settings();

// All that stand in `map`, which is what `in` reads.
template <typename Section>
void read_settings(std::span<const Setting<Section>> settings, std::string_view map, MapReader& in, Section& section) {
    for (const Setting<Section>& setting : settings)
        if (setting.map == map) setting.read(in, setting.key, section);
}

// "attempts: 5, backoff: 100ms, backoff_max: 30s"
template <typename Section>
std::string settings_text(std::span<const Setting<Section>> settings, std::string_view map, const Section& section) {
    std::string text;
    for (const Setting<Section>& setting : settings) {
        const std::string value = setting.map == map ? setting.text(section) : std::string();
        if (!value.empty()) text += (text.empty() ? "" : ", ") + std::string(setting.key) + ": " + value;
    }
    return text;
}

}  // namespace sluice
