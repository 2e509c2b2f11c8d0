// Whether a file may be loaded into this process: a plugin has all rights of the host, so whoever may write it may do what the
// host may.
//
// Judged are the file that a path resolves to and the directory it stands in: both belong to root or to the user the host runs
// as, and nobody else may write them. Directories further up are not judged.
#pragma once

#include <filesystem>

#include "core/error.hpp"

namespace sluice {

// The path with every symbolic link resolved, absolute; use this one from here on. The error says which permission to change.
Result<std::filesystem::path> check_plugin_file(const std::filesystem::path& file);

}  // namespace sluice
