// The time that is stored: Unix time in milliseconds. It may jump; nothing that must not be lost depends on it.
//
// Limits  a time that would lie beyond the last one is the last one: a delay may be any number, and must never end in the past.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>

namespace sluice::sqlite {

inline std::int64_t unix_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

// When something is due that waits so long from now on.
constexpr std::int64_t due_after(std::int64_t now_ms, std::int64_t delay_ms) {
    std::int64_t due_ms = 0;
    return __builtin_add_overflow(now_ms, delay_ms, &due_ms) ? std::numeric_limits<std::int64_t>::max() : due_ms;
}

}  // namespace sluice::sqlite
