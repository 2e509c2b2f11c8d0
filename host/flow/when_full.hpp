// What becomes of a message whose worker's queue is full: as the configuration reads it and as the dispatcher does it.
#pragma once

#include <cstdint>

namespace sluice {

struct WhenFull {
    // In this order: from `release` on, messages leave the host.
    enum class Then : std::uint8_t { block, overflow, release, drop_dead_letter, drop_count } then = Then::block;
    std::uint32_t overflow = 0;   // with Then::overflow: messages of the pool; a worker has an equal share
    std::int64_t timeout_ms = 0;  // with Then::release: after so long
};

}  // namespace sluice
