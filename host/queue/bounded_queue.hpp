// Bounded FIFO of messages between the source thread and one worker.
//
// Threads      push: the source thread. pop: whoever runs the worker; the executor hands that role on with release/acquire.
//              depth, high_water: any.
// Ownership    push takes the messages that fit; the others stay with the caller.
// Ordering     all that happens before push() happens before the pop() that returns the message.
// Limits       capacity 1 .. limits::queue_capacity_max messages and `bytes_max` bytes, fixed at construction. A message larger
//              than bytes_max enters an empty queue, or it could never pass.
// Invariants   (1) head <= tail <= head + capacity   (2) slots [head, tail) belong to the consumer, the others to the producer
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <vector>

#include "core/message.hpp"

namespace sluice {

class BoundedQueue {
public:
    BoundedQueue(std::uint32_t capacity, std::uint64_t bytes_max)
        : slots_(std::bit_ceil(capacity)),
          mask_(slots_.size() - 1),
          capacity_(capacity),
          bytes_max_(bytes_max) {}

    // ---- the source thread ----

    struct Pushed {
        std::uint32_t count = 0;
        std::uint32_t depth = 0;  // after it
        std::uint64_t bytes = 0;
    };
    // Takes from the front of `messages` all that there is room for.
    Pushed push(MessageList& messages) {
        MessageList rest = messages;  // of our own: what is written to the ring cannot be it
        const std::uint64_t before = tail_.load(std::memory_order_relaxed);  // own variable
        std::uint64_t tail = before;
        std::uint64_t bytes = 0;
        while (!rest.empty() && has_room(tail, bytes, rest.first()->charge)) {
            Message* message = rest.pop_front();
            slots_[tail++ & mask_] = message;
            bytes += message->charge;
        }
        messages = rest;
        if (tail == before) return {};
        // published by (W1)
        pushed_bytes_.store(pushed_bytes_.load(std::memory_order_relaxed) + bytes, std::memory_order_relaxed);
        // (W1) sequentially consistent: publishes the slots to (R1), and stands in one total order with the executor's look at
        // the worker's state (Executor::schedule): either the worker sees the messages or the source sees it idle.
        tail_.store(tail, std::memory_order_seq_cst);
        const auto depth = static_cast<std::uint32_t>(tail - head_.load(std::memory_order_relaxed));
        if (depth > high_water_.load(std::memory_order_relaxed)) high_water_.store(depth, std::memory_order_relaxed);
        return {static_cast<std::uint32_t>(tail - before), depth, bytes};
    }

    struct Room {
        std::uint32_t messages = 0;
        std::uint64_t bytes = 0;
    };
    // What it would take at least. Looks at the consumer's end only if half of the queue seems to be full, or `anew`.
    Room room(bool anew = false) {
        const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
        const std::uint64_t pushed = pushed_bytes_.load(std::memory_order_relaxed);
        if (anew || (tail - head_seen_) * 2 > capacity_ || (pushed - popped_bytes_seen_) * 2 > bytes_max_) look();
        const std::uint64_t in_queue = pushed - popped_bytes_seen_;
        return {static_cast<std::uint32_t>(capacity_ - (tail - head_seen_)), in_queue < bytes_max_ ? bytes_max_ - in_queue : 0};
    }

    // Would a message of `charge` bytes be taken?
    bool has_room(std::uint32_t charge) { return has_room(tail_.load(std::memory_order_relaxed), 0, charge); }

    // ---- whoever runs the worker ----

