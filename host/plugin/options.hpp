// A component's options as the plugin sees them: the ABI's accessors over a tree of nodes.
//
// Threads      any; the tree is immutable by then.
// Ownership    the tree belongs to the configuration, which outlives every instance.
#pragma once

#include "sluice/options.h"
#include "text/node.hpp"

namespace sluice {

const sluice_options_api& options_api();

// What sluice_setup::options is.
const sluice_node* to_abi(const Node& node);

}  // namespace sluice
