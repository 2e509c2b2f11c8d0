// The whole way from a file to a configuration that is right as far as manifests can tell. No code of a plugin runs.
#pragma once

#include <memory>

#include "app/config.hpp"
#include "app/config_read.hpp"
#include "core/problems.hpp"
#include "plugin/registry.hpp"

namespace sluice {

struct LoadedConfig {
    HostConfig config;
    Problems problems;
    std::unique_ptr<Registry> registry;  // of the host's own plugins and those on plugin_path
};

LoadedConfig load_config(const ConfigInput& input);

}  // namespace sluice
