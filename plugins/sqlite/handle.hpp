// SQLite's handles as values; how a database file is opened for writing and for reading, and how statements are prepared and
// run.
//
// Threads     a handle is used by one thread at a time; who that is, its owner arranges (handles are opened without SQLite's
//             own mutex).
// Errors      open and prepare throw Failure with one sentence; the rest answers a Status.
// Invariants  (1) Exactly one connection of a file, the writer's, ever writes or checkpoints. SQLite before 3.51.3 can corrupt
//             a database when two connections do ("WAL-reset bug"). So a reader is query_only, has no automatic checkpoint,
//             none on close, and maps no memory.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "patience.hpp"
#include "result.hpp"
#include "sluice/sdk/status.hpp"

namespace sluice::sqlite {

struct CloseHandle {
    void operator()(sqlite3* handle) const noexcept { sqlite3_close(handle); }
};
struct FinalizeStatement {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
using Handle = std::unique_ptr<sqlite3, CloseHandle>;
using Prepared = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

// WAL, every commit synced, checkpoints only when asked for. `gives_back_space`: if the file is empty yet, it is made one that
// can (see Space).
Handle open_for_writing(const std::string& path, Patience& patience, bool gives_back_space = false);
// As invariant 1 says. Statements that would change that, or leave the database, are refused when they are prepared.
Handle open_for_reading(const std::string& path, Patience& patience);

// For reading what another process may have open, with parameters of SQLite's URIs that keep it from changing anything (see
// Look).
Handle open_to_look(const std::string& path, const char* parameters, Patience& patience);

// Runs a script of any number of statements. Throws.
void run_script(sqlite3* handle, const std::string& sql, std::string_view doing);

// One statement, kept for long; text behind it but blanks and comments is an error. Throws, with the place of the error in the
// text.
Prepared prepare(sqlite3* handle, std::string_view sql);

// Runs a statement that answers no rows, and resets it.
Status step(sqlite3* handle, sqlite3_stmt* statement);

// Binds all parameters; texts and blobs are not copied and must live until the statement is reset.
int bind(sqlite3_stmt* statement, std::span<const sluice_value> values) noexcept;
// The column of the current row; a view until the next step.
sluice_value column(sqlite3_stmt* statement, int index) noexcept;

}  // namespace sluice::sqlite
