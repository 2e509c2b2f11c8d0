// Files and folders that this plugin creates: they hold the bodies of messages, so only their owner may write them and only the
// group may read them, whatever the umask says. What is there already keeps its mode.
//
// Threads  any.
// Errors   throws Failure: which file or folder, and what the operating system said.
#pragma once

#include <string>

namespace sluice::sqlite {

// 0750, with every parent that is missing.
void create_folders(const std::string& path);
// 0640. Opened for reading and writing; the caller closes it.
int open_or_create(const std::string& path);
// 0640 and empty, unless the file is there. The -wal and -shm of a database take its mode.
void create_if_missing(const std::string& path);

}  // namespace sluice::sqlite
