// Which versions of the plugin ABI this host speaks, and whether that is enough for a plugin.
#pragma once

#include <cstdint>
#include <string>

#include "sluice/abi.h"

namespace sluice {

struct AbiRange {
    std::uint16_t major;
    std::uint16_t minor_oldest;
    std::uint16_t minor_newest;
};

inline constexpr AbiRange host_abi{SLUICE_ABI_MAJOR, 0, SLUICE_ABI_MINOR};

// "1.0", or "1.0 to 1.3".
std::string to_string(const AbiRange& range);

// Why a host that speaks `host` cannot run a plugin that speaks `plugin` (minor_oldest: needed, minor_newest: built against):
// one clause that names both ranges and the remedy. Empty if it can.
std::string abi_mismatch(const AbiRange& plugin, const AbiRange& host = host_abi);

}  // namespace sluice
