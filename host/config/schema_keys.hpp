// The host's own keys with their types.
//
//   shape      what may stand there: text, path, paths, duration, size, boolean, rate, map (anything below), a range of
//              integers 1..256, a map of such <1..256>, choices a|b. Keys below make it a map too. Durations and sizes have
//              their range behind a blank: "duration 10ms..1d".
//   required   ends in "!"
#pragma once

#include <span>
#include <string_view>

namespace sluice {

struct SchemaKey {
    std::string_view path;
    std::string_view shape;
    std::string_view help;           // Markdown: a line of the reference page
    std::string_view fallback = {};  // the default: `5`, or in words; empty: none
    bool reloads = false;            // a running host takes over a change of it, and of what is below it
};

// A key stands behind the one above it.
std::span<const SchemaKey> config_schema_keys();

}  // namespace sluice
