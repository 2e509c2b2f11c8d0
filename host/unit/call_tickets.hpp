// The tickets of a handler's call under way: one, or in a batch as many as it has messages, one behind the other.
//
// Threads      begin, end: whoever runs the worker. The rest: any; a plugin may ask with an old ticket from a thread of its
//              own.
// Ordering     end() takes the first ticket away before the count goes back to one, and begin() gives the count before the
//              first: who sees a first ticket may see the count of another call with it, but then the call is about to begin or
//              has just ended, and whoever asks about it from outside cannot tell anyway.
#pragma once

#include <atomic>
#include <cstdint>

#include "sluice/message.h"

namespace sluice {

class CallTickets {
public:
    // (W) release: what is stored before is seen by whoever sees the ticket in first(), (R).
    void begin(sluice_ticket ticket) { first_.store(ticket, std::memory_order_release); }
    void begin_batch(sluice_ticket first, std::uint32_t count) {
        is_batch_.store(true, std::memory_order_relaxed);
        count_.store(count, std::memory_order_relaxed);
        begin(first);
    }
    void end() { first_.store(0, std::memory_order_release); }
    void end_batch() {
        end();
        count_.store(1, std::memory_order_relaxed);
        is_batch_.store(false, std::memory_order_relaxed);
    }

    // 0 = no call is under way.
    sluice_ticket first() const { return first_.load(std::memory_order_acquire); }  // (R)
    bool is_batch() const { return is_batch_.load(std::memory_order_relaxed); }
    bool any() const { return first_.load(std::memory_order_relaxed) != 0; }
    bool has(sluice_ticket ticket) const {
        const sluice_ticket first = this->first();
        return first != 0 && ticket - first < count_.load(std::memory_order_relaxed);
    }

private:
    std::atomic<sluice_ticket> first_{0};
    std::atomic<std::uint32_t> count_{1};
    std::atomic<bool> is_batch_{false};  // of one message, too
};

}  // namespace sluice
