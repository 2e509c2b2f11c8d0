// A database file that is open in this process: its lock, its writer, and the queues in it. A file has one writer, so databases
// and queues that are configured on the same file share one File; a second process is kept out by the lock.
//
// Threads     share and giving back: control, of any component. check_in_place, open_reader: any. queue: control. The parts say
//             their own.
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

#include "in_place.hpp"
#include "interruption.hpp"
#include "lock_file.hpp"
#include "writer.hpp"

namespace sluice::sqlite {

class File;
class Queue;

// Absolute and without symbolic links, as far as it is there. Throws Failure if it can name no database file.
std::string real_path(const std::string& given);

struct GiveBackFile {
    void operator()(File* file) const noexcept;
};
using FileUse = std::unique_ptr<File, GiveBackFile>;

// How a component wants its file.
struct Opening {
    std::chrono::milliseconds busy_timeout{5'000};  // of all sharers the longest holds
    bool gives_back_space = false;                  // a queue lives in it: see Space
    Log log = {};                                   // of all sharers that of the first
};

class File {
public:
    // The file at `path`, which is opened, and created, if it is not yet. `interruption` can end the waiting from the start on.
    static FileUse share(const std::string& path, const Opening& opening, Interruption& interruption);

    // `given`: as the configuration names it.
    File(std::string path, std::string given, FileIdentity identity, const Opening& opening,
         std::shared_ptr<Patience> patience);
    ~File();
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    const std::string& path() const { return path_; }  // absolute, without symbolic links
    const std::string& resource_id() const { return resource_id_; }
    FileIdentity identity() const { return identity_; }
    Writer& writer() { return writer_; }
    Patience& patience() { return *patience_; }
    const std::shared_ptr<Patience>& shared_patience() const { return patience_; }
    // [any] SLUICE_FAILED: somebody has moved, removed or replaced it.
    Status check_in_place() const { return in_place_.check(); }
    // A reading connection, certainly of this file and not of another one that has taken its place.
    Handle open_reader();

    // The queue of this name, created if it is missing; lives as long as the file is open.
    Queue& queue(const std::string& name);

    // Statements and records belong to one database; a second one on the same file is refused.
    void claim_for_database();
    void unclaim_for_database() { has_database_ = false; }

private:
    // constant after construction
    const std::string path_;
    const std::string resource_id_;
    const FileIdentity identity_;
    const std::shared_ptr<Patience> patience_;

    LockFile lock_;
    InPlace in_place_;
    Writer writer_;
    std::atomic<bool> has_database_{false};

    std::mutex mutex_;
    std::map<std::string, std::unique_ptr<Queue>, std::less<>> queues_;  // guarded by mutex_
};

}  // namespace sluice::sqlite
