// The options of one component against what its plugin's manifest declares: a walk over that table.
#pragma once

#include <filesystem>
#include <string_view>

#include "plugin/manifest.hpp"
#include "text/node.hpp"
#include "text/problems.hpp"

namespace sluice {

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
