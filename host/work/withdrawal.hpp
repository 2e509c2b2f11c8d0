// What becomes of a worker's messages that their source takes away while the worker has them (source/deliveries.hpp): what has
// not begun goes back, what is lost is kept from having effects.
//
// Threads      tell: the source thread. The rest: whoever runs the worker.
// Ownership    refers to what the worker has, which outlives it.
// Ordering     the marks are set before tell(), the youngest message first: whoever sees one of a key sees those of all that
//              follow it. So a message may be taken for itself before tell() comes, and none is handled behind one that has
//              gone.
// Limits       a unit that is on its way to its commit is not held up. An engine that can tells the two apart: settle in the
//              unit.
#pragma once

#include <atomic>

#include "unit/handler_host.hpp"
#include "unit/session.hpp"
#include "work/backlog.hpp"
#include "work/deferrals.hpp"
#include "work/reports.hpp"
#include "work/under_way.hpp"

namespace sluice {

class Withdrawal {
public:
    Withdrawal(Backlog& backlog, Deferrals& deferrals, Reports& reports, HandlerHost& handler, Session& session,
               const UnderWay& under_way)
        : backlog_(backlog),
          deferrals_(deferrals),
          reports_(reports),
          handler_(handler),
          session_(session),
          under_way_(under_way) {}

    // Some messages have been marked. A handler whose message is lost is told to give up. The worker is to be woken after.
    void tell();

    // Each turn of the worker begins with this.
    void begin_turn() {
        if (is_told_.load(std::memory_order_relaxed) || backlog_.keeps_withdrawn()) [[unlikely]]
            release_waiting();
    }
    // Before its handler is called. True: it has gone back. What is deferred and goes on has begun: it is finished, unless it
    // is lost.
    bool takes(Message* message) {
        if (!message->is_withdrawn() || (message->resuming && !message->is_lost())) [[likely]]
            return false;
        release(message);
        return true;
    }
    // Before a unit is submitted: its messages have been handled.
    void end_unit(Unit& unit) {
        if (is_told_.load(std::memory_order_acquire)) [[unlikely]]
            drop_lost(unit);
    }
    // Whatever its handler has made of giving up.
    void drop(Unit& unit, std::uint32_t index);

private:
    void release_waiting();
    void release(Message* message);
    void drop_lost(Unit& unit);

    Backlog& backlog_;
    Deferrals& deferrals_;
    Reports& reports_;
    HandlerHost& handler_;
    Session& session_;
    const UnderWay& under_way_;

    std::atomic<bool> is_told_{false};
};

}  // namespace sluice
