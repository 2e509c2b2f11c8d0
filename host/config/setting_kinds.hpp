// How values of each kind are read and written: what the rows of the tables of settings are made of.
//
//   whole<Section, &Section::member, least, most>(map, key, help)
//
// Threads      any; no state.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "config/settings.hpp"
#include "config/yaml/writer.hpp"
#include "text/units.hpp"

namespace sluice::setting_kinds {

inline constexpr std::int64_t day_ms = 24 * 3'600'000;

template <typename Section, auto member, std::int64_t least, std::int64_t most>
Setting<Section> whole(std::string_view map, std::string_view key, std::string_view help) {
    return {map,
            key,
            fmt::format("{}..{}", least, most),
            help,
            [](MapReader& in, std::string_view name, Section& section) {
                auto& value = section.*member;
                value = static_cast<std::remove_reference_t<decltype(value)>>(in.integer(name, value, {least, most}));
            },
            [](const Section& section) { return std::to_string(section.*member); }};
}

template <typename Section, auto member, std::int64_t least, std::int64_t most>
Setting<Section> size(std::string_view map, std::string_view key, std::string_view help) {
    return {map,
            key,
            fmt::format("size {}..{}", format_size(least), format_size(most)),
            help,
            [](MapReader& in, std::string_view name, Section& section) {
                section.*member = in.size(name, section.*member, {least, most});
            },
            [](const Section& section) { return format_size(section.*member); }};
}

// The member is a number of milliseconds or Milliseconds. Where `least` is not 0, 0 is no value: there is none by default.
template <typename Section, auto member, std::int64_t least_ms, std::int64_t most_ms>
Setting<Section> duration(std::string_view map, std::string_view key, std::string_view help) {
    return {map,
            key,
            fmt::format("duration {}..{}", format_duration(least_ms), format_duration(most_ms)),
            help,
            [](MapReader& in, std::string_view name, Section& section) {
                auto& value = section.*member;
                const Milliseconds read = in.duration(name, Milliseconds(value), {least_ms, most_ms});
                if constexpr (requires { value.count(); })
                    value = read;
                else
                    value = read.count();
            },
            [](const Section& section) {
                const std::int64_t ms = Milliseconds(section.*member).count();
                return ms < least_ms ? std::string() : format_duration(ms);
            }};
}

// One of the words of `choices`, an array of Choice.
template <typename Section, auto member, const auto& choices>
Setting<Section> word(std::string_view map, std::string_view key, std::string_view help) {
    std::string shape;
    for (const auto& choice : choices) shape += (shape.empty() ? "" : "|") + std::string(choice.name);
    return {map,
            key,
            shape,
            help,
            [](MapReader& in, std::string_view name, Section& section) {
                section.*member = in.choice(name, section.*member, choices);
            },
            [](const Section& section) {
                for (const auto& choice : choices)
                    if (choice.value == section.*member) return std::string(choice.name);
                return std::string();
            }};
}

template <typename Section, auto member>
Setting<Section> text(std::string_view map, std::string_view key, std::string_view help) {
    return {map,
            key,
            "text",
            help,
            [](MapReader& in, std::string_view name, Section& section) { section.*member = in.text(name, section.*member); },
            [](const Section& section) { return (section.*member).empty() ? std::string() : yaml_scalar(section.*member); }};
}

// Relative to the folder of the configuration.
template <typename Section, auto member>
Setting<Section> path(std::string_view map, std::string_view key, std::string_view help) {
    return {map,
            key,
            "path",
            help,
            [](MapReader& in, std::string_view name, Section& section) {
                section.*member = in.reading().absolute(in.text(name, (section.*member).string()));
            },
            [](const Section& section) { return yaml_scalar((section.*member).string()); }};
}

// The same row, with what only few have.
template <typename Section>
Setting<Section> by_default(std::string_view fallback, Setting<Section> setting) {
    setting.fallback = fallback;
    return setting;
}
template <typename Section>
Setting<Section> reloads(Setting<Section> setting) {
    setting.reloads = true;
    return setting;
}

}  // namespace sluice::setting_kinds
