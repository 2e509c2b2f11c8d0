// While there are suspects: each of them runs alone in the whole host, so that a crash in its handler is its own.
//
// Like a shared mutex, but nobody waits for ever: a call that does not return may not keep a suspect from being tried, nor a
// suspect that hangs the rest of the host. After waiting limits::isolation_ms one goes on; what is lost then is that a crash
// may be put down to a message that was merely there.
//
// Threads      any. enter() and leave() of one call on the same thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "core/limits.hpp"

namespace sluice {

class Isolation {
public:
    void enter(bool alone) {
        const auto until = Clock::now() + std::chrono::milliseconds(limits::isolation_ms);
        std::unique_lock lock(mutex_);
        if (alone) {
            ++alone_waiting_;
            change_.wait_until(lock, until, [this] { return open_ || (others_inside_ == 0 && alone_inside_ == 0); });
            --alone_waiting_;
            if (alone_inside_++ == 0) alone_until_ = Clock::now() + std::chrono::milliseconds(limits::isolation_ms);
        } else {
            // Suspects go first: they come in order, and between them there is room for the others.
            const auto may_enter = [this] { return open_ || (alone_inside_ == 0 && alone_waiting_ == 0); };
            while (!may_enter() && (alone_inside_ == 0 || Clock::now() < alone_until_) && Clock::now() < until)
                change_.wait_until(lock, alone_inside_ == 0 ? until : std::min(until, alone_until_));
            ++others_inside_;
        }
    }
    void leave(bool alone) {
        {
            const std::lock_guard lock(mutex_);
            --(alone ? alone_inside_ : others_inside_);
        }
        change_.notify_all();
    }
    // The host ends: nobody waits any more.
    void open() {
        {
            const std::lock_guard lock(mutex_);
            open_ = true;
        }
        change_.notify_all();
    }

private:
    using Clock = std::chrono::steady_clock;

    std::mutex mutex_;
    // guarded by mutex_
    std::condition_variable change_;
    std::uint32_t others_inside_ = 0;
    std::uint32_t alone_inside_ = 0;  // more than one only after a wait has timed out
    std::uint32_t alone_waiting_ = 0;
    Clock::time_point alone_until_;  // so long the others wait for the suspect that is inside
    bool open_ = false;
};

}  // namespace sluice
