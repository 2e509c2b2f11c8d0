// What is different between two configurations, key by key, in words.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"

namespace sluice {

struct ConfigChange {
    std::string key;   // "pools.airports.workers"
    std::string text;  // "10 -> 4"; "new"; "changed" for secrets and long texts
};

// The differences in what print_config() shows and in secrets, in file order; what is only in `before` comes last.
std::vector<ConfigChange> changes_between(const HostConfig& before, const HostConfig& after);

// Can a running host take it over? If not, a change of it needs a restart.
bool is_reloadable(const ConfigChange& change);

// "pools.airports: workers 10 -> 4, batch.max 64 -> 8; statistics: every 10s -> 1s"
std::string spoken(const std::vector<ConfigChange>& changes);

}  // namespace sluice
