// What a configuration becomes: all parts of a host, as a plain value.
//
//   build_topology() creates the parts, open_parts() opens them, Host runs and stops them, PoolReplacement replaces pools;
//   HostReport and PartDirectory say what may be asked of them.
//
// Threads      main. PartDirectory says what others may read.
// Ownership    every part. Parts refer to each other, so it stays where it was made. The environment outlives it.
// Ordering     members stand in the order of creation: what is later may use what is earlier, and is destroyed first.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/config.hpp"
#include "core/clock.hpp"
#include "crash/poison.hpp"
#include "flow/memory_limit.hpp"
#include "flow/stages.hpp"
#include "observe/logging.hpp"
#include "plugin/registry.hpp"
#include "run/watch.hpp"
#include "topology/parts.hpp"
#include "topology/plugin_files.hpp"
#include "unit/handler_host.hpp"
#include "work/worker_pool.hpp"

namespace sluice {

// A run that keeps nothing: nothing is settled, committed, published or stored as a dead letter
// (plugin/port/rehearsed_queue.hpp and plugin/port/rehearsed_database.hpp).
struct Rehearsal {
    std::uint64_t messages_max = 0;  // each source says that it has ended after so many
};

struct Topology {
    struct Environment {
        Registry& registry;
        Logging& logging;
        Clock& clock;
        // Called on any thread when a source has ended, a part has failed permanently, or a handler makes the host end.
        std::function<void()> changed;
        std::optional<Rehearsal> rehearsal = {};
    };

    Topology(const HostConfig& its_config, Environment its_environment)
        : environment(std::move(its_environment)),
          default_dead_letters(its_config.dead_letters.name),
          config(its_config),
          memory(its_config.memory_limit, environment.logging.logger("host")),
          poison(its_config.state_dir, environment.logging.logger("host")),
          watch(environment.clock) {}
    Topology(const Topology&) = delete;
    Topology& operator=(const Topology&) = delete;

    const Environment environment;
    const std::string default_dead_letters;  // a target's name; kept here for those who ask while a reload replaces `config`

    HostConfig config;               // what it runs with: a reload replaces it together with the pools
    std::vector<std::string> notes;  // what is right and yet to be known, one sentence each
    PluginFiles plugin_files;
    std::string broken;             // by a reload that could go neither on nor back
    std::atomic<bool> hung{false};  // [any] a handler does not return, and its pool says that the host ends

    MemoryLimit memory;
    Stages stages;
    std::vector<std::unique_ptr<DatabasePart>> databases;
    std::vector<std::unique_ptr<TargetPart>> targets;  // the default dead letters last
    Dependencies dependencies;
    Poison poison;
    Watch watch;
    std::vector<std::unique_ptr<SourcePart>> sources;
    std::vector<std::unique_ptr<WorkerPool>> pools;  // as in `config`
};

}  // namespace sluice
