// The time that is stored: Unix time in milliseconds. It may jump; nothing that must not be lost depends on it.
#pragma once

#include <chrono>
#include <cstdint>

namespace sluice::sqlite {

inline std::int64_t unix_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace sluice::sqlite
