// The one connection of a file that writes and checkpoints: transactions, savepoints, statements.
//
// Threads     one at a time: the writer's thread, or the worker that holds the writer (see Writer).
// Errors      open throws Failure; the rest answers a Status, with SQLite's text.
// Invariants  (1) Outside begin() .. commit()/rollback() no transaction is open.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "handle.hpp"
#include "sluice/sdk/database.hpp"
#include "statements.hpp"

namespace sluice::sqlite {

class WriteConnection {
public:
    // The log is written back into the file when it is longer than this: 4 MiB, where SQLite's own default is.
    static constexpr int checkpoint_pages = 1000;

    void open(const std::string& path, std::chrono::milliseconds busy_timeout);
    // The last checkpoint: empties the log, so that the file alone is the database. The statements must be finalized.
    void close();
    // A script that may do all but what the promises of this adapter stand on. Throws.
    void run_setup(const std::string& setup);
    void set_busy_timeout(std::chrono::milliseconds busy_timeout);
    sqlite3* handle() { return handle_.get(); }

    Status begin() { return step(begin_.get()); }
    Status commit() { return step(commit_.get()); }
    void rollback();  // also when SQLite has rolled back already
    bool is_in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

    // Savepoints do not nest.
    Status savepoint() { return step(savepoint_.get()); }
    Status release() { return step(release_.get()); }
    Status undo();  // to the savepoint, and releases it
    // SLUICE_CONSTRAINT if rows refer to rows that are not there and the check is deferred.
    Status check_references();

    Status execute(Statement& statement, std::span<const sluice_value> values);
    Status query(Statement& statement, std::span<const sluice_value> values, const RowSink& rows);

    void checkpoint_if_due();
    // A small durable write that changes nothing: whether the disk takes one.
    Status probe();

private:
    Status step(sqlite3_stmt* statement) { return sqlite::step(handle_.get(), statement); }
    Status compile(Statement& statement);

    Handle handle_;
    Prepared begin_, commit_, rollback_, savepoint_, release_, undo_;
    int log_pages_ = 0;  // in the write-ahead log after the last commit
    std::vector<sluice_value> row_;
};

// Hands the rows of a bound statement to the sink, until it has enough. Used for reading connections, too.
int hand_out_rows(sqlite3_stmt* statement, const RowSink& rows, std::vector<sluice_value>& row);

}  // namespace sluice::sqlite
