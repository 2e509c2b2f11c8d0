// Which sources of a host are fed by its own pools: what these publish goes to the file or the server that the source reads.
//
// Threads      main.
#pragma once

#include <cstddef>
#include <set>
#include <vector>

#include "topology/topology.hpp"

namespace sluice {

// Sources in the same file or server as the target. Which of the queues there is whose, only their plugin knows: a source that
// waits for one that does not feed it ends a little later.
std::vector<std::size_t> read_by(const Topology& topology, const TargetPart& target);

// Of each source: those whose messages may be published to what it reads. Only of pools that have asked for a target so far:
// enough for what goes on without it, too, only later.
std::vector<std::set<std::size_t>> feeders(const Topology& topology);

// Before any source runs: tells the stages, the targets and the sources of each other.
void connect_stages(Topology& topology);

}  // namespace sluice
