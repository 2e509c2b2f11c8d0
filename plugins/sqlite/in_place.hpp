// Whether the files of a database are still those that were opened.
//
// Whoever removes or replaces them under a process that has them open does not disturb it: it goes on in files that nobody
// finds any more. SQLITE_FCNTL_HAS_MOVED answers that for the database file alone; -wal and -shm matter as much, since what is
// committed stands in the one and is agreed on in the other.
//
// Threads     check: any. note: control, once the database was written to, so that all three are there.
// Cost        three stat(2) a check: once for a group of commits, never for a message.
// Errors      check: SLUICE_FAILED, which file and what to do.
// Limits      what is removed and put back between two checks is not seen.
#pragma once

#include <sys/types.h>

#include <array>
#include <string>

#include "sluice/sdk/status.hpp"

namespace sluice::sqlite {

// A file, whatever its name.
struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;

    auto operator<=>(const FileIdentity&) const = default;
};
// False: there is no such file, or it cannot be looked at; errno says why.
bool identify(const std::string& path, FileIdentity& identity);

class InPlace {
public:
    // `given`: the database as the configuration names it; it may be a symbolic link to `path`.
    InPlace(std::string given, const std::string& path);

    void note();
    Status check() const;

private:
    std::array<std::string, 3> paths_;
    std::array<FileIdentity, 3> noted_{};
};

}  // namespace sluice::sqlite
