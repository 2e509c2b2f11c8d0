// What becomes of the messages that a worker's handler has deferred. Their tickets, and how they end from any thread, are
// Deferred's.
//
//   deferred in a unit -> unit_ended() -> take_ends(), once one has ended: its verdict; or resumed, with its cookie, in a unit
//
// Threads      whoever runs the worker.
// Ownership    as Deferred. What is resumed waits in the backlog.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "core/clock.hpp"
#include "core/message.hpp"
#include "observe/counters.hpp"
#include "observe/logging.hpp"
#include "unit/handler_host.hpp"
#include "work/backlog.hpp"
#include "work/pool_notices.hpp"
#include "work/reports.hpp"
#include "work/retries.hpp"

namespace sluice {

class Deferrals {
public:
    Deferrals(HandlerHost& handler, Backlog& backlog, Retries& retries, Reports& reports, PoolNotices& notices,
              WorkerCounters& counters, const Clock& clock, Logger logger)
        : handler_(handler),
          deferred_(handler.deferred()),
          backlog_(backlog),
          retries_(retries),
          reports_(reports),
          notices_(notices),
          counters_(counters),
          clock_(clock),
          logger_(logger) {}

    bool empty() const { return deferred_.empty(); }
    // When the time of the next is over; 0: of none, or nobody but its handler may end it.
    std::int64_t next_due_ns() const;

    // The unit in which this message was deferred has ended. Where it ended well the deferral holds from now on: all that is
    // older of its key has ended too. Where the message `runs_again`, it does so with the others, and its ticket is stale.
    void unit_ended(Unit& unit, std::uint32_t index, bool runs_again, std::int64_t now_ns);
    // Those that have ended, or whose time is over.
    void take_ends(std::int64_t now_ns);

    // Of a message that is resumed: what its resume() is called with.
    std::uint64_t cookie(const Message* message) const { return cookies_.at(message); }
    // It has got its verdict, or starts anew.
    void forget_cookie(Message* message) {
        message->resuming = false;
        cookies_.erase(message);
    }

private:
    void expire(std::int64_t now_ns);
    void end(Deferred::End& end, std::int64_t now_ns);

    HandlerHost& handler_;
    Deferred& deferred_;  // the handler's
    Backlog& backlog_;
    Retries& retries_;
    Reports& reports_;
    PoolNotices& notices_;
    WorkerCounters& counters_;
    const Clock& clock_;
    const Logger logger_;

    std::unordered_map<const Message*, std::uint64_t> cookies_;  // of messages that are resumed
};

}  // namespace sluice
