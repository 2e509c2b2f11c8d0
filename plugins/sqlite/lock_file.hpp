// Holds every other process, and every other instance in this process, off a database file.
//
// Two locks, both flock(2): one on the file PATH.sluice-lock, which says who holds it, and one on the database file itself,
// which holds under each of its names (hard links, bind mounts). PATH.sluice-lock stays when the lock is released; removing it
// would let two processes lock two files of the same name.
//
// Threads     control.
// Invariants  (1) The descriptor of the database file is closed after the last handle of SQLite on it: closing any descriptor
//             of a file drops the fcntl locks that the process has on it, SQLite's too.
// Errors      acquire throws Failure: who holds the file, and what to do.
// Limits      on network file systems flock(2) is made of the locks that SQLite uses, so only PATH.sluice-lock is locked there.
#pragma once

#include <string>

namespace sluice::sqlite {

// Whether a file is on a network file system.
bool is_on_network(const std::string& path);

class LockFile {
public:
    LockFile() = default;
    ~LockFile() { release(); }
    LockFile(const LockFile&) = delete;
    LockFile& operator=(const LockFile&) = delete;

    // The database file is there, and this process has it open nowhere.
    void acquire(const std::string& database_path);
    void release() noexcept;

private:
    int note_ = -1;      // PATH.sluice-lock
    int database_ = -1;  // the database file itself
};

}  // namespace sluice::sqlite
