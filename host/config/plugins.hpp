// The second half of checking a configuration: each component's options against what its plugin's manifest declares.
//
// Needs manifests only; no code of a plugin runs.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

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

// What surrounds the options of one component.
struct OptionContext {
    std::string_view role;         // of a queue: "source" or "target"; else empty
    std::filesystem::path folder;  // relative paths start here
    Mark mark;                     // of the component, for what is missing
};

// Types, ranges, required ones, unknown ones. Afterwards `options` has a checked value for every option that is given or has a
// default: durations and sizes as integers (ms, bytes), paths absolute, secrets marked, NAME_file replaced by NAME.
void check_options(const ComponentSpec& spec, const OptionContext& context, Node& options, Problems& problems);

}  // namespace sluice
