// One run of a configuration that keeps nothing: the host with all its parts, with stand-ins between it and its queues and
// databases (plugin/port/rehearsed_queue.hpp, rehearsed_database.hpp) and a state directory that is removed afterwards.
//
// Threads      the main thread; the host has its own.
// Errors       what Host::create and start said; a source that fails; no message at all.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "app/supervisor.hpp"
#include "config/config.hpp"
#include "core/error.hpp"
#include "plugin/registry.hpp"
#include "tune/advice.hpp"

namespace sluice {

struct TrialBounds {
    std::chrono::milliseconds time{2'000};
    std::uint64_t messages = 1'000'000;
};

// Runs until the source has ended, or one of the bounds is reached. The figures are those of the pool's source. Error
// `stopped`: a signal came.
Result<TuneFigures> run_trial(const HostConfig& config, Registry& registry, std::uint32_t pool, const TrialBounds& bounds,
                              Supervisor& signals);

// Why a trial could do what the host cannot hold back, a sentence for each handler that does not say that it has no effects but
// through the host.
Result<std::string> outside_effects(const HostConfig& config, Registry& registry);

}  // namespace sluice
