// The file PATH.sluice-lock: holds every other process, and every other instance in this process, off a database file.
//
// It is an flock of its own, not one on the database: closing a second descriptor of the database file would drop SQLite's
// locks. The file stays when the lock is released; removing it would let two processes lock two files of the same name.
//
// Errors  acquire throws Failure: who holds the file, and what to do.
#pragma once

#include <string>

namespace sluice::sqlite {

class LockFile {
public:
    LockFile() = default;
    ~LockFile() { release(); }
    LockFile(const LockFile&) = delete;
    LockFile& operator=(const LockFile&) = delete;

    void acquire(const std::string& database_path);
    void release() noexcept;

private:
    int descriptor_ = -1;
};

}  // namespace sluice::sqlite
