// Names calls into plugins that do not return, where there is no supervisor: signals end these processes as they end any.
//
// Threads      one of its own, from construction to destruction.
#pragma once

#include <pthread.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "core/clock.hpp"
#include "plugin/call_watch.hpp"

namespace sluice {

class CallWatchThread {
public:
    // The clock and the log outlive it.
    CallWatchThread(Logger logger, const Clock& clock) : calls_(logger), clock_(clock), thread_([this] { thread_main(); }) {}
    ~CallWatchThread() {
        {
            const std::lock_guard lock(mutex_);
            ending_ = true;
        }
        end_.notify_one();
        thread_.join();
    }
    CallWatchThread(const CallWatchThread&) = delete;
    CallWatchThread& operator=(const CallWatchThread&) = delete;

private:
    void thread_main() {
        pthread_setname_np(pthread_self(), "call watch");
        std::unique_lock lock(mutex_);
        while (!end_.wait_for(lock, std::chrono::milliseconds(500), [this] { return ending_; })) calls_.look(clock_.now());
    }

    CallWatch calls_;  // its thread's
    const Clock& clock_;
    std::mutex mutex_;
    std::condition_variable end_;
    bool ending_ = false;  // guarded by mutex_
    std::thread thread_;
};

}  // namespace sluice
