// Who may touch what waits at a worker. It is the worker's, but for the time that the worker spends inside handlers: then
// another thread may borrow it, to look at it or to take it away, and the worker waits for its return when it comes back from
// the handlers.
//
//   kept --lend()--> lent --borrow()--> borrowed --give_back()--> lent --take_back()--> kept
//
// Threads      lend, take_back: whoever runs the worker, in turn. borrow, give_back: any other.
// Cost         one plain store and one exchange a batch; nothing a message.
// Ordering     all that the worker did before lend() happens before borrow(); all that the borrower did happens before the
//              return of take_back().
#pragma once

#include <atomic>
#include <cstdint>

namespace sluice {

class Lent {
public:
    // (W1) release: what the worker has written is there for (R1).
    void lend() { state_.store(State::lent, std::memory_order_release); }
    void take_back() {
        State seen = State::lent;
        // (R2) acquire: pairs with (W2), so that what a borrower has changed is seen. Relaxed would also let what follows move
        // before it.
        while (!state_.compare_exchange_weak(seen, State::kept, std::memory_order_acquire, std::memory_order_acquire)) {
            if (seen == State::borrowed) state_.wait(State::borrowed, std::memory_order_acquire);
            seen = State::lent;
        }
    }

    // False: the worker is not inside handlers, or somebody else has borrowed already. The loan must be short: the worker may
    // wait for it.
    bool borrow() {
        State seen = State::lent;
        // (R1)
        return state_.compare_exchange_strong(seen, State::borrowed, std::memory_order_acquire, std::memory_order_relaxed);
    }
    void give_back() {
        state_.store(State::lent, std::memory_order_release);  // (W2)
        state_.notify_all();
    }

private:
    enum class State : std::uint32_t { kept, lent, borrowed };
    std::atomic<State> state_{State::kept};
};

}  // namespace sluice
