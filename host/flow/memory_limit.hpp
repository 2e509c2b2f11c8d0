// memory_limit: one bound for the bytes of all messages in flight, of all sources of a host together.
//
// Each source publishes once per turn what its messages take. From seven eighths of the limit on no source is polled, until it
// is less than three quarters; settling goes on. A source with nothing in flight may still poll, one message at a time:
// messages that cannot end for now stop no other source permanently.
//
// Threads      Share: the thread of its source. in_flight, bytes: any.
// Ownership    belongs to the host and outlives the shares; these are all there before the first one publishes.
// Limits       a poll brings a share of the last eighth, and the message with which it passes that. What is published is at
//              most one poll behind, so in flight there are at most the limit and one message per source.
// Protocol     (P1) who waits says so, then (P2) looks at the sum once more before it sleeps (EventCount). Who publishes first
//              (P3) changes the sum, then (P4) looks who waits. All four are sequentially consistent, so either P2 sees the sum
//              or P4 sees who waits. The sum is changed by read-modify-write only: exactly one publisher sees each fall below
//              three quarters.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "observe/logging.hpp"
#include "observe/notice.hpp"
#include "queue/event_count.hpp"

namespace sluice {

class MemoryLimit {
public:
    // 0 = none.
    MemoryLimit(std::uint64_t bytes, Logger logger) : bytes_(bytes), logger_(logger) {}
    MemoryLimit(const MemoryLimit&) = delete;
    MemoryLimit& operator=(const MemoryLimit&) = delete;

    std::uint64_t bytes() const { return bytes_; }
    std::uint64_t in_flight() const { return sum_.load(std::memory_order_relaxed); }

    // What one source has of it.
    class Share {
    public:
        // `event_count` wakes the source.
        Share(MemoryLimit& limit, EventCount& event_count) : limit_(limit), event_count_(event_count) {
            limit.shares_.push_back(this);
        }
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;

        // What the source's messages take now.
        void publish(std::uint64_t bytes);
        // How many bytes a poll may bring now, beyond which it still takes the message that it has begun; 0: there is to be
        // none.
        std::uint64_t may_poll(bool nothing_in_flight);
        // It waits, and need not any more.
        bool has_room() const {
            return waits_.load(std::memory_order_relaxed) && limit_.sum_.load(std::memory_order_seq_cst) < limit_.low();
        }  // (P2)

    private:
        friend class MemoryLimit;
        MemoryLimit& limit_;
        EventCount& event_count_;
        std::uint64_t published_ = 0;
        std::atomic<bool> waits_{false};  // written by its source's thread
    };

private:
    std::uint64_t high() const { return bytes_ - bytes_ / 8; }
    std::uint64_t low() const { return bytes_ / 4 * 3; }
    void wake(const Share& publisher);
    void say();

    const std::uint64_t bytes_;
    const Logger logger_;
    std::vector<Share*> shares_;  // constant once the first one publishes
    alignas(64) std::atomic<std::uint64_t> sum_{0};
    std::atomic<bool> said_{false};  // written with said_mutex_ held
    std::mutex said_mutex_;
    TwoWayNotice notice_{0.875, 0.5};  // guarded by said_mutex_
};

}  // namespace sluice
