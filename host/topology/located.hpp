// What is wrong with a component, with its place in the configuration.
#pragma once

#include <string>

#include "config/config.hpp"

namespace sluice {

// "flights.yaml:14:5: pools.airports: TEXT"
std::string located(const Mark& mark, const std::string& path, const std::string& text);

}  // namespace sluice
