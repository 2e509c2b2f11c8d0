// Which message goes to which pool and worker: `when`, `route` and `missing_key` of a pool.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "config/config.hpp"
#include "config/map_reader.hpp"

namespace sluice {

// `workers`: indices below it exist.
RouteConfig read_route(MapReader& pool, std::uint32_t workers);
MissingKey read_missing_key(MapReader& pool, std::uint32_t workers);
std::vector<std::pair<std::string, std::string>> read_when(MapReader& pool);

}  // namespace sluice
