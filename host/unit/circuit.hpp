// Whether one database can be reached, for all workers that use it.
//
//   closed --the adapter says SLUICE_UNAVAILABLE--> open --ping says SLUICE_OK, or without ping a unit works--> closed
//
// While it is open its workers pause, which does not count as an attempt. When the time of the next try comes one of them asks
// the database; the others sleep until it responds again. If a database has failed permanently its circuit stays open for ever,
// and the host ends.
//
// Threads      any.
// Errors       the log says once that the database is unreachable and once that it responds again.
// Limits       a waiter waits at one circuit at a time.
// Invariants   (1) at most one worker asks at a time (2) whoever waits is notified when the circuit closes, and when the time
//              of the next try has changed
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "observe/logging.hpp"
#include "sluice/abi.h"

namespace sluice {

// Trying again is of no use: the host ends.
inline bool is_for_good(sluice_status status) {
    return status == SLUICE_FAILED || status == SLUICE_CORRUPT;
}

// Not the message's own failure: it runs again, if the host does not end for it.
inline bool is_of_the_database(sluice_status status) {
    return status == SLUICE_CONFLICT || status == SLUICE_UNAVAILABLE || status == SLUICE_UNKNOWN || status == SLUICE_STOPPED ||
           is_for_good(status);
}

class Circuit {
public:
    // doubles with each failure in a row, less up to a quarter by chance
    static constexpr std::int64_t retry_first_ns = 100'000'000;
    static constexpr std::int64_t retry_max_ns = 5'000'000'000;

    class Waiter {
    public:
        virtual void ring() = 0;  // under the circuit's lock: must be light and must not call back

    protected:
        ~Waiter() = default;

    private:
        friend class Circuit;
        bool listed_ = false;  // guarded by the circuit's mutex
    };

    // `on_failed`: once, on any thread: it has failed permanently, and why.
    Circuit(const Clock& clock, Logger logger, std::uint64_t seed = 1, std::function<void(const std::string&)> on_failed = {});
    Circuit(const Circuit&) = delete;
    Circuit& operator=(const Circuit&) = delete;

    // Acquire pairs with the release of open_locked() and close_locked(): whoever sees it closed again sees how it was closed.
    bool closed() const { return away_since_ns_.load(std::memory_order_acquire) == 0; }
    bool failed_for_good() const { return failed_.load(std::memory_order_acquire); }
    std::int64_t away_since_ns() const { return away_since_ns_.load(std::memory_order_relaxed); }  // 0 = it is not
    // The last time that it was unreachable, it answered the first question already.
    bool was_spurious() const { return spurious_.load(std::memory_order_relaxed); }

    // The adapter said SLUICE_UNAVAILABLE.
    void away(std::string_view why);
    // The adapter said something after which trying again is of no use.
    void fail(std::string_view why);
    // What the adapter was asked to do is done: the database responds.
    void worked() {
        // Relaxed: a worker that does not see the circuit open yet closes nothing; its next unit does.
        if (!proven_.load(std::memory_order_relaxed)) prove();
    }

    enum class Turn : std::uint8_t {
        go,    // it is closed
        wait,  // not yet, or somebody else is asking
        ask,   // this worker is to ask, and to say the answer to asked()
        try_,  // it cannot be asked: this worker is to try a unit
    };
    Turn turn(bool can_ask);
    void asked(bool is_there, std::string_view why);

    // Until ring(), or the time answered, whichever is first. 0: it is closed; INT64_MAX: until ring() alone.
    std::int64_t wait(Waiter& waiter);
    // No ring() after this.
    void forget(Waiter& waiter);

private:
    void open_locked(std::string_view why);
    void close_locked(bool spurious);
    void put_off_locked();
    void ring_locked();
    void prove();

    const Clock& clock_;
    const Logger logger_;
    const std::function<void(const std::string&)> on_failed_;

    std::atomic<std::int64_t> away_since_ns_{0};
    std::atomic<bool> failed_{false};
    std::atomic<bool> proven_{true};  // closed, and something has worked since
    std::atomic<bool> spurious_{false};

    std::mutex mutex_;
    // guarded by mutex_
    std::int64_t due_ns_ = 0;     // of the next try, while open
    std::uint32_t failures_ = 0;  // in a row; an answer to a question ends no row, work does
    std::uint32_t refusals_ = 0;  // questions answered with no, this time
    bool asking_ = false;
    bool trying_ = false;
    std::minstd_rand random_;
    std::vector<Waiter*> waiters_;
};

}  // namespace sluice
