#include "file.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "new_file.hpp"
#include "queue/queue.hpp"

namespace sluice::sqlite {
namespace {

namespace fs = std::filesystem;

// The files that are open in this process. By what they are, not by their names: a hard link names the same file.
class OpenFiles {
public:
    FileUse share(const std::string& path, const std::string& given, const Opening& opening, Interruption& interruption) {
        const std::lock_guard lock(mutex_);
        create_if_missing(path);
        FileIdentity identity;
        if (!identify(path, identity))
            throw Failure(SLUICE_UNAVAILABLE, "cannot look at \"" + path + "\": " + std::strerror(errno));
        Entry& entry = files_[identity];
        try {
            if (entry.file) {
                interruption.watch(entry.file->shared_patience());
                entry.file->patience().be_at_least(opening.busy_timeout);
            } else {
                auto patience = std::make_shared<Patience>(path, opening.busy_timeout, opening.log);
                interruption.watch(patience);
                entry.file = std::make_unique<File>(path, given, identity, opening, std::move(patience));
            }
        } catch (...) {
            if (entry.uses == 0) files_.erase(identity);
            throw;
        }
        ++entry.uses;
        return FileUse(entry.file.get());
    }

    // Closes it under the lock, so that whoever opens it next finds it closed.
    void give_back(File& file) {
        std::lock_guard lock(mutex_);
        const auto entry = files_.find(file.identity());
        if (--entry->second.uses == 0) files_.erase(entry);
    }

private:
    struct Entry {
        std::unique_ptr<File> file;
        std::size_t uses = 0;
    };
    std::mutex mutex_;
    std::map<FileIdentity, Entry> files_;  // guarded by mutex_
};

OpenFiles& open_files() {
    static OpenFiles files;
    return files;
}

void expect_file_name(const std::string& given) {
    const fs::path path(given);
    std::error_code unknown;
    if (!path.has_filename() || given == "-" || given == ":memory:" || fs::is_directory(path, unknown))
        throw Failure(SLUICE_INVALID, "`path` must name a database file, which \"" + given + "\" does not");
}

std::string prepared_path(const std::string& given) {
    expect_file_name(given);
    const fs::path path(given);
    if (path.has_parent_path()) create_folders(path.parent_path().string());
    return real_path(given);
}

}  // namespace

std::string real_path(const std::string& given) {
    expect_file_name(given);
    std::error_code error;
    const fs::path real = fs::weakly_canonical(given, error);
    return error ? given : real.string();
}

void GiveBackFile::operator()(File* file) const noexcept {
    open_files().give_back(*file);
}

FileUse File::share(const std::string& path, const Opening& opening, Interruption& interruption) {
    // SQLite would count its memory under one lock for the whole process, at each allocation. Refused, and without harm, if
    // something in this process has used SQLite before.
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    return open_files().share(prepared_path(path), path, opening, interruption);
}

File::File(std::string path, std::string given, FileIdentity identity, const Opening& opening,
           std::shared_ptr<Patience> patience)
    : path_(std::move(path)),
      resource_id_("sqlite:" + path_),
      identity_(identity),
      patience_(std::move(patience)),
      in_place_(std::move(given), path_),
      writer_(*patience_, in_place_) {
    lock_.acquire(path_);
    writer_.open(path_, opening.gives_back_space);
    in_place_.note();
    patience_->on_end([this] { writer_.wake_waiters(); });
}

File::~File() {
    patience_->on_end({});
    writer_.close();
    queues_.clear();
    writer_.close_connection();
    lock_.release();
}

Handle File::open_reader() {
    Handle reader = open_for_reading(path_, *patience_);
    if (const Status there = in_place_.check(); !there.ok()) throw Failure(there.code(), there.text());
    return reader;
}

Queue& File::queue(const std::string& name) {
    std::lock_guard lock(mutex_);
    std::unique_ptr<Queue>& queue = queues_[name];
    if (!queue) {
        try {
            queue = std::make_unique<Queue>(*this, name);
        } catch (const Failure& failure) {
            queues_.erase(name);
            if (is_permanent(failure.code())) throw;  // names the file already
            throw Failure(failure.code(), "\"" + path_ + "\" cannot hold the queue \"" + name + "\": " + failure.what());
        }
    }
    return *queue;
}

void File::claim_for_database() {
    if (has_database_.exchange(true))
        throw Failure(SLUICE_UNAVAILABLE,
                      "\"" + path_ +
                          "\" is open as another database of this configuration: a file has one writer, so configure it "
                          "once and use that name everywhere");
}

}  // namespace sluice::sqlite
