// The notes that a handler with so many messages in a call gets.
#pragma once

#include <cstdint>
#include <vector>

#include "crash/poison.hpp"

namespace sluice {

inline std::vector<HandlerMark> notes(Poison& poison, std::uint32_t count) {
    std::vector<HandlerMark> made;
    for (std::uint32_t i = 0; i < count; ++i) made.push_back(poison.note("test", "p", "fake.so"));
    return made;
}

}  // namespace sluice
