// Runs a host from start to exit status: signals, statistics, the deadline of a stop.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "plugin/registry.hpp"
#include "reload/reloading.hpp"
#include "topology/probe_parts.hpp"

namespace sluice {

// The exit status (app/exit_status.hpp). `config` has passed read_config and check_plugins. Blocks until the host has stopped.
// If a plugin holds a thread past the deadline the process ends in here, with status 3: nothing of it could be ended in order.
// `read_again`: the same configuration once more, for a reload.
int run_host(const HostConfig& config, Registry& registry, const ReadAgain& read_again);

// Creates every part and lets go of it again: loads the plugins, opens nothing. Everything that is wrong, or else what is to be
// known, one sentence each. With `told`, and if nothing is wrong, the parts are probed, see probe_parts.
struct Created {
    std::vector<std::string> problems;
    std::vector<std::string> notes;
};
Created create_host(const HostConfig& config, Registry& registry, const ProbeTold& told = {});

}  // namespace sluice
