// A database file that is open in this process: its lock, its writer, and the queues in it. A file has one writer, so databases
// and queues that are configured on the same file share one File; a second process is kept out by the lock.
//
// Threads     share and giving back: control, of any component. queue: control. The parts say their own.
// Ownership   the registry of open files is the one mutable global of this module. A FileUse is one component's share; the last
//             one given back closes the file.
// Errors      share and queue throw Failure with one sentence that names the file.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "lock_file.hpp"
#include "writer.hpp"

namespace sluice::sqlite {

class File;
class Queue;

struct GiveBackFile {
    void operator()(File* file) const noexcept;
};
using FileUse = std::unique_ptr<File, GiveBackFile>;

class File {
public:
    // The file at `path`, which is opened, and created, if it is not yet. The longest busy timeout of all sharers holds.
    static FileUse share(const std::string& path, std::chrono::milliseconds busy_timeout);

    explicit File(std::string path, std::chrono::milliseconds busy_timeout);
    ~File();
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    const std::string& path() const { return path_; }  // absolute, without symbolic links
    const std::string& resource_id() const { return resource_id_; }
    Writer& writer() { return writer_; }

    // The queue of this name, created if it is missing; lives as long as the file is open.
    Queue& queue(const std::string& name);

    // Statements and records belong to one database; a second one on the same file is refused.
    void claim_for_database();
    void unclaim_for_database() { has_database_ = false; }

private:
    // constant after construction
    const std::string path_;
    const std::string resource_id_;

    LockFile lock_;
    Writer writer_;
    std::atomic<bool> has_database_{false};

    std::mutex mutex_;
    std::map<std::string, std::unique_ptr<Queue>, std::less<>> queues_;  // guarded by mutex_
};

// What is said of a file whose contents SQLite does not understand.
std::string damaged(std::string_view path, std::string_view what);

}  // namespace sluice::sqlite
