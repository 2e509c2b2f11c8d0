// How a host stands: what it has counted, and what it waits for or dies of.
//
// Threads      main.
// Ownership    the topology outlives it; copies are the same.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "observe/statistics.hpp"
#include "settle/death_causes.hpp"
#include "topology/topology.hpp"

namespace sluice {

class HostReport {
public:
    explicit HostReport(const Topology& topology) : topology_(&topology) {}

    bool all_sources_ended() const;
    // Why the host cannot go on, or empty.
    std::string failure() const;
    // A handler has been running for twice its timeout, and its pool says on_hang: exit.
    bool hung() const { return topology_->hung.load(std::memory_order_acquire); }
    // Whether the files that the next process needs are where it looks for them.
    Result<void> check_state() const { return topology_->poison.check_in_place(); }
    bool reads_finite_source() const;

    StatisticsSnapshot snapshot() const;
    std::uint64_t settled() const;
    // Workers inside a handler now, and messages in queues.
    std::pair<std::uint64_t, std::uint64_t> busy_and_queued() const;
    // What the messages died of, of sources that have ended.
    DeathCauses deaths() const;

    // What keeps it from its end, one line for each: sources that have not ended, and what holding_up() says.
    std::vector<std::string> stuck() const;
    // Targets and handlers that messages wait for.
    std::vector<std::string> holding_up() const;

private:
    const Topology* topology_;
};

}  // namespace sluice
