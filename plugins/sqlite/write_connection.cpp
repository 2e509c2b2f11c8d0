#include "write_connection.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <string_view>

namespace sluice::sqlite {
namespace {

constexpr std::chrono::seconds giving_back_at_end{2};  // the rest at the next end

// What a setup script may not touch, since the promises of this adapter stand on it.
int refuse_in_setup(void* denied, int action, const char* first, const char*, const char*, const char*) {
    constexpr std::array ours{"journal_mode",    "locking_mode",        "synchronous", "wal_autocheckpoint",
                              "wal_checkpoint",  "mmap_size",           "query_only",  "journal_size_limit",
                              "writable_schema", "temp_store_directory"};
    auto& name = *static_cast<std::string*>(denied);
    switch (action) {
        case SQLITE_ATTACH:
        case SQLITE_DETACH: name = "attach databases"; return SQLITE_DENY;
        case SQLITE_CREATE_TEMP_INDEX:
        case SQLITE_CREATE_TEMP_TABLE:
        case SQLITE_CREATE_TEMP_TRIGGER:
        case SQLITE_CREATE_TEMP_VIEW: name = "create temporary objects, which no other connection sees"; return SQLITE_DENY;
        case SQLITE_PRAGMA: {
            std::string pragma = first ? first : "";
            std::transform(pragma.begin(), pragma.end(), pragma.begin(), [](unsigned char c) { return std::tolower(c); });
            if (std::find(ours.begin(), ours.end(), pragma) == ours.end()) return SQLITE_OK;
            name = "set the pragma " + pragma + ", on which durability depends";
            return SQLITE_DENY;
        }
        default: return SQLITE_OK;
    }
}

}  // namespace

void WriteConnection::open(const std::string& path, bool gives_back_space) {
    Handle handle = open_for_writing(path, patience_, gives_back_space);
    begin_ = prepare(handle.get(), "BEGIN IMMEDIATE");
    commit_ = prepare(handle.get(), "COMMIT");
    rollback_ = prepare(handle.get(), "ROLLBACK");
    savepoint_ = prepare(handle.get(), "SAVEPOINT message");
    release_ = prepare(handle.get(), "RELEASE message");
    undo_ = prepare(handle.get(), "ROLLBACK TO message");
    handle_ = std::move(handle);
    // The log and its index are there from the first read on; InPlace wants to see them.
    run_script(handle_.get(), "SELECT count(*) FROM sqlite_schema", "reading \"" + path + "\"");
    sqlite3_wal_hook(
        handle_.get(),
        [](void* self, sqlite3*, const char*, int pages) {
            static_cast<WriteConnection*>(self)->log_pages_ = pages;
            return SQLITE_OK;
        },
        this);
}

void WriteConnection::close() {
    if (!handle_) return;
    for (Prepared* each : {&begin_, &commit_, &rollback_, &savepoint_, &release_, &undo_}) each->reset();
    const auto until = std::chrono::steady_clock::now() + giving_back_at_end;
    while (give_back_a_slice() == Space::Left::more && std::chrono::steady_clock::now() < until) {
    }
    space_.close();
    // Fails only while somebody reads; then the log stays, which is as durable.
    sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    handle_.reset();
}

void WriteConnection::run_setup(const std::string& setup) {
    std::string denied;
    sqlite3* const handle = handle_.get();
    sqlite3_set_authorizer(handle, refuse_in_setup, &denied);
    const int code = sqlite3_exec(handle, setup.c_str(), nullptr, nullptr, nullptr);
    const Status error = code == SQLITE_OK ? Status() : last_error(handle);
    sqlite3_set_authorizer(handle, nullptr, nullptr);
    const bool is_left_open = is_in_transaction();
    rollback();
    if (!denied.empty()) throw Failure(SLUICE_INVALID, "`setup` may not " + denied + ": leave that statement out");
    if (code != SQLITE_OK) throw Failure(error.code(), "`setup` failed: " + error.text());
    if (is_left_open)
        throw Failure(SLUICE_INVALID, "`setup` leaves a transaction open: end it with COMMIT, or leave the BEGIN out");
}

Status WriteConnection::commit() {
    if (Status there = in_place_.check(); !there.ok()) return there;
    if (Status done = step(commit_.get()); !done.ok()) return done;
    return in_place_.check();
}

void WriteConnection::rollback() {
    if (is_in_transaction()) (void)step(rollback_.get());
}

Status WriteConnection::undo() {
    if (Status undone = step(undo_.get()); !undone.ok()) return undone;
    return release();
}

Status WriteConnection::check_references() {
    int unresolved = 0;
    int highest = 0;
    sqlite3_db_status(handle_.get(), SQLITE_DBSTATUS_DEFERRED_FKS, &unresolved, &highest, 0);
    if (unresolved == 0) return SLUICE_OK;
    return {SLUICE_CONSTRAINT, "FOREIGN KEY constraint failed (deferred to the end of the message)"};
}

Status WriteConnection::execute(Statement& statement, std::span<const sluice_value> values) {
    if (!statement.on_writer)
        if (Status compiled = compile(statement); !compiled.ok()) return compiled;
    sqlite3_stmt* const prepared = statement.on_writer.get();
    int code = bind(prepared, values);
    if (code == SQLITE_OK) do {
            code = sqlite3_step(prepared);
        } while (code == SQLITE_ROW);  // RETURNING: nobody asked for the rows
    if (code == SQLITE_DONE) [[likely]] {
        sqlite3_reset(prepared);
        return SLUICE_OK;
    }
    Status error = failed(statement.sql);
    sqlite3_reset(prepared);
    return error;
}

Status WriteConnection::failed(std::string_view sql) {
    const int code = sqlite3_extended_errcode(handle_.get());
    Status error = last_error(handle_.get(), sql);
    may_be_a_message_ |= (code & 0xff) == SQLITE_NOMEM || code == SQLITE_IOERR_NOMEM;
    const bool is_about_tables = code == SQLITE_ERROR || (code & 0xff) == SQLITE_SCHEMA || (code & 0xff) == SQLITE_AUTH;
    if (is_about_tables && error.code() == SLUICE_UNAVAILABLE) unfit_ = sql;
    return error;
}

Status WriteConnection::query(Statement& statement, std::span<const sluice_value> values, const RowSink& rows) {
    if (!statement.on_writer)
        if (Status compiled = compile(statement); !compiled.ok()) return compiled;
    sqlite3_stmt* const prepared = statement.on_writer.get();
    int code = bind(prepared, values);
    if (code == SQLITE_OK) code = hand_out_rows(prepared, rows, row_);
    Status result = code == SQLITE_OK ? Status() : failed(statement.sql);
    sqlite3_reset(prepared);
    return result;
}

void WriteConnection::checkpoint_if_due() {
    if (log_pages_ < checkpoint_pages) return;
    // PASSIVE waits for nobody. What a reader keeps it from doing, the next one does; the log begins anew once all of it is
    // written back and no reader uses it.
    sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    log_pages_ = 0;  // until the next commit says how long it is
}

Status WriteConnection::probe() {
    if (Status begun = begin(); !begun.ok()) return begun;
    const int code = sqlite3_exec(
        handle_.get(), "PRAGMA user_version",
        [](void* self, int, char** columns, char**) {
            const std::string same = std::string("PRAGMA user_version=") + columns[0];
            return sqlite3_exec(static_cast<WriteConnection*>(self)->handle_.get(), same.c_str(), nullptr, nullptr, nullptr);
        },
        this, nullptr);
    Status result = code == SQLITE_OK ? commit() : last_error(handle_.get());
    rollback();
    return result;
}

Status WriteConnection::compile(Statement& statement) {
    try {
        statement.on_writer = prepare(handle_.get(), statement.sql);
        return SLUICE_OK;
    } catch (const Failure& failure) {
        // The worker's connection has compiled it, so it is not the statement that is wrong.
        if (is_fault_of_message(failure.code())) unfit_ = statement.sql;
        return blameless({failure.code(), std::string(failure.what()) + ", in \"" + shortened(statement.sql) + "\""});
    }
}

int hand_out_rows(sqlite3_stmt* statement, const RowSink& rows, std::vector<sluice_value>& row) {
    for (;;) {
        const int code = sqlite3_step(statement);
        if (code == SQLITE_DONE) return SQLITE_OK;
        if (code != SQLITE_ROW) return code;
        row.resize(static_cast<std::size_t>(sqlite3_column_count(statement)));
        for (std::size_t i = 0; i < row.size(); ++i) row[i] = column(statement, static_cast<int>(i));
        if (!rows.row(row)) return SQLITE_OK;
    }
}

}  // namespace sluice::sqlite
