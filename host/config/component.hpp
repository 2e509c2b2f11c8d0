// The part of the configuration that every plugin instance has: its name, its plugin, its options.
#pragma once

#include <string>
#include <string_view>

#include "config/config.hpp"
#include "config/map_reader.hpp"

namespace sluice {

// Takes `plugin` and `config`, and as options everything `map` was not asked for before. Ends the reading of `map`.
ComponentConfig read_component(MapReader& map, const std::string& name);

// True for the keys beside a plugin's options: an option of the same name is reached through `config:` only.
bool is_component_key(std::string_view name);

// A problem at `map` if a name could not be a folder or a log's prefix.
void check_name(MapReader& map, const std::string& name, std::string_view what);

}  // namespace sluice
