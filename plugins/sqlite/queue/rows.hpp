// A row of a queue's table as it is read: what all readers ask for, in this order.
//
// Threads  none of its own.
#pragma once

#include <cstdint>
#include <string>

#include "handle.hpp"

namespace sluice::sqlite {

// A view of the statement's current row, until its next step.
class StoredRow {
public:
    // What a statement has to begin with, for a table.
    static std::string select_from(const std::string& rows) {
        return "SELECT number, enqueued, due, attempt, dead, key, id, headers, body FROM " + rows;
    }

    explicit StoredRow(sqlite3_stmt* statement) : statement_(statement) {}

    std::uint64_t number() const { return static_cast<std::uint64_t>(sqlite3_column_int64(statement_, 0)); }
    std::int64_t enqueued_ms() const { return sqlite3_column_int64(statement_, 1); }
    std::int64_t due_ms() const { return sqlite3_column_int64(statement_, 2); }  // 0 = at once
    std::uint32_t attempt() const {                                              // the next
        const auto stored = static_cast<std::uint32_t>(sqlite3_column_int64(statement_, 3));
        return stored == 0 ? 1 : stored;
    }
    bool is_dead() const { return sqlite3_column_type(statement_, 4) != SQLITE_NULL; }
    sluice_bytes key() const { return bytes(5); }
    sluice_bytes id() const { return bytes(6); }
    bool has_own_id() const { return sqlite3_column_type(statement_, 6) == SQLITE_TEXT; }
    sluice_bytes headers() const { return bytes(7); }
    sluice_bytes body() const { return bytes(8); }

private:
    sluice_bytes bytes(int column) const {
        const void* data = sqlite3_column_blob(statement_, column);  // before the size, says SQLite
        const int size = sqlite3_column_bytes(statement_, column);
        if (size == 0) return {"", 0};
        return {static_cast<const char*>(data), static_cast<std::uint64_t>(size)};
    }

    sqlite3_stmt* statement_;
};

}  // namespace sluice::sqlite
