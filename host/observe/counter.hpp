// A number with one writer that anybody may read.
//
// Threads  add, raise_to: one thread at a time (whoever takes over the writing synchronises with the last writer by other
//          means).
//          load: any.
// Cost     A plain load and store: no locked instruction, since nobody else writes.
//
// (W) release in add pairs with (R) acquire in load: who sees a count also sees every count that was made before it. Relaxed
// would let a reader see a message acked that it does not yet see received.
#pragma once

#include <atomic>
#include <cstdint>

namespace sluice {

class Counter {
public:
    void add(std::uint64_t count = 1) {
        value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_release);  // (W)
    }
    void raise_to(std::uint64_t value) {
        if (value > value_.load(std::memory_order_relaxed)) value_.store(value, std::memory_order_release);  // (W)
    }
    std::uint64_t load() const { return value_.load(std::memory_order_acquire); }  // (R)

private:
    std::atomic<std::uint64_t> value_{0};
};

}  // namespace sluice
