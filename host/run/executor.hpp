// Runs the workers of a pool on as few threads as the work needs, never one worker on two threads at once.
//
// A worker with something to do stands in the ready line; an awake thread takes it from there, runs one batch, and takes the
// next. With cheap handlers one thread serves all workers and nobody is woken. When the line does not move for a whole tick of
// the Watch (handlers block), or is never empty although a processor is free (handlers compute), one more thread is woken or
// started, up to one per worker, and kept ready until a calm period shows that it is not needed.
// docs/adr/0003-workers-and-threads.md has the measurements.
//
// Threads      schedule: any. tick: the Watch. start, stop: main, before and after everything else.
// Ownership    the runnables outlive the executor.
// Ordering     what happens before schedule() happens before the run() it causes; one run() of a runnable happens before its
//              next, so a worker needs no lock for its own state.
// Limits       threads <= runnables; the ready line holds each runnable at most once.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "core/clock.hpp"
#include "run/processors.hpp"

namespace sluice {

class Executor;

// Something that is run by one thread at a time.
class Runnable {
public:
    enum class Next : std::uint8_t {
        again,     // there is more to do at once
        idle,      // until something new arrives
        awaiting,  // the same, and something is under way that will arrive: stop() waits for it
    };
    virtual ~Runnable() = default;
    // Does a bounded piece of work.
    virtual Next run() = 0;
    // Any thread, right after the runnable was marked idle: did something arrive meanwhile? Reads atomics only.
    virtual bool has_news() const = 0;

private:
    friend class Executor;
    std::atomic<bool> busy_{false};  // in the ready line, or running
    bool awaiting_ = false;          // guarded by the executor's mutex
};

class Executor {
public:
    Executor(std::string name, std::uint32_t threads_max, Processors& processors, std::function<void()> wake_watch);
    ~Executor();
    Executor(const Executor&) = delete;
    Executor& operator=(const Executor&) = delete;

    // The first thread, which the first schedule() starts otherwise. Throws std::system_error if the system has none left;
    // without later ones it goes on.
    void start_first_thread();

    void schedule(Runnable& runnable);
    void schedule(std::span<Runnable* const> runnables);

    // Once a tick while there is activity. Returns false if nothing happened since the last tick.
    bool tick();

    // Ends when all threads have returned from run() and nothing is awaited any more; false if that is not so at `deadline_ns`.
    // May be called again.
    bool stop(Clock& clock, std::int64_t deadline_ns);

    std::uint32_t threads() const;

private:
    void thread_main();
    void wake_one_locked();
    void start_thread_locked();
    std::uint32_t awake_locked() const { return static_cast<std::uint32_t>(threads_.size()) - ended_ - sleeping_ + woken_; }
    bool may_end_locked() const { return stopping_ && ready_.empty() && awaiting_ == 0; }
    // True if the runnable was idle and now belongs into the line.
    static bool claim(Runnable& runnable);

    const std::string name_;
    const std::uint32_t threads_max_;
    Processors& processors_;
    const std::function<void()> wake_watch_;

    mutable std::mutex mutex_;
    // guarded by mutex_
    std::deque<Runnable*> ready_;
    std::condition_variable work_;
    std::condition_variable gone_;
    std::vector<std::thread> threads_;
    std::uint32_t sleeping_ = 0;  // in work_.wait
    std::uint32_t woken_ = 0;     // notified and not yet up
    std::uint32_t wanted_ = 1;    // threads to keep awake while the line is not empty
    std::uint32_t ended_ = 0;
    std::uint32_t awaiting_ = 0;  // runnables
    std::uint32_t calm_ticks_ = 0;
    std::uint32_t still_ticks_ = 0;  // in a row, in which nothing was taken from the line
    bool ran_dry_ = true;            // the line has been empty since the last tick
    std::uint64_t taken_ = 0;        // from the line, ever
    std::uint64_t taken_at_last_tick_ = 0;
    bool stopping_ = false;

    std::atomic<bool> watched_{false};  // the Watch knows that we are active
};

}  // namespace sluice
