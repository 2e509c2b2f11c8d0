// The effective configuration as YAML: defaults filled in, paths absolute, secrets masked. It reads back as an equal
// configuration, but for secrets that stood in the file or the environment themselves.
#pragma once

#include <string>

#include "config/config.hpp"

namespace sluice {

std::string print_config(const HostConfig& config);

}  // namespace sluice
