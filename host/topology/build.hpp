// Creates all parts of a host from its configuration: plugins are loaded, instances created; nothing is opened, nothing runs.
//
// Threads      main.
// Ownership    the configuration outlives the topology: the plugins' options are those in it.
// Errors       each is a sentence in `problems`, and then there is no topology.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "topology/topology.hpp"

namespace sluice {

std::unique_ptr<Topology> build_topology(const HostConfig& config, Topology::Environment environment,
                                         std::vector<std::string>& problems);

}  // namespace sluice
