#include "file.hpp"

#include <filesystem>

#include "queue.hpp"

namespace sluice::sqlite {
namespace {

namespace fs = std::filesystem;

// The files that are open in this process, by their real path.
class OpenFiles {
public:
    FileUse share(const std::string& path, std::chrono::milliseconds busy_timeout) {
        const std::lock_guard lock(mutex_);
        Entry& entry = files_[path];
        try {
            if (entry.file) {
                const HeldWriter held(entry.file->writer());
                entry.file->writer().be_patient(busy_timeout);
            } else {
                entry.file = std::make_unique<File>(path, busy_timeout);
            }
        } catch (...) {
            if (entry.uses == 0) files_.erase(path);
            throw;
        }
        ++entry.uses;
        return FileUse(entry.file.get());
    }

    // Closes it under the lock, so that whoever opens it next finds it closed.
    void give_back(File& file) {
        std::lock_guard lock(mutex_);
        const auto entry = files_.find(file.path());
        if (--entry->second.uses == 0) files_.erase(entry);
    }

private:
    struct Entry {
        std::unique_ptr<File> file;
        std::size_t uses = 0;
    };
    std::mutex mutex_;
    std::map<std::string, Entry> files_;  // guarded by mutex_
};

OpenFiles& open_files() {
    static OpenFiles files;
    return files;
}

std::string prepared_path(const std::string& given) {
    const fs::path path(given);
    std::error_code error;
    if (!path.has_filename() || given == "-" || given == ":memory:" || fs::is_directory(path, error))
        throw Failure(SLUICE_INVALID, "`path` must name a database file, which \"" + given + "\" does not");
    if (path.has_parent_path()) {
        fs::create_directories(path.parent_path(), error);
        if (error)
            throw Failure(SLUICE_UNAVAILABLE,
                          "cannot create the folder \"" + path.parent_path().string() + "\": " + error.message());
    }
    const fs::path real = fs::weakly_canonical(path, error);
    return error ? path.string() : real.string();
}

}  // namespace

void GiveBackFile::operator()(File* file) const noexcept {
    open_files().give_back(*file);
}

FileUse File::share(const std::string& path, std::chrono::milliseconds busy_timeout) {
    // SQLite would count its memory under one lock for the whole process, at each allocation. Refused, and without harm, if
    // something in this process has used SQLite before.
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    return open_files().share(prepared_path(path), busy_timeout);
}

File::File(std::string path, std::chrono::milliseconds busy_timeout) : path_(std::move(path)), resource_id_("sqlite:" + path_) {
    lock_.acquire(path_);
    try {
        writer_.open(path_, busy_timeout);
    } catch (const Failure& failure) {
        if (failure.code() != SLUICE_CORRUPT) throw;
        throw Failure(SLUICE_CORRUPT, damaged(path_, failure.what()));
    }
}

File::~File() {
    writer_.close();
    queues_.clear();
    writer_.close_connection();
    lock_.release();
}

Queue& File::queue(const std::string& name) {
    std::lock_guard lock(mutex_);
    std::unique_ptr<Queue>& queue = queues_[name];
    if (!queue) {
        try {
            queue = std::make_unique<Queue>(*this, name);
        } catch (const Failure& failure) {
            queues_.erase(name);
            if (failure.code() == SLUICE_CORRUPT) throw Failure(SLUICE_CORRUPT, damaged(path_, failure.what()));
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

std::string damaged(std::string_view path, std::string_view what) {
    return "\"" + std::string(path) + "\" is damaged, or no SQLite database (" + std::string(what) +
           "): restore it from a backup, save what `sqlite3 FILE .recover` finds, or move it and its -wal and -shm away to "
           "begin "
           "with an empty one";
}

}  // namespace sluice::sqlite
