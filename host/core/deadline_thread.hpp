// A thread that is waited for until a deadline and no longer.
//
// Threads      start, join: one. The body is the thread's own.
// Ownership    if join() has failed, the thread goes on when this is destroyed: then all that it uses must stay, so the process
//              is to end.
#pragma once

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "core/clock.hpp"

namespace sluice {

class DeadlineThread {
public:
    DeadlineThread() = default;
    ~DeadlineThread() {
        if (thread_.joinable()) thread_.detach();
    }
    DeadlineThread(const DeadlineThread&) = delete;
    DeadlineThread& operator=(const DeadlineThread&) = delete;

    // `name`: as the system shows it, which is no more than 15 bytes.
    void start(std::string name, std::function<void()> body) {
        name.resize(std::min<std::size_t>(name.size(), 15));
        thread_ = std::thread([this, name = std::move(name), body = std::move(body)] {
            pthread_setname_np(pthread_self(), name.c_str());
            body();
            const std::lock_guard lock(mutex_);
            ended_ = true;
            changed_.notify_all();
        });
    }
    // False: it still runs at `deadline_ns` of the clock.
    bool join(const Clock& clock, std::int64_t deadline_ns) {
        {
            std::unique_lock lock(mutex_);
            const auto left = std::chrono::nanoseconds(std::max<std::int64_t>(deadline_ns - clock.now(), 0));
            if (!changed_.wait_for(lock, left, [this] { return ended_; })) return false;
        }
        thread_.join();
        return true;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool ended_ = false;  // guarded by mutex_
    std::thread thread_;
};

}  // namespace sluice
