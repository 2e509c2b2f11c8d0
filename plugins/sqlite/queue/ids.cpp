#include "queue/ids.hpp"

namespace sluice::sqlite {
namespace {

constexpr std::string_view doing = "keeping the ids for `deduplicate`";

}  // namespace

void QueueIds::open(sqlite3* writer, const std::string& queue_number) {
    if (writer_ != nullptr) return;
    const std::string table = "sluice_ids_" + queue_number;
    run_script(writer,
               "CREATE TABLE IF NOT EXISTS " + table +
                   "(number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, at INTEGER NOT NULL /* Unix time in milliseconds */)",
               "creating the table for `deduplicate`");
    insert_ = prepare(writer, "INSERT OR IGNORE INTO " + table + "(id, at) VALUES(?, ?)");
    oldest_ = prepare(writer, "SELECT number, at FROM " + table + " ORDER BY number LIMIT ?");
    remove_ = prepare(writer, "DELETE FROM " + table + " WHERE number <= ?");
    writer_ = writer;
}

Status QueueIds::admit(sluice_bytes id, std::int64_t now_ms, bool& is_new) {
    sqlite3_bind_blob64(insert_.get(), 1, id.data, id.size, SQLITE_STATIC);
    sqlite3_bind_int64(insert_.get(), 2, now_ms);
    const int code = sqlite3_step(insert_.get());
    sqlite3_reset(insert_.get());
    if (code != SQLITE_DONE) return of_own_table(writer_, doing);
    is_new = sqlite3_changes(writer_) != 0;
    added_ += is_new;
    return SLUICE_OK;
}

// The oldest rows: somewhat more than were added, so that the table shrinks without ever making one transaction long.
Status QueueIds::prune(std::int64_t before_ms) {
    std::int64_t last = 0;
    sqlite3_bind_int64(oldest_.get(), 1, 2 * added_ + 16);
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(oldest_.get())) == SQLITE_ROW && sqlite3_column_int64(oldest_.get(), 1) < before_ms)
        last = sqlite3_column_int64(oldest_.get(), 0);
    sqlite3_reset(oldest_.get());
    if (code != SQLITE_ROW && code != SQLITE_DONE) return of_own_table(writer_, doing);
    if (last == 0) return SLUICE_OK;
    sqlite3_bind_int64(remove_.get(), 1, last);
    code = sqlite3_step(remove_.get());
    sqlite3_reset(remove_.get());
    return code == SQLITE_DONE ? Status() : of_own_table(writer_, doing);
}

}  // namespace sluice::sqlite