    // Appends up to `max` messages to `out`; returns how many.
    std::uint32_t pop(MessageList& out, std::uint32_t max) {
        const std::uint64_t head = head_.load(std::memory_order_relaxed);  // own variable
        // (R1) pairs with (W1): the slots below tail are filled.
        const std::uint64_t tail = tail_.load(std::memory_order_acquire);
        const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(tail - head, max));
        std::uint64_t bytes = popped_bytes_.load(std::memory_order_relaxed);
        for (std::uint64_t at = head; at != head + count; ++at) fetch(*slots_[at & mask_]);
        for (std::uint64_t at = head; at != head + count; ++at) {
            Message* message = slots_[at & mask_];
            __builtin_prefetch(message->view.id.data);
            bytes += message->charge;
            out.push_back(message);
        }
        popped_bytes_.store(bytes, std::memory_order_relaxed);
        // (W2) sequentially consistent: gives the slots back to (R2), and stands in one total order with the source's note that
        // it waits for room (Worker): either the source sees the room or the worker sees it waiting.
        head_.store(head + count, std::memory_order_seq_cst);
        return count;
    }

    // Calls look(message) for each, in order.
    template <typename Look>
    void each(Look&& look) const {
        const std::uint64_t tail = tail_.load(std::memory_order_acquire);  // (R1)
        for (std::uint64_t at = head_.load(std::memory_order_relaxed); at != tail; ++at) look(*slots_[at & mask_]);
    }

    // In messages and in bytes. What has been pushed is at least what has been popped, also if both are a little old.
    bool half_empty() const {
        const std::uint64_t head = head_.load(std::memory_order_relaxed);
        const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
        const std::uint64_t in_queue =
            pushed_bytes_.load(std::memory_order_relaxed) - popped_bytes_.load(std::memory_order_relaxed);
        return (tail - head) * 2 <= capacity_ && in_queue * 2 <= bytes_max_;
    }

    // (R1) for the look after the worker was marked idle: must not move before that mark.
    bool empty() const { return head_.load(std::memory_order_relaxed) == tail_.load(std::memory_order_seq_cst); }

    // ---- any thread ----

    std::uint32_t depth() const {
        const std::uint64_t head = head_.load(std::memory_order_seq_cst);
        const std::uint64_t tail = tail_.load(std::memory_order_seq_cst);
        return static_cast<std::uint32_t>(tail - head);
    }
    std::uint32_t capacity() const { return capacity_; }
    std::uint32_t high_water() const { return high_water_.load(std::memory_order_relaxed); }

private:
    // For one more behind `tail`, and behind `bytes` not yet in pushed_bytes_.
    bool has_room(std::uint64_t tail, std::uint64_t bytes, std::uint32_t charge) {
        const std::uint64_t pushed = pushed_bytes_.load(std::memory_order_relaxed) + bytes;
        if (tail - head_seen_ >= capacity_ || pushed + charge - popped_bytes_seen_ > bytes_max_) look();
        if (tail - head_seen_ >= capacity_) return false;
        const std::uint64_t in_queue = pushed - popped_bytes_seen_;
        return in_queue + charge <= bytes_max_ || (in_queue == 0 && tail == head_seen_);
    }
    // (R2) pairs with (W2): the consumer has finished with the slots below head. Sequentially consistent, because the look that
    // follows the note of waiting must not move before that note, or a wake-up would be lost.
    void look() {
        head_seen_ = head_.load(std::memory_order_seq_cst);
        popped_bytes_seen_ = popped_bytes_.load(std::memory_order_relaxed);  // written before (W2)
    }
    // The source has just written it on another core. What a handler will look at is fetched for many messages at once, or each
    // would wait for its own.
    static void fetch(const Message& message) {
        __builtin_prefetch(&message, 1);
        __builtin_prefetch(&message.view);
        __builtin_prefetch(&message + 1);  // the body
    }

    std::vector<Message*> slots_;
    const std::uint64_t mask_;
    const std::uint32_t capacity_;
    const std::uint64_t bytes_max_;

    // written by the source thread
    alignas(64) std::atomic<std::uint64_t> tail_{0};
    std::atomic<std::uint32_t> high_water_{0};
    std::atomic<std::uint64_t> pushed_bytes_{0};
    std::uint64_t head_seen_ = 0;
    std::uint64_t popped_bytes_seen_ = 0;

    // written by whoever runs the worker
    alignas(64) std::atomic<std::uint64_t> head_{0};
    std::atomic<std::uint64_t> popped_bytes_{0};
};

}  // namespace sluice
