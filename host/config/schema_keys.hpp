// The host's own keys with their types.
//
//   shape      what may stand there, separated by commas: text, path, paths, duration, size, boolean, rate, map (anything
//              below), a range of integers 1..256, a map of such <1..256>, choices a|b. Keys below make it a map too.
//   required   ends in "!"
#pragma once

#include <span>
#include <string_view>

namespace sluice {

struct SchemaKey {
    std::string_view path;
    std::string_view shape;
    std::string_view help;
};

// A key stands behind the one above it.
std::span<const SchemaKey> config_schema_keys();

}  // namespace sluice
