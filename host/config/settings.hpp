// The settings that are one value each, a row per setting: reading, `check --print`, what a reload says has changed, the JSON
// Schema and the test of docs/reference/configuration.md follow from it. A new setting is a row and the member that it fills;
// what depends on other settings is checked where the section is read.
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
    std::string_view help;  // one line, for editors
    std::string shape;      // as SchemaKey::shape
    // Its value there; absent or broken, what the member holds by then.
    void (*read)(MapReader& map, std::string_view key, Section& section);
    std::string (*text)(const Section& section);  // as YAML
};

std::span<const Setting<PoolConfig>> pool_settings();
// Those of the maps `statistics` and `shutdown`.
std::span<const Setting<HostConfig>> host_settings();

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
    for (const Setting<Section>& setting : settings)
        if (setting.map == map) text += (text.empty() ? "" : ", ") + std::string(setting.key) + ": " + setting.text(section);
    return text;
}

}  // namespace sluice
