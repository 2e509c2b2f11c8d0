// What a source may take away while the host has it: extends leases so that it does not, finds what it has taken away all the
// same, and tells it which of its lanes nothing is left of.
//
// Threads      the source thread.
// Ownership    owns what is known of the deliveries, not the messages.
// Errors       leases that cannot be extended are extended again soon; the log says so once in a while.
#pragma once

#include <cstdint>

#include "core/clock.hpp"
#include "core/message.hpp"
#include "dispatch/dispatcher.hpp"
#include "observe/logging.hpp"
#include "observe/notice.hpp"
#include "plugin/port/queue_port.hpp"
#include "settle/settlement.hpp"
#include "source/deliveries.hpp"
#include "source/pool_switch.hpp"

namespace sluice {

class Withdrawals {
public:
    Withdrawals(QueuePort& queue, const Clock& clock, Logger logger) : queue_(queue), clock_(clock), logger_(logger) {}
    Withdrawals(const Withdrawals&) = delete;
    Withdrawals& operator=(const Withdrawals&) = delete;

    Deliveries& deliveries() { return deliveries_; }
    // When leases are to be extended again; 0 = never.
    std::int64_t due_ns() const { return deliveries_.due_ns(); }

    // Extends those leases that are due; `now_ns` moves on with what that takes.
    void extend(std::int64_t& now_ns);
    // What was withdrawn since this was called last: what waits for a worker goes to `released` with that outcome, the workers
    // look among what they have.
    void find(Dispatcher& dispatcher, PoolSwitch& pool_switch, MessageList& released);
    // All settlements have been handed to the source: it is told of lanes of which nothing is here any more.
    void tell_emptied(Dispatcher& dispatcher, Settlement& settlement);

private:
    QueuePort& queue_;
    const Clock& clock_;
    const Logger logger_;
    Deliveries deliveries_;
    RateLimit not_extended_said_{10'000'000'000};
};

}  // namespace sluice
