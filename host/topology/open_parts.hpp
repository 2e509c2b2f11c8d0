// Opens the parts of a topology, and closes them in reverse.
//
//   databases open -> targets -> workers connect, handlers start -> dead letters are looked through -> sources open
//
// Threads      main.
#pragma once

#include <chrono>
#include <functional>

#include "core/error.hpp"
#include "topology/topology.hpp"

namespace sluice {

// While a part that cannot be reached is waited for: true once that long has passed, false when it is to give up.
using OpenPause = std::function<bool(std::chrono::milliseconds)>;

// What answers that it is unavailable is said once and tried again, with backoff, for as long as `pause` says; without `pause`
// that is an error. invalid: the configuration or a plugin is at fault. stopped: `pause` said so. Others: a source, database or
// target cannot be opened, or a handler not be started. After an error everything is closed again.
Result<void> open_parts(Topology& topology, const OpenPause& pause);

// Whatever of it is open. No source and no worker runs any more. A target whose adapter holds its thread stays `running`.
void close_parts(Topology& topology);

}  // namespace sluice
