// Who may touch what waits at a worker. It is the worker's, but for the time that the worker spends inside handlers: then
// another thread may lock it, to look at it or to take it away, and the worker waits for that when it comes back from
// the handlers.
//
//   owned --release()--> free --try_lock()--> locked --unlock()--> free --reacquire()--> owned
//
// Threads      release, reacquire: whoever runs the worker, in turn. try_lock, unlock: any other.
// Cost         one plain store and one exchange a batch; nothing a message.
// Ordering     all that the worker did before release() happens before try_lock(); all that the other did happens before the
//              return of reacquire().
#pragma once

#include <atomic>
#include <cstdint>

namespace sluice {

class OwnerLock {
public:
    // (W1) release: what the worker has written is there for (R1).
    void release() { state_.store(State::free, std::memory_order_release); }
    void reacquire() {
        State seen = State::free;
        // (R2) acquire: pairs with (W2), so that what the other has changed is seen. Relaxed would also let what follows move
        // before it.
        while (!state_.compare_exchange_weak(seen, State::owned, std::memory_order_acquire, std::memory_order_acquire)) {
            if (seen == State::locked) state_.wait(State::locked, std::memory_order_acquire);
            seen = State::free;
        }
    }

    // False: the worker is not inside handlers, or somebody else has locked it already. It must be short: the worker may
    // wait for it.
    bool try_lock() {
        State seen = State::free;
        // (R1)
        return state_.compare_exchange_strong(seen, State::locked, std::memory_order_acquire, std::memory_order_relaxed);
    }
    void unlock() {
        state_.store(State::free, std::memory_order_release);  // (W2)
        state_.notify_all();
    }

private:
    enum class State : std::uint32_t { owned, free, locked };
    std::atomic<State> state_{State::owned};
};

}  // namespace sluice
