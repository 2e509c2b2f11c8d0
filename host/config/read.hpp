// From a YAML file to a HostConfig: everything about it that can be judged without looking at a plugin.
//
//   read_yaml -> apply_override -> finish_tree -> the readers of each part
//
// Errors       all at once in Problems, each with its place; the HostConfig is then as far as it could be read, good enough
//              for check_plugins to find more.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/yaml/environment.hpp"
#include "text/problems.hpp"

namespace sluice {

struct ConfigInput {
    std::filesystem::path file;          // "-" = standard input
    std::vector<std::string> overrides;  // "pools.airports.workers=4"
    Environment environment;
};

struct ReadConfig {
    HostConfig config;
    Problems problems;
    std::set<std::string> keys;  // all that this version knows, in general: "pools.NAME.workers"; if the file got that far
};

ReadConfig read_config(const ConfigInput& input);

}  // namespace sluice
