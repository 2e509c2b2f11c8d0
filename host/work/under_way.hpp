// What a worker is doing, for others to see while it is inside a handler, and whose what waits at it is meanwhile.
//
// Threads      written by whoever runs the worker; read by any.
// Ordering     no message leaves the worker while its backlog is locked (OwnerLock), so the one in the handler stays as it is
//              for as long.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "core/message.hpp"
#include "work/owner_lock.hpp"

namespace sluice {

struct UnderWay {
    OwnerLock lock;                                // the backlog
    std::atomic<const Message*> message{nullptr};  // in the handler now
    std::atomic<std::int64_t> unit_since_ns{0};    // when the unit of work that runs now was begun; 0 = none runs

    // The message in the handler, in words; empty if there is none. While the backlog is locked.
    std::string describe_message() const;
};

}  // namespace sluice
