// A component of a plugin, loaded and greeted as a host does it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

#include "sized.hpp"
#include "sluice/sluice.h"

namespace sluice::contract {

// Its table; throws std::runtime_error with what went wrong. Libraries stay loaded.
const void* load_table(const std::string& plugin, std::uint32_t kind, const std::string& component, const Sizes& sizes);

template <typename Table>
Table whole_table(const void* given) {
    Table table{};
    std::uint32_t size = 0;
    std::memcpy(&size, given, sizeof size);
    std::memcpy(&table, given, std::min<std::size_t>(size, sizeof table));
    return table;
}

}  // namespace sluice::contract
