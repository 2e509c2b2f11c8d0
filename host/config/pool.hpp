// One pool: everything below pools.NAME.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "config/config.hpp"
#include "config/map_reader.hpp"

namespace sluice {

// Index of the source of a pool whose `source` is wrong.
inline constexpr std::uint32_t no_source = 0xffff'ffff;

// `source_names` in the order of HostConfig::sources.
PoolConfig read_pool(MapReader& map, const std::string& name, std::span<const std::string> source_names);

}  // namespace sluice
