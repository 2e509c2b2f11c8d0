// Tells a thread that waits that something has changed; what, it sees for itself.
//
// Threads   ring: any. wait: one.
// Ordering  what happens before a ring() is seen after the wait() that it ends. A ring before the wait ends that wait at once;
//           several are one.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace sluice::sqlite {

class Bell {
public:
    void ring() {
        const std::lock_guard lock(mutex_);
        has_rung_ = true;
        rung_.notify_one();
    }
    void wait_until(std::chrono::steady_clock::time_point deadline) {
        std::unique_lock lock(mutex_);
        rung_.wait_until(lock, deadline, [this] { return has_rung_; });
        has_rung_ = false;
    }
    void wait() {
        std::unique_lock lock(mutex_);
        rung_.wait(lock, [this] { return has_rung_; });
        has_rung_ = false;
    }

private:
    std::mutex mutex_;
    std::condition_variable rung_;
    bool has_rung_ = false;  // guarded by mutex_
};

}  // namespace sluice::sqlite
