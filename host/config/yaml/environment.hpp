// The second half of reading: the environment put in, types inferred, paths told.
//
//   ${NAME}            the variable's value; a problem if it is not set
//   ${NAME:-default}   the default if it is not set or empty
//   $${                the two signs ${
//
// Replacement comes after parsing, so a value cannot change the structure of the file, and is not repeated inside what was
// put in. The type of a scalar without quotes is inferred afterwards; one that came from the environment is never null or an
// octal number, but text.
//
// Limits       limits::config_replaced_bytes for all values put in, limits::config_path_bytes for all paths.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "text/node.hpp"
#include "text/problems.hpp"

namespace sluice {

// A variable's value, or nothing if it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

Environment process_environment();

// False: the paths would take too much, and the tree is of no use.
bool finish_tree(Node& root, const Environment& environment, Problems& problems);

}  // namespace sluice
