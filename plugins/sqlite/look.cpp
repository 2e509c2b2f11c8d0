#include "look.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "database/store.hpp"
#include "file.hpp"
#include "queue/role.hpp"

namespace sluice::sqlite {
namespace {

constexpr int looks_max = 3;  // a host that starts or stops meanwhile changes what lies beside the file

// What lies beside a database file.
struct Beside {
    bool has_log = false, has_index = false;
    bool is_log_empty = true;
    bool operator==(const Beside&) const = default;
};

Beside beside(const std::string& path) {
    struct stat log {
    }, index{};
    const bool has_log = ::stat((path + "-wal").c_str(), &log) == 0;
    return {has_log, ::stat((path + "-shm").c_str(), &index) == 0, !has_log || log.st_size == 0};
}

[[noreturn]] void may_not(const std::string& what, int error) {
    const bool is_about_rights = error == EACCES || error == EPERM || error == EROFS;
    const bool is_about_path = error == ENOTDIR || error == ELOOP || error == ENAMETOOLONG;
    throw Failure(is_about_rights || is_about_path ? SLUICE_INVALID : SLUICE_UNAVAILABLE,
                  "cannot " + what + ": " + std::strerror(error) +
                      (is_about_rights ? "; let this user do that, or configure another path"
                       : is_about_path ? "; correct `path`"
                                       : ""));
}

// SQLite's own descriptor is asked: to close another one of the file would end the locks of whoever has it open here.
bool is_in_wal_mode(sqlite3* handle) {
    constexpr sqlite3_int64 place_of_version = 18;  // https://www.sqlite.org/fileformat2.html, 1.3
    sqlite3_file* file = nullptr;
    unsigned char version = 0;
    if (sqlite3_file_control(handle, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK || file == nullptr ||
        file->pMethods == nullptr || file->pMethods->xRead(file, &version, 1, place_of_version) != SQLITE_OK)
        return true;  // nothing is stored: neither mode leaves a trace then
    return version == 2;
}

// Throws if the handle reads no database. False: it could only after a change.
bool reads_schema(sqlite3* handle, const std::string& path) {
    try {
        const Prepared count = prepare(handle, "SELECT count(*) FROM sqlite_schema");
        if (sqlite3_step(count.get()) == SQLITE_ROW) return true;
        const Status error = last_error(handle);
        throw Failure(error.code(), error.text());
    } catch (const Failure& failure) {
        if ((sqlite3_errcode(handle) & 0xff) == SQLITE_READONLY) return false;
        if (is_permanent(failure.code())) throw;  // names the file already
        throw Failure(failure.code(), "cannot read \"" + path + "\": " + failure.what());
    }
}

}  // namespace

Look::Look(const std::string& given, std::chrono::milliseconds busy_timeout, const Probe& probe)
    : path_(real_path(given)),
      patience_(path_, busy_timeout) {
    probe.fact(SLUICE_FACT_SERVER, std::string("SQLite ") + sqlite3_libversion());
    if (!is_there()) {
        expect_folder();
        probe.fact("file", path_ + " is not there yet: it is made at the start");
        return;
    }
    if (::access(path_.c_str(), R_OK | W_OK) != 0) may_not("read and write \"" + path_ + "\"", errno);
    const std::string folder = std::filesystem::path(path_).parent_path().string();
    if (::access(folder.c_str(), W_OK | X_OK) != 0) may_not("make the log of \"" + path_ + "\" in its folder", errno);
    open();
    struct stat file {};
    if (::stat(path_.c_str(), &file) != 0) may_not("look at \"" + path_ + "\"", errno);
    probe.fact("file", path_ + " of " + std::to_string(file.st_size) + " bytes");
    if (is_on_network(path_)) probe.fact("file_system", "on the network: hosts of one machine only may use the file");
    if (is_unreadable_) {
        probe.fact("contents", "not looked at: the last program did not close the file and its log has to be recovered");
    } else if (!is_in_wal_mode(handle_.get())) {
        probe.fact("journal", "not in WAL mode yet: it is switched at the start");
    }
}

bool Look::is_there() const {
    struct stat file {};
    if (::stat(path_.c_str(), &file) == 0) {
        if (S_ISREG(file.st_mode)) return true;
        throw Failure(SLUICE_INVALID, "\"" + path_ + "\" is no regular file: `path` must name a database file");
    }
    if (errno != ENOENT) may_not("look at \"" + path_ + "\"", errno);
    return false;
}

// Of the file, or of the folders that are made for it.
void Look::expect_folder() const {
    std::filesystem::path folder = std::filesystem::path(path_).parent_path();
    std::error_code unknown;
    while (!std::filesystem::exists(folder, unknown) && folder.has_relative_path()) folder = folder.parent_path();
    if (!std::filesystem::is_directory(folder, unknown))
        throw Failure(SLUICE_INVALID, "cannot create \"" + path_ + "\": \"" + folder.string() + "\" is no folder");
    if (::access(folder.c_str(), W_OK | X_OK) != 0)
        may_not("create \"" + path_ + "\" in the folder \"" + folder.string() + "\"", errno);
}

void Look::open() {
    for (int looks = 1;; ++looks) {
        const Beside seen = beside(path_);
        is_unreadable_ = !seen.is_log_empty && !seen.has_index;
        if (is_unreadable_) return;
        try {
            if (seen.has_log && seen.has_index) {
                handle_ = open_to_look(path_, "mode=ro&readonly_shm=1", patience_);
            } else {
                handle_ = open_to_look(path_, "immutable=1", patience_);
                if (!is_in_wal_mode(handle_.get())) handle_ = open_to_look(path_, "mode=ro", patience_);
            }
            is_unreadable_ = !reads_schema(handle_.get(), path_);
            if (is_unreadable_) handle_.reset();
            return;
        } catch (const Failure&) {
            handle_.reset();
            if (looks == looks_max || beside(path_) == seen) throw;
        }
    }
}

bool Look::has_table(const std::string& name) const {
    const Prepared found = prepare(handle_.get(), "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?");
    sqlite3_bind_text(found.get(), 1, name.data(), static_cast<int>(name.size()), SQLITE_STATIC);
    return sqlite3_step(found.get()) == SQLITE_ROW;
}

namespace {

// A table of ours whose columns are not ours.
void expect_table(const Look& look, const std::string& name, const std::string& columns) {
    if (!look.has_table(name)) return;
    try {
        (void)prepare(look.handle(), "SELECT " + columns + " FROM " + name);
    } catch (const Failure& failure) {
        if (failure.code() != SLUICE_INVALID) throw;
        throw Failure(SLUICE_INVALID, "\"" + look.path() + "\": its table " + name + " was not made by Sluice (" +
                                          failure.what() + "): use another file");
    }
}

void look_at_queue(const Look& look, const std::string& name, const Probe& probe) {
    expect_table(look, "sluice_queue", "number, version, stream, next, messages, bytes, dead");
    Prepared row;
    if (look.has_table("sluice_queue")) {
        row = prepare(look.handle(), "SELECT number, version, messages, dead FROM sluice_queue WHERE name = ?");
        sqlite3_bind_text(row.get(), 1, name.data(), static_cast<int>(name.size()), SQLITE_STATIC);
        const int code = sqlite3_step(row.get());
        if (code != SQLITE_ROW && code != SQLITE_DONE) {
            const Status error = last_error(look.handle());
            throw Failure(error.code(), "reading the table of queues in \"" + look.path() + "\": " + error.text());
        }
        if (code == SQLITE_DONE) row.reset();
    }
    if (!row) return probe.fact("queue", "\"" + name + "\" is not there yet: it is made at the start");

    const std::string cannot_hold = "\"" + look.path() + "\" cannot hold the queue \"" + name + "\": ";
    const std::int64_t stored = sqlite3_column_int64(row.get(), 1);
    if (stored != QueueTable::version) throw Failure(SLUICE_INVALID, cannot_hold + QueueTable::other_layout(stored).what());
    const std::string table = "sluice_queue_" + std::to_string(sqlite3_column_int64(row.get(), 0));
    if (!look.has_table(table))
        throw Failure(SLUICE_INVALID, cannot_hold + "its table " + table + " is missing: put it back, from a backup");
    const std::int64_t dead = sqlite3_column_int64(row.get(), 3);
    const std::int64_t waiting = std::max<std::int64_t>(sqlite3_column_int64(row.get(), 2) - dead, 0);
    probe.fact("messages", std::to_string(waiting) + " waiting and " + std::to_string(dead) + " dead");
}

}  // namespace

void probe_database(const Settings& settings, const Probe& probe) {
    const Look look(settings.path, settings.busy_timeout, probe);
    if (look.handle() != nullptr && settings.deduplicate) {
        expect_table(look, "sluice_stream", "number, source, stream, below");
        expect_table(look, "sluice_range", "stream, start, stop");
        expect_table(look, "sluice_seen", "number, source, id, at");
    }
    probe.fact(SLUICE_FACT_DURABILITY, "commits are on the disk before they count (WAL with synchronous=FULL)");
    probe.fact(SLUICE_FACT_REDELIVERY, settings.deduplicate
                                           ? "what is delivered again takes effect once"
                                           : "what is delivered again takes effect again: `deduplicate` is off");
}

void probe_queue(const QueueSettings& settings, const Probe& probe) {
    const Look look(settings.path, settings.busy_timeout, probe);
    if (look.handle() != nullptr) look_at_queue(look, settings.queue, probe);
    probe.fact(SLUICE_FACT_DURABILITY, "messages are on the disk before they are confirmed (WAL with synchronous=FULL)");
    probe.fact(SLUICE_FACT_REDELIVERY, "what is not settled comes again under the same id");
    probe.fact(SLUICE_FACT_ORDER, "as stored");
    if (settings.max_messages != 0)
        probe.fact(SLUICE_FACT_LIMITS, "at most " + std::to_string(settings.max_messages) + " messages");
    if (settings.max_bytes != 0) probe.fact(SLUICE_FACT_LIMITS, "at most " + std::to_string(settings.max_bytes) + " bytes");
}

}  // namespace sluice::sqlite
