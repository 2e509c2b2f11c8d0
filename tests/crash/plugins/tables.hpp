// The tables of a real plugin with faults in them. A member that the real table lacks stays absent.
#pragma once

#include <algorithm>
#include <cstring>
#include <string_view>

#include "sluice/sluice.h"

namespace faulty {

const void* faulty_handler(const sluice_handler& real);
const void* faulty_queue(const sluice_queue& real);
const void* faulty_database(const sluice_database& real);

template <typename Table>
Table copy_of(const Table& real) {
    Table copy{};
    std::memcpy(&copy, &real, std::min<std::size_t>(real.struct_size, sizeof copy));
    return copy;
}

inline std::string_view view(sluice_bytes bytes) {
    return {bytes.data, bytes.size};
}

}  // namespace faulty
