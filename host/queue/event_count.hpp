// The source thread's one wait: for outcomes, room, commands, timers and stop; and, while it sleeps inside its adapter's poll,
// for messages. An event count with one waiter.
//
// Threads      notify, notify_soon, notify_late: any. The rest: the source thread.
// Protocol     The waiter announces where it waits (S1), then looks once more at everything it waits for (S2), then waits. Who
//              notifies first makes its news visible (N1), then looks at the announcement (N2). All four are sequentially
//              consistent, so either S2 sees the news or N2 sees the waiter. A notification that comes too early only makes the
//              next wait short. News with which a patient waiter cannot go on is noted, and told at the next notify_late(): a
//              wake-up for each worker that has finished its part of a burst would cost more than the burst.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>

namespace sluice {

class EventCount {
public:
    // `wake_adapter` ends a poll that waits, or the next one's wait; it may be called from any thread.
    explicit EventCount(std::function<void()> wake_adapter = {}) : wake_adapter_(std::move(wake_adapter)) {}

    // (N2) Cheap while nobody waits.
    void notify() {
        if (waits_.load(std::memory_order_seq_cst) == awake) return;
        const std::uint32_t where = waits_.exchange(awake, std::memory_order_seq_cst);  // one caller wakes it, the others go on
        if (where == awake) return;
        if (where == in_adapter) {
            wake_adapter_();
            return;
        }
        {
            std::lock_guard lock(mutex_);
            notified_ = true;
        }
        woken_.notify_one();
    }

    // (N2) For news that only an impatient waiter waits for. The others hear of it at the next notify_late().
    void notify_soon() {
        const std::uint32_t where = waits_.load(std::memory_order_seq_cst);
        if (where == impatient)
            notify();
        else if (where != awake)
            late_.store(true, std::memory_order_seq_cst);
    }
    void notify_late() {
        if (late_.load(std::memory_order_seq_cst) && late_.exchange(false, std::memory_order_seq_cst)) notify();
    }

    // (S1) To be followed by the second look (S2), then by wait() or the adapter's poll, then by end_wait().
    void prepare_wait(bool patiently = false) { waits_.store(patiently ? patient : impatient, std::memory_order_seq_cst); }
    void prepare_wait_in_adapter() { waits_.store(in_adapter, std::memory_order_seq_cst); }
    void end_wait() {
        waits_.store(awake, std::memory_order_seq_cst);
        // What was noted before this will be seen: it is before the next (S2) in the one order of all these.
        if (late_.load(std::memory_order_relaxed)) late_.store(false, std::memory_order_seq_cst);
    }

    void wait(std::chrono::nanoseconds at_most) {
        std::unique_lock lock(mutex_);
        woken_.wait_for(lock, at_most, [&] { return notified_; });
        notified_ = false;
    }

private:
    static constexpr std::uint32_t awake = 0;
    static constexpr std::uint32_t impatient = 1;
    static constexpr std::uint32_t patient = 2;
    static constexpr std::uint32_t in_adapter = 3;

    std::function<void()> wake_adapter_;
    alignas(64) std::atomic<std::uint32_t> waits_{awake};
    std::atomic<bool> late_{false};  // news came that a patient waiter has not heard of
    std::mutex mutex_;
    std::condition_variable woken_;
    bool notified_ = false;  // guarded by mutex_
};

}  // namespace sluice
