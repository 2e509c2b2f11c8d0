// The one connection of a file that writes and checkpoints: transactions, savepoints, statements.
//
// Threads     one at a time: the writer's thread, or the worker that holds the writer (see Writer).
// Errors      open throws Failure; the rest answers a Status, with SQLite's text.
// Invariants  (1) Outside begin() .. commit()/rollback() no transaction is open.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "database/statements.hpp"
#include "handle.hpp"
#include "in_place.hpp"
#include "sluice/sdk/database.hpp"
#include "space.hpp"

namespace sluice::sqlite {

class WriteConnection {
public:
    // The log is written back into the file when it is longer than this: 4 MiB, where SQLite's own default is.
    static constexpr int checkpoint_pages = 1000;

    WriteConnection(Patience& patience, const InPlace& in_place) : patience_(patience), in_place_(in_place) {}

    // `gives_back_space`: if the file is new.
    void open(const std::string& path, bool gives_back_space);
    // The last checkpoint: empties the log, so that the file alone is the database. The statements must be finalized.
    void close();
    // A script that may do all but what the promises of this adapter stand on. Throws.
    void run_setup(const std::string& setup);
    sqlite3* handle() { return handle_.get(); }

    Status begin() { return step(begin_.get()); }
    // The files are looked at before, so that nothing is written where nobody finds it, and after: what was removed before the
    // commit shows by then, so SLUICE_OK is never said of something that nobody finds.
    Status commit();
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
    // A queue lives in the file: what is removed from it is given back.
    void give_back_space() { space_.open(handle_.get(), patience_); }
    // While nobody waits; whether there is more.
    Space::Left give_back_a_slice() { return space_.give_back_a_slice(); }

    // Of the failures since the last call: whether a message may have caused them, and the statement that does not fit the
    // tables any more, if one does not.
    bool take_blame() { return std::exchange(may_be_a_message_, false); }
    std::string take_unfit() { return std::exchange(unfit_, {}); }

private:
    Status step(sqlite3_stmt* statement) { return sqlite::step(handle_.get(), statement); }
    Status compile(Statement& statement);
    Status failed(std::string_view sql);

    Patience& patience_;
    const InPlace& in_place_;

    Handle handle_;
    Prepared begin_, commit_, rollback_, savepoint_, release_, undo_;
    int log_pages_ = 0;  // in the write-ahead log after the last commit
    std::vector<sluice_value> row_;
    Space space_;
    bool may_be_a_message_ = false;
    std::string unfit_;
};

// Hands the rows of a bound statement to the sink, until it has enough. Used for reading connections, too.
int hand_out_rows(sqlite3_stmt* statement, const RowSink& rows, std::vector<sluice_value>& row);

}  // namespace sluice::sqlite
