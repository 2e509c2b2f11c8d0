// What a worker has not begun goes back to its source: at a stop, because a reload asks for it, and from behind a handler that
// does not return.
//
//   no --ask()--> asked --release_all()--> giving --end_turn()--> given, once nothing is deferred, parked or committing
//   ^               |  ^----------------------------'   |
//   `---keep_on()---'-----------------------------------'
//
// Threads      stop: any. ask, keep_on, release_behind_handler: main. The rest: whoever runs the worker.
// Ownership    refers to what the worker has, which outlives it.
// Ordering     each key's messages go back in the order received, and not before what is older of it has ended.
// Invariants   whoever moves it on from `asked` decides: of each key the worker keeps all that it has, or it gives back all
#pragma once

#include <atomic>
#include <cstdint>

#include "unit/commits.hpp"
#include "unit/handler_host.hpp"
#include "work/backlog.hpp"
#include "work/deferrals.hpp"
#include "work/owner_lock.hpp"
#include "work/reports.hpp"

namespace sluice {

enum class StopMode : std::uint8_t { none, drain, finish_current };

class GivingBack {
public:
    GivingBack(Backlog& backlog, Deferrals& deferrals, Reports& reports, const Commits& commits, const HandlerHost& handler,
               OwnerLock& lock)
        : backlog_(backlog),
          deferrals_(deferrals),
          reports_(reports),
          commits_(commits),
          handler_(handler),
          lock_(lock) {}

    // The worker is to be woken after each of these; what they store is ordered by that.
    void stop(StopMode mode) { stop_.store(mode, std::memory_order_relaxed); }
    void ask() { state_.store(State::asked, std::memory_order_relaxed); }
    // False: it is giving back at this moment; call again.
    bool keep_on();
    // What the worker could give back itself, it does at a stop.
    void release_behind_handler();

    // Instead of working it off; `never_ends`: a database has failed permanently.
    bool is_wanted(bool never_ends) const {
        const StopMode mode = stop_.load(std::memory_order_relaxed);
        return mode == StopMode::finish_current || (mode == StopMode::drain && never_ends) ||
               state_.load(std::memory_order_relaxed) != State::no;
    }
    // Only the message that is in work now, and no other of its batch.
    bool is_to_finish_current() const {
        return stop_.load(std::memory_order_relaxed) == StopMode::finish_current ||
               state_.load(std::memory_order_relaxed) == State::asked;
    }
    // Not before the units under way have ended: theirs are older. False: not yet, or it is to work on after all.
    bool release_all();
    // Each turn of the worker ends with this.
    void end_turn() {
        if (state_.load(std::memory_order_relaxed) == State::giving) settle();
    }

private:
    enum class State : std::uint8_t { no, asked, giving, given };
    void settle();

    Backlog& backlog_;
    Deferrals& deferrals_;
    Reports& reports_;
    const Commits& commits_;
    const HandlerHost& handler_;
    OwnerLock& lock_;

    std::atomic<StopMode> stop_{StopMode::none};
    std::atomic<State> state_{State::no};
};

}  // namespace sluice
