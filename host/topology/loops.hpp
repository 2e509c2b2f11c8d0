// Finds messages that would come back to where they were read, without end: a pool publishes to a target that is the file its
// source reads, or that another source reads whose pools publish to the first one's.
//
// A source and a target are one file if they are of one kind of queue, and one that knows nothing but files (it has no
// resource: a queue in a database may well be published to by those who read another one there), and their paths lead to one
// place.
//
// Threads  main.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "config/config.hpp"
#include "plugin/registry.hpp"

namespace sluice {

// By pool: which of config.targets its handlers publish to.
using PoolTargets = std::vector<std::vector<std::size_t>>;

// A sentence for each way back, with its place in the configuration. All plugins are loaded.
std::vector<std::string> find_loops(const HostConfig& config, Registry& registry, const PoolTargets& published);

}  // namespace sluice
