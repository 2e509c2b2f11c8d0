// What plugins are, in text: for people and as JSON. Texts of plugins are shown without control characters, which a terminal
// would obey.
#pragma once

#include <string>

#include "plugin/registry.hpp"

namespace sluice {

// One line per component, then the refusals, then where was searched.
std::string plugin_table(const Registry& registry);

// {"abi":"1.0","folders":["/usr/lib/sluice/plugins"],"plugins":[...]}; a plugin as plugin_json() shows it.
std::string plugin_table_json(const Registry& registry);

// Everything the manifest says.
std::string plugin_page(const Manifest& manifest);

// {"file":"/...","refused":null,"id":...,"version":...,"abi":{...},"components":[...]}; without a manifest only the first two.
std::string plugin_json(const Registry::Candidate& candidate);

}  // namespace sluice
