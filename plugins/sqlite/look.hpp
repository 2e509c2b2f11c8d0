// A look at a database file that nobody in this process has open, and that another process may be writing: what `probe` of a
// component finds. Nothing is created or changed, and no lock is taken that keeps a host out.
//
// How SQLite reads a file without leaving a trace depends on what lies beside it:
//
//   -wal and -shm       somebody has it open, or ended without closing it: read-only, with the shared index read-only as well
//                       (SQLite then makes one of its own in memory if nobody keeps the shared one up to date)
//   -wal, not empty     the log cannot be read without making its index: what is stored is not looked at
//   neither, WAL        it was closed in order: immutable, since SQLite would make both of them to read it
//   another mode        of another program, until a host opens it: read-only
//
// Threads     one.
// Errors      throws Failure: SLUICE_INVALID, with the remedy, for what a user may not do here; else as result.hpp says.
#pragma once

#include <chrono>
#include <string>

#include "handle.hpp"
#include "sluice/sdk/probe.hpp"

namespace sluice::sqlite {

struct QueueSettings;
struct Settings;

class Look {
public:
    // Tells what there is of the file, or that it will be made.
    Look(const std::string& given, std::chrono::milliseconds busy_timeout, const Probe& probe);

    const std::string& path() const { return path_; }
    // NULL: the file is not there, or cannot be read now.
    sqlite3* handle() const { return handle_.get(); }
    bool has_table(const std::string& name) const;

private:
    bool is_there() const;
    void expect_folder() const;
    void open();

    const std::string path_;
    Patience patience_;
    Handle handle_;
    bool is_unreadable_ = false;  // without changing it
};

void probe_database(const Settings& settings, const Probe& probe);
void probe_queue(const QueueSettings& settings, const Probe& probe);

}  // namespace sluice::sqlite
