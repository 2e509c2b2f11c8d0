// JSON for requests, and a node that was read from JSON as JSON again.
#pragma once

#include <string>
#include <vector>

#include "text/node.hpp"

namespace sluice {

std::string to_json(const Node& node);
std::string to_json(const std::vector<std::string>& texts);

}  // namespace sluice
