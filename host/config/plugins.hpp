// The second half of checking a configuration: each component's options against what its plugin's manifest declares.
//
// Needs manifests only; no code of a plugin runs.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "config/config.hpp"
#include "core/error.hpp"
#include "plugin/manifest.hpp"
#include "text/problems.hpp"

namespace sluice {

struct FoundComponent {
    std::filesystem::path library;
    const ComponentSpec* spec;  // lives as long as the configuration is checked
};

// The component that `plugin:` names: by its name, or by the absolute path of a .so.
using FindComponent = std::function<Result<FoundComponent>(ComponentKind kind, const std::string& plugin)>;

// Fills ComponentConfig::component, library and options of all components.
void check_plugins(HostConfig& config, const FindComponent& find, Problems& problems);

}  // namespace sluice
