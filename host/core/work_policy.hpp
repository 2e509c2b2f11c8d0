// What all workers of a pool do alike: as the configuration reads it (PoolConfig is one) and as workers go by it. Constant
// while they exist.
#pragma once

#include <cstdint>

namespace sluice {

struct WorkPolicy {
    std::uint32_t queue_capacity = 1000;
    std::uint64_t queue_bytes = 16u << 20;
    std::uint32_t batch_max = 64;
    std::int64_t batch_time_ms = 50;  // spent in handlers: then a unit of work takes no further message
    bool keep_order = true;           // messages of a key one after the other; false: a failed one waits alone
    std::uint32_t attempts = 5;
    std::int64_t backoff_ms = 100;
    std::int64_t backoff_max_ms = 30'000;
    bool park = true;                     // false: a failed message is a dead letter at once
    std::uint32_t park_limit = 125;       // messages per key
    bool park_full_dead_letters = false;  // else the worker waits
    std::uint32_t crash_attempts = 3;     // ends of the process inside a message's handler; then it is a dead letter
    std::int64_t timeout_ms = 0;          // of a call of the handler; 0 = none
    std::int64_t warn_at_ms = 0;          // since a message was received: then it is named; 0 = never
    bool exit_on_hang = false;            // the host ends if a call still runs after twice its timeout
};

}  // namespace sluice
