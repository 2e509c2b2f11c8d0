// Bounded FIFO from one thread to one other: a batch is written, then published with one store.
//
// Threads   push, full: the producer. take: the consumer.
// Ordering  what happens before push() happens before the take() that hands the batch out; a place is written again only
//           after its message has been handled.
// Limits    capacity messages, a power of two.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "work.hpp"

namespace bench {

class BatchRing {
public:
    static constexpr std::uint32_t capacity = 1024;

    // Writes what there is room for; returns how many.
    std::uint32_t push(const Message* from, std::uint32_t count) {
        const std::uint32_t tail = tail_.load(std::memory_order_relaxed);
        // Acquire: the consumer is done with the places in front of head.
        const std::uint32_t room = capacity - (tail - head_.load(std::memory_order_acquire));
        count = std::min(count, room);
        for (std::uint32_t i = 0; i < count; ++i) places_[(tail + i) % capacity] = from[i];
        // seq_cst, before the producer looks whether the consumer sleeps: one of the two sees the other.
        if (count != 0) tail_.store(tail + count, std::memory_order_seq_cst);
        return count;
    }
    // Hands out what is there, up to `most`; returns how many.
    template <typename Handle>
    std::uint32_t take(std::uint32_t most, Handle handle) {
        const std::uint32_t head = head_.load(std::memory_order_relaxed);
        const std::uint32_t count = std::min(most, tail_.load(std::memory_order_seq_cst) - head);
        for (std::uint32_t i = 0; i < count; ++i) handle(places_[(head + i) % capacity]);
        if (count != 0) head_.store(head + count, std::memory_order_release);
        return count;
    }
    bool empty() const { return tail_.load(std::memory_order_seq_cst) == head_.load(std::memory_order_relaxed); }

private:
    alignas(64) std::atomic<std::uint32_t> head_{0};
    alignas(64) std::atomic<std::uint32_t> tail_{0};
    alignas(64) std::vector<Message> places_ = std::vector<Message>(capacity);
};

// Where a consumer sleeps when there is nothing to do: ring() costs a load while it is awake.
class Bell {
public:
    void ring() {
        if (!asleep_.load(std::memory_order_seq_cst)) return;
        rung_.fetch_add(1, std::memory_order_seq_cst);
        rung_.notify_one();
    }
    // Yields for `yield_ns` first: cheap as long as the thread was running anyway. `has_work` looks with sequential
    // consistency.
    template <typename HasWork>
    void wait(std::int64_t yield_ns, HasWork has_work) {
        if (yield_ns != 0) {
            const std::int64_t end = now_ns() + yield_ns;
            while (now_ns() < end) {
                if (has_work()) return;
                ::sched_yield();
            }
        }
        const std::uint32_t before = rung_.load(std::memory_order_seq_cst);
        asleep_.store(true, std::memory_order_seq_cst);
        if (!has_work()) rung_.wait(before, std::memory_order_seq_cst);
        asleep_.store(false, std::memory_order_seq_cst);
    }

private:
    alignas(64) std::atomic<bool> asleep_{false};
    std::atomic<std::uint32_t> rung_{0};
};

}  // namespace bench
