// One thread that looks after time for all pools: it lets executors see that handlers block, and wakes workers whose retries
// are due.
//
// It ticks only while an executor is active; an idle host has no timer running but that of the next retry.
//
// Threads      set, wake, forget: any. The rest: main.
// Limits       one pending time per alarm.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "run/executor.hpp"
#include "run/processors.hpp"

namespace sluice {

class Watch {
public:
    // A message must not wait longer than a millisecond for a blocked neighbour, plus a wake: two ticks, unless every processor
    // is in use.
    static constexpr std::int64_t tick_ns = 500'000;

    class Alarm {
    public:
        virtual ~Alarm() = default;
        virtual void ring() = 0;  // the watch's thread; must be light

    private:
        friend class Watch;
        std::int64_t due_ns_ = 0;  // guarded by the watch's mutex; 0 = not set
    };

    // Looks at something from time to time while an executor is active.
    class Guard {
    public:
        virtual ~Guard() = default;
        // The watch's thread; must be light. Answers how long until the next look, at least.
        virtual std::int64_t look(std::int64_t now_ns) = 0;

    private:
        friend class Watch;
        std::int64_t next_ns_ = 0;  // the watch's thread
    };

    explicit Watch(Clock& clock);
    ~Watch() { stop(); }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    void add(Executor& executor);
    void add(Guard& guard);
    // Not looked at any more once these return.
    void remove(Executor& executor);
    void remove(Guard& guard);
    void forget(Alarm& alarm);
    void start();
    void stop();

    // Rings at `due_ns` or, if an earlier time is set already, at that.
    void set(Alarm& alarm, std::int64_t due_ns);
    // An executor has become active.
    void wake();

    Processors& processors() { return processors_; }

    // [any] The clock as of the last tick, never ahead of it: for those who may not read the clock each time they ask.
    std::int64_t coarse_now_ns() const { return coarse_now_ns_.load(std::memory_order_relaxed); }
    // Ticks once. The watch's thread, or a test that has none.
    void note_time() { coarse_now_ns_.store(clock_.now(), std::memory_order_relaxed); }

private:
    void thread_main();

    Clock& clock_;
    Processors processors_;
    std::mutex round_mutex_;  // held while alarms are rung and what is watched is looked at; taken before mutex_
    // guarded by round_mutex_
    std::vector<Executor*> executors_;
    std::vector<Guard*> guards_;

    std::mutex mutex_;
    // guarded by mutex_
    std::condition_variable change_;
    std::set<std::pair<std::int64_t, Alarm*>> alarms_;
    bool active_ = false;
    bool stopping_ = false;

    alignas(64) std::atomic<std::int64_t> coarse_now_ns_{0};  // on a cache line of its own: workers read it for every message
    alignas(64) std::thread thread_;
};

}  // namespace sluice
