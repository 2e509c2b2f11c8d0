// The configuration as the host uses it: read, checked, defaults filled in. docs/reference/configuration.md describes the keys.
//
// Immutable after check_plugins.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/work_policy.hpp"
#include "flow/when_full.hpp"
#include "observe/logging.hpp"
#include "route/rules.hpp"
#include "text/node.hpp"

namespace sluice {

using Milliseconds = std::chrono::milliseconds;

// One plugin instance: which component, and its options, checked against the manifest, with the manifest's defaults filled in.
struct ComponentConfig {
    std::string name;               // as in the file: "flights"
    std::string path;               // "sources.flights", "pools.airports.handler"
    std::string plugin;             // the component's name, or the path of a .so (then absolute)
    Node options;                   // a map
    Mark mark;                      // of the name
    Mark plugin_mark;               // of what stands behind `plugin:`
    std::string component;          // the component's name in its manifest; set with the next by check_plugins
    std::filesystem::path library;  // the plugin's file
};

struct SourceConfig {
    ComponentConfig component;
    std::string id;  // identity for positions and deduplication; default: the name
    // The same component as something to publish to, for `sluice enqueue`; or why it cannot be. Set by check_plugins.
    ComponentConfig publish_side;
    std::string no_publish_side;
};

struct DatabaseConfig {
    ComponentConfig component;
};

struct TargetConfig {
    ComponentConfig component;
};

struct RouteConfig {
    RouteBy by = RouteBy::round_robin;
    std::string key;                                             // JSON pointer (RFC 6901), or the header's name
    std::vector<std::pair<std::string, std::uint32_t>> workers;  // explicit key -> worker; others by hash
    bool rebalance = true;                                       // keys by hash leave workers that have more to do than others
};

// What its workers go by is what was read.
struct PoolConfig : WorkPolicy {
    std::string name;
    std::uint32_t source = 0;                               // index into HostConfig::sources
    std::vector<std::pair<std::string, std::string>> when;  // JSON pointer -> scalar's text; all must hold
    RouteConfig route;
    MissingKey missing_key;
    std::uint32_t workers = 1;
    WhenFull when_full;
    ComponentConfig handler;
    Mark mark;  // of its name
};

struct RateConfig {
    std::uint64_t count = 0;  // 0 = no limit
    Milliseconds period{0};
};

struct HostConfig {
    std::filesystem::path file;    // as given; "-" = standard input
    std::filesystem::path folder;  // absolute; where the file stands
    std::string name = "sluice";
    std::filesystem::path state_dir = "state";  // absolute, once read
    std::vector<std::filesystem::path> plugin_path;
    std::vector<SourceConfig> sources;
    std::vector<DatabaseConfig> databases;
    std::vector<TargetConfig> targets;
    std::vector<PoolConfig> pools;
    std::string dead_letter_target;    // empty: the next
    std::uint64_t memory_limit = 0;    // bytes of all messages in flight; 0 = none
    bool memory_limit_is_set = false;  // by somebody: it is not the default
    RateConfig dead_letter_rate;       // of one source; beyond it nothing is polled
    ComponentConfig dead_letters;      // a queue in state_dir/dead-letters.db, by the plugin `sqlite`; set by check_plugins
    Milliseconds statistics_every{10'000};
    bool drain = false;  // shutdown.mode
    Milliseconds shutdown_deadline{30'000};
    LogOptions log;
};

}  // namespace sluice
