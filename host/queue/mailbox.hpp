// Commands to one thread, from any other.
//
// Threads      post, waiting: any. take, close: the thread that they are for; close also whoever has joined it.
// Ownership    passes with the command.
// Ordering     commands of one thread are taken in the order of posting; what happened before post() happens before the take()
//              that returns the command.
// Protocol     post() is (N1) of EventCount, and waiting() may stand between the announcement of a sleep (S1) and the sleep:
//              both are sequentially consistent. Whoever posts wakes the owner after, in whatever way that sleeps.
// Limits       none of its own: who posts is bounded where it comes from (clients of the control socket, replays in flight,
//              reloads one at a time).
// Cost         waiting(): one load. The lock is held for a push or a swap.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <iterator>
#include <mutex>
#include <utility>
#include <vector>

namespace sluice {

template <typename Command>
class Mailbox {
public:
    // False: it is closed, and the command stays with the caller.
    bool post(Command&& command) {
        const std::lock_guard lock(mutex_);
        if (closed_) return false;
        commands_.push_back(std::move(command));
        waiting_.store(true, std::memory_order_seq_cst);
        return true;
    }
    bool waiting() const { return waiting_.load(std::memory_order_seq_cst); }

    std::vector<Command> take() {
        const std::lock_guard lock(mutex_);
        waiting_.store(false, std::memory_order_seq_cst);
        return std::exchange(commands_, {});
    }
    // The oldest ones; the rest waits on.
    std::vector<Command> take(std::size_t at_most) {
        const std::lock_guard lock(mutex_);
        const auto end = commands_.begin() + static_cast<std::ptrdiff_t>(std::min(at_most, commands_.size()));
        std::vector<Command> taken(std::make_move_iterator(commands_.begin()), std::make_move_iterator(end));
        commands_.erase(commands_.begin(), end);
        waiting_.store(!commands_.empty(), std::memory_order_seq_cst);
        return taken;
    }
    // From now on nothing is posted any more. Hands out what has not been taken.
    std::vector<Command> close() {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        waiting_.store(false, std::memory_order_seq_cst);
        return std::exchange(commands_, {});
    }

private:
    std::atomic<bool> waiting_{false};  // written with mutex_ held
    std::mutex mutex_;
    std::vector<Command> commands_;  // guarded by mutex_
    bool closed_ = false;            // guarded by mutex_
};

}  // namespace sluice
