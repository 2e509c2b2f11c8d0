// `--set pools.airports.workers=4`: one value put into the tree from the command line.
//
// The path is made of keys with dots between them; a key that has dots itself stands between double quotes
// (log.levels."sources.flights"), a number names an entry of a list. Maps that are missing are made. The value is YAML.
#pragma once

#include <cstdint>
#include <string_view>

#include "text/node.hpp"
#include "text/problems.hpp"

namespace sluice {

// `index` is the place among the overrides: later ones win, and problems are shown in that order, behind those of the file.
void apply_override(Node& root, std::string_view argument, std::uint32_t index, Problems& problems);

}  // namespace sluice
