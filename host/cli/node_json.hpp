// A node that was read from JSON as JSON again.
#pragma once

#include <string>

#include "core/node.hpp"

namespace sluice {

std::string to_json(const Node& node);

}  // namespace sluice
