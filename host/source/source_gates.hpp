// The gates of a source: every reason why it may not be polled now, in the order in which they are named.
//
// Threads      the source thread.
// Ownership    what the gates look at outlives them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "core/message.hpp"
#include "dispatch/dispatcher.hpp"
#include "flow/dead_letter_pause.hpp"
#include "flow/memory_limit.hpp"
#include "flow/poll_gates.hpp"
#include "settle/settlement.hpp"
#include "source/poller.hpp"
#include "source/pool_switch.hpp"
#include "source/replay.hpp"

namespace sluice {

// What they look at.
struct GatedSource {
    const std::int64_t& now_ns;
    const std::atomic<bool>& failing;
    const bool& stopped;
    const Poller& poller;
    const PoolSwitch& pool_switch;
    const DeadLetterPause& dead_letter_pause;
    MemoryLimit::Share* memory;  // NULL: there is no limit
    const MessageStore& store;
    const Replay& replay;
    const Settlement& settlement;
    const std::unique_ptr<Dispatcher>& dispatcher;  // another one after a reload
    const std::uint64_t& in_flight_max;             // so is this
    std::uint64_t source_in_flight_max;             // as the source itself allows, unconfirmed ones included; 0 = no bound
};

// Before the first poll.
void add_gates(PollGates& gates, const GatedSource& source);

}  // namespace sluice
