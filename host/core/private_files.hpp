// Files and folders of the host's own: they hold the bodies and keys of messages, so only their owner may write them and only
// the group may read them, whatever the umask says. What is there already keeps its mode.
//
// Threads  any; no state.
// Errors   as the functions of the operating system that they are named after: -1 or false, and errno.
#pragma once

#include <filesystem>

namespace sluice {

// 0750, with every parent that is missing. True if the folder is there.
bool make_private_folders(const std::filesystem::path& folder);
// 0640. open(2) with O_CREAT and O_CLOEXEC; `flags` says the rest.
int open_private(const std::filesystem::path& file, int flags);

}  // namespace sluice
