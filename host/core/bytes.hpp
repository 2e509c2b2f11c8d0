// Bytes as the plugin ABI hands them over, as the standard library has them.
#pragma once

#include <cstddef>
#include <string_view>

#include "sluice/abi.h"

namespace sluice {

// For as long as the bytes stay where they are.
inline std::string_view view_of(const sluice_bytes& bytes) {
    return {bytes.data, static_cast<std::size_t>(bytes.size)};
}

}  // namespace sluice
