// The whole way from a file to a configuration that is right as far as manifests can tell. No code of a plugin runs.
#pragma once

#include <memory>

#include "config/config.hpp"
#include "config/read.hpp"
#include "plugin/registry.hpp"
#include "text/problems.hpp"

namespace sluice {

struct LoadedConfig {
    HostConfig config;
    Problems problems;
    std::unique_ptr<Registry> registry;  // of the host's own plugins and those on plugin_path
};

LoadedConfig load_config(const ConfigInput& input);

}  // namespace sluice
