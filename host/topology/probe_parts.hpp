// Looks whether everything that a host needs is there, without a host: instead of open_parts().
//
// Threads      main.
#pragma once

#include <functional>
#include <string>

#include "plugin/port/probe.hpp"
#include "topology/topology.hpp"

namespace sluice {

// A part's path ("sources.orders") and what it has found; unsupported: it cannot be probed.
using ProbeTold = std::function<void(const std::string& part, const Result<Facts>& found)>;

// Each source, target and database in turn looks at what is there where it would connect; nothing is created, changed, or kept
// from a host that runs.
void probe_parts(Topology& topology, const ProbeTold& told);

}  // namespace sluice
