// Sums of times that stop at the ends of their range: what a person or a plugin asks for may be any number, and a time that
// wrapped round would lie in the past.
//
// Threads  any; no state.
#pragma once

#include <cstdint>
#include <limits>

namespace sluice {

constexpr std::int64_t saturating_add(std::int64_t one, std::int64_t other) {
    std::int64_t sum = 0;
    if (!__builtin_add_overflow(one, other, &sum)) return sum;
    return one < 0 ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
}

constexpr std::int64_t saturating_subtract(std::int64_t from, std::int64_t what) {
    std::int64_t difference = 0;
    if (!__builtin_sub_overflow(from, what, &difference)) return difference;
    return from < 0 ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
}

}  // namespace sluice
