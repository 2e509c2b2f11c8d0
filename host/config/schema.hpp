// The configuration as a JSON Schema (2020-12), for editors: the host's own keys from one table, the options of components from
// the manifests of the plugins that are found.
//
// A schema cannot judge all that `sluice check` does: it knows keys, types, ranges and choices, not how they belong together.
//
// Threads      any; no state.
#pragma once

#include <set>
#include <string>

#include "plugin/registry.hpp"

namespace sluice {

std::string config_schema(const Registry& registry);

// Every key the schema knows, in general: "pools.NAME.workers".
std::set<std::string> schema_keys();

}  // namespace sluice
