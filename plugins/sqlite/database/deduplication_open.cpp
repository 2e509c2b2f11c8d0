// How the records are opened: the tables, the statements, and what is read of before. What is damaged is not read over.
#include "database/deduplication.hpp"
#include "database/proof.hpp"

namespace sluice::sqlite {
namespace {

constexpr const char* schema = R"(
CREATE TABLE IF NOT EXISTS sluice_stream(
    number INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    stream BLOB NOT NULL,
    below INTEGER NOT NULL,  -- every position below it is recorded
    proof INTEGER,           -- of the row: proof_of(); NULL = written by an earlier version
    UNIQUE(source, stream));
CREATE TABLE IF NOT EXISTS sluice_range(
    stream INTEGER NOT NULL,
    start INTEGER NOT NULL,
    stop INTEGER NOT NULL,   -- positions start .. stop - 1 are recorded, too
    proof INTEGER,
    PRIMARY KEY(stream, start)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sluice_seen(
    number INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    id BLOB NOT NULL,
    at INTEGER NOT NULL,     -- Unix time in milliseconds
    UNIQUE(source, id));
)";

void add_column_if_missing(sqlite3* writer, const std::string& table) {
    const Prepared found = prepare(writer, "SELECT 1 FROM pragma_table_info('" + table + "') WHERE name = 'proof'");
    const bool is_there = sqlite3_step(found.get()) == SQLITE_ROW;
    sqlite3_reset(found.get());
    if (!is_there) run_script(writer, "ALTER TABLE " + table + " ADD COLUMN proof INTEGER", "adding a column to " + table);
}

std::string text_of(sqlite3_stmt* statement, int index) {
    const void* data = sqlite3_column_blob(statement, index);
    const int size = sqlite3_column_bytes(statement, index);
    return size == 0 ? std::string() : std::string(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

bool proves(sqlite3_stmt* row, int column, std::int64_t proof) {
    return sqlite3_column_type(row, column) == SQLITE_NULL || sqlite3_column_int64(row, column) == proof;
}

}  // namespace

void Deduplication::open(sqlite3* writer, std::chrono::milliseconds keep) {
    writer_ = writer;
    keep_ms_ = keep.count();
    run_script(writer, schema, "creating the tables for `deduplicate`");
    for (const char* table : {"sluice_stream", "sluice_range"}) {
        check_pages(table);
        add_column_if_missing(writer, table);
    }
    publishes_.open(writer, keep.count());
    insert_id_ = prepare(writer, "INSERT OR IGNORE INTO sluice_seen(source, id, at) VALUES(?, ?, ?)");
    oldest_ids_ = prepare(writer, "SELECT number, at FROM sluice_seen ORDER BY number LIMIT ?");
    delete_ids_ = prepare(writer, "DELETE FROM sluice_seen WHERE number <= ?");
    insert_stream_ = prepare(writer, "INSERT INTO sluice_stream(source, stream, below, proof) VALUES(?, ?, ?, ?)");
    update_stream_ = prepare(writer, "UPDATE sluice_stream SET below = ?, proof = ? WHERE number = ?");
    put_range_ = prepare(writer,
                         "INSERT INTO sluice_range(stream, start, stop, proof) VALUES(?, ?, ?, ?) "
                         "ON CONFLICT DO UPDATE SET stop = excluded.stop, proof = excluded.proof");
    delete_range_ = prepare(writer, "DELETE FROM sluice_range WHERE stream = ? AND start = ?");

    std::unordered_map<std::int64_t, Stream*> by_row;
    each_row("SELECT number, source, stream, below, proof FROM sluice_stream", [&](sqlite3_stmt* row) {
        const std::int64_t below = sqlite3_column_int64(row, 3);
        if (sqlite3_column_type(row, 3) != SQLITE_INTEGER || below < 0) return false;
        Stream& added = stream(text_of(row, 1), text_of(row, 2));
        if (!proves(row, 4, proof_of(added, unsigned_of(below)))) return false;
        added.row = sqlite3_column_int64(row, 0);
        added.below_stored = unsigned_of(below);
        added.visible.fold(added.below_stored, nullptr);
        by_row[added.row] = &added;
        return true;
    });
    each_row("SELECT stream, start, stop, proof FROM sluice_range", [&](sqlite3_stmt* row) {
        const std::int64_t start = sqlite3_column_int64(row, 1);
        const std::int64_t stop = sqlite3_column_int64(row, 2);
        const auto found = by_row.find(sqlite3_column_int64(row, 0));
        if (found == by_row.end() || start < 0 || stop <= start) return false;
        if (!proves(row, 3, proof_of(found->first, unsigned_of(start), unsigned_of(stop)))) return false;
        found->second->visible.insert(unsigned_of(start), unsigned_of(stop), nullptr);
        return true;
    });
    for (const auto& [row, stream] : by_row) stream->working.restore(stream->visible);
}

// Of a table that is small, however many messages there were.
void Deduplication::check_pages(const std::string& table) {
    const Prepared check = prepare(writer_, "PRAGMA quick_check(" + table + ")");
    if (sqlite3_step(check.get()) != SQLITE_ROW) {
        const Status error = of_own_table(writer_, "the records for `deduplicate` could not be read");
        throw Failure(error.code(), error.text());
    }
    const std::string said = text_of(check.get(), 0);
    if (said != "ok") throw Failure(SLUICE_CORRUPT, damaged(sqlite3_db_filename(writer_, "main"), said));
}

// What is read here decides which messages are acknowledged without being handled, so damage must not be read over. `take`
// answers whether the row can be one that was written.
void Deduplication::each_row(const char* sql, const std::function<bool(sqlite3_stmt*)>& take) {
    const Prepared rows = prepare(writer_, sql);
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(rows.get())) == SQLITE_ROW)
        if (!take(rows.get()))
            throw Failure(SLUICE_CORRUPT, damaged(sqlite3_db_filename(writer_, "main"),
                                                  std::string("a row that nobody has written so, in \"") + sql + "\""));
    if (code == SQLITE_DONE) return;
    const Status error = of_own_table(writer_, "the records for `deduplicate` could not be read");
    throw Failure(error.code(), error.text());
}

}  // namespace sluice::sqlite
