// Runs a host from start to exit status: signals, statistics, the deadline of a stop.
#pragma once

#include "app/config.hpp"
#include "observe/logging.hpp"
#include "plugin/registry.hpp"

namespace sluice {

// The exit status of the process, as documented in docs/reference/cli.md.
namespace exit_status {
inline constexpr int clean = 0;
inline constexpr int bad_configuration = 1;  // or plugin; nothing was started
inline constexpr int usage = 2;
inline constexpr int abandoned = 3;  // work was still under way at the deadline
inline constexpr int law_broken = 4;
inline constexpr int failed = 5;  // a source, database, target or the state directory, for good
}  // namespace exit_status

// `config` has passed read_config and check_plugins. Blocks until the host has stopped. If a plugin holds a thread past the deadline the
// process ends in here, with status 3: nothing of it could be ended in order.
int run_host(const HostConfig& config, Registry& registry);

LogOptions log_options(const LogConfig& config);

}  // namespace sluice
