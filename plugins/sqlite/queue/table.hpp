// The tables of one queue, and the statements that change them.
//
//   sluice_queue           a row a queue: its number, what it holds, and the number of its next message
//   sluice_queue_N         one row per message, by number; numbers rise in the order of storing and are never used again
//   sluice_settle_N        a view: inserting a number there deletes the message, or fails if it is gone (name_in_unit)
//
// What is delivered is not marked: one process owns the file, and after a crash everything that is stored is delivered again.
//
// Threads     whoever holds the writer.
// Errors      open throws Failure; the rest answers a Status of the database's trouble, with SQLite's text.
// Invariants  (1) The counts in sluice_queue are those of the rows, at the end of every transaction.
#pragma once

#include <cstdint>
#include <string>

#include "handle.hpp"

namespace sluice::sqlite {

struct QueueCounts {
    std::int64_t messages = 0;  // the dead ones, too
    std::int64_t bytes = 0;     // keys, ids, headers and bodies
    std::int64_t dead = 0;
};

// What is stored of a message, but its number.
struct QueueRow {
    std::int64_t enqueued_ms = 0;
    std::int64_t due_ms = 0;  // 0 = at once
    sluice_bytes key{}, id{}, headers{}, body{};

    std::uint64_t bytes() const { return key.size + id.size + headers.size + body.size; }
};

class QueueTable {
public:
    static constexpr std::int64_t version = 1;
    // What is said of a queue in another one.
    static Failure other_layout(std::int64_t stored);

    // Creates what is missing.
    void open(sqlite3* writer, const std::string& name);

    // constant after open
    const std::string& number() const { return number_; }
    const std::string& rows() const { return rows_; }      // the table's name
    const std::string& stream() const { return stream_; }  // 16 hex digits, for ever this queue's own
    // What its deliveries are settled by in a unit of work, and how: the statement takes a number, and fails if that is gone.
    const std::string& name_in_unit() const { return name_in_unit_; }
    static bool is_name_in_unit(std::string_view name);
    static std::string settle_statement(std::string_view name_in_unit);
    // as open found them
    const QueueCounts& counts_at_open() const { return counts_; }
    std::int64_t next_at_open() const { return next_; }

    // `is_own_id`: the message is delivered under the id of the row, which no other has.
    Status insert(std::int64_t number, const QueueRow& row, bool is_own_id);
    Status remove(std::int64_t first, std::int64_t last, std::int64_t& removed);
    // How many bytes it is stored in, and whether it is dead; bytes -1: there is none.
    Status look(std::int64_t number, std::int64_t& bytes, bool& is_dead);
    // Due time and next attempt; 0 = as they are. A due time that is over is kept: it says how the row is found (QueueReader).
    Status put_back(std::int64_t number, std::int64_t due_ms, std::uint32_t attempt);
    Status set_attempt(std::int64_t number, std::uint32_t attempt);
    // To the row of the queue.
    Status add(const QueueCounts& change, std::int64_t next);
    // Reads all rows and sets the row of the queue: for when somebody else has changed them.
    Status recount(QueueCounts& counts, std::int64_t next);

private:
    bool find(const std::string& name);
    void create(const std::string& name);
    [[noreturn]] void damaged_row(const std::string& name) const;
    void create_trigger();
    void renew_trigger();
    void prepare_all();
    Status step(sqlite3_stmt* statement);
    Status problem() const { return of_own_table(writer_, "changing the table " + rows_); }

    sqlite3* writer_ = nullptr;
    std::string number_, rows_, stream_, name_in_unit_;
    QueueCounts counts_;
    std::int64_t next_ = 1;
    Prepared insert_, remove_, look_, put_back_, set_attempt_, add_, count_, set_;
};

}  // namespace sluice::sqlite
