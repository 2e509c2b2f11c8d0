// What keeps a target from being published to: since when, when to try again, and what the log and others are told of it.
//
// Threads     trouble, unreachable_since_ns, is_full, is_full_now: any. Everything else: the target's thread.
// Errors      the log says once that it is unreachable or full, not before that has happened several times in a row, and once
//             that it is over.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

#include "core/clock.hpp"
#include "observe/logging.hpp"
#include "sluice/fault.h"

namespace sluice {

class Outage {
public:
    Outage(std::int64_t backoff_first_ns, std::int64_t backoff_max_ns, const Clock& clock, Logger logger)
        : backoff_first_ns_(backoff_first_ns),
          backoff_max_ns_(backoff_max_ns),
          clock_(clock),
          logger_(logger) {}

    // An attempt begins. Of its answers, however many and late, one failure counts.
    void begin_attempt() { failed_in_attempt_ = false; }
    // The attempt, or an earlier one, failed in passing. `waiting`: messages that have to wait for that. `others_go_on`: other
    // messages may be taken, so that one failure does not delay them.
    void failed(sluice_status status, const std::string& text, std::uint64_t waiting, bool others_go_on = false);
    // Something has been stored.
    void over(std::uint64_t waiting);
    // The next attempt need not wait.
    void try_at_once() { retry_at_ns_ = 0; }
    std::int64_t retry_at_ns() const { return retry_at_ns_; }  // 0 = now

    // ---- full ----

    void may_have_room() {
        if (full_since_ns_ != 0) try_at_once();
    }
    // Nobody takes anything from what it publishes to any more: it is tried more often, and given up if it stays full.
    void expect_no_room() {
        if (no_room_since_ns_ == 0) no_room_since_ns_ = clock_.now();
    }
    std::int64_t give_up_full_at_ns() const;  // INT64_MAX = not at all
    // What waited for room has ended.
    void full_given_up();

    // ---- for others ----

    // "is full (…), for 3.2 s", "cannot be published to (…), for …"; empty: the last attempt worked.
    std::string trouble() const;
    // As the log has said; 0 = it is not.
    std::int64_t unreachable_since_ns() const { return said_since_ns_.load(std::memory_order_relaxed); }
    // Then: it answers, and has no room.
    bool is_full() const { return said_full_.load(std::memory_order_relaxed); }
    // The last attempt found it full, whatever the log has said.
    bool is_full_now() const { return full_.load(std::memory_order_relaxed); }

private:
    void note_full(bool full);
    void note_trouble(std::string text);

    // constant
    const std::int64_t backoff_first_ns_;  // doubles with each failure in a row
    const std::int64_t backoff_max_ns_;
    const Clock& clock_;
    const Logger logger_;

    // the target's thread's
    std::uint32_t failures_ = 0;  // attempts in a row
    bool failed_in_attempt_ = false;
    bool said_ = false;  // by the log: unreachable, or full
    std::int64_t retry_at_ns_ = 0;
    std::int64_t since_ns_ = 0;          // of the first failure in a row
    std::int64_t full_since_ns_ = 0;     // it has answered nothing but SLUICE_FULL since; 0 = it is not full
    std::int64_t no_room_since_ns_ = 0;  // nobody takes anything from it since; 0 = somebody may

    // written by the target's thread; nothing else is read with them
    std::atomic<bool> full_{false};
    std::atomic<std::int64_t> said_since_ns_{0};
    std::atomic<bool> said_full_{false};

    mutable std::mutex mutex_;
    std::string trouble_;  // guarded by mutex_
    std::int64_t trouble_since_ns_ = 0;
};

}  // namespace sluice
