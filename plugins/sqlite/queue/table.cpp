#include "queue/table.hpp"

#include <array>
#include <cstdio>
#include <random>

namespace sluice::sqlite {
namespace {

constexpr const char* catalog = R"(
CREATE TABLE IF NOT EXISTS sluice_queue(
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,   -- of the layout of its tables
    stream TEXT NOT NULL,       -- what the ids of its messages begin with
    next INTEGER NOT NULL,      -- number of the next message
    messages INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    dead INTEGER NOT NULL);
)";

// @N: the number of the queue. `body` stands last: what only looks at the other columns never reads the pages behind it.
constexpr const char* tables = R"(
CREATE TABLE sluice_queue_@N(
    number INTEGER PRIMARY KEY,
    enqueued INTEGER NOT NULL,  -- Unix time in milliseconds
    due INTEGER,                -- not to be delivered before; NULL = at once
    attempt INTEGER,            -- the next one; NULL = 1
    dead INTEGER,               -- 1 = rejected, kept, not delivered; NULL = no
    key BLOB,
    id BLOB,                    -- TEXT: the message's own, which no other has; BLOB: one that the publisher gave, handed on
    headers BLOB,
    body BLOB NOT NULL);
CREATE INDEX sluice_queue_@N_due ON sluice_queue_@N(due) WHERE due IS NOT NULL;
CREATE VIEW sluice_settle_@N(number) AS SELECT number FROM sluice_queue_@N;
)";
constexpr const char* trigger = R"(
CREATE TRIGGER sluice_settle_@N INSTEAD OF INSERT ON sluice_settle_@N BEGIN
    UPDATE sluice_queue SET messages = messages - 1,
        bytes = bytes - coalesce((SELECT @BYTES FROM sluice_queue_@N WHERE number = NEW.number), 0)
        WHERE number = @N;
    DELETE FROM sluice_queue_@N WHERE number = NEW.number;
    SELECT RAISE(ABORT, 'the delivery is settled already') WHERE changes() = 0;
END;
)";
constexpr std::string_view settling = "sluice_settle_";  // the view, before the number of the queue
constexpr const char* bytes_of_a_row =
    "(ifnull(length(key), 0) + ifnull(length(CAST(id AS BLOB)), 0) + ifnull(length(headers), 0) + length(body))";

std::string with(std::string text, std::string_view word, std::string_view value) {
    for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += value.size())
        text.replace(at, word.size(), value);
    return text;
}

std::string random_stream() {
    std::random_device random;
    std::array<char, 17> text{};
    std::snprintf(text.data(), text.size(), "%08x%08x", random(), random());
    return text.data();
}

void bind_bytes(sqlite3_stmt* statement, int parameter, sluice_bytes bytes) {
    if (bytes.size == 0)
        sqlite3_bind_null(statement, parameter);
    else
        sqlite3_bind_blob64(statement, parameter, bytes.data, bytes.size, SQLITE_STATIC);
}

void bind_text(sqlite3_stmt* statement, int parameter, const std::string& text) {
    sqlite3_bind_text(statement, parameter, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
}

}  // namespace

void QueueTable::open(sqlite3* writer, const std::string& name) {
    writer_ = writer;
    run_script(writer, "BEGIN IMMEDIATE", "beginning a transaction");
    try {
        run_script(writer, catalog, "creating the table of queues");
        if (find(name))
            renew_trigger();
        else
            create(name);
        prepare_all();
        run_script(writer, "COMMIT", "creating its tables");
    } catch (...) {
        sqlite3_exec(writer, "ROLLBACK", nullptr, nullptr, nullptr);
        throw;
    }
}

bool QueueTable::find(const std::string& name) {
    Prepared row;
    try {
        row = prepare(writer_, "SELECT number, version, stream, next, messages, bytes, dead FROM sluice_queue WHERE name = ?");
    } catch (const Failure& failure) {
        throw Failure(failure.code(),
                      std::string("its table sluice_queue was not made by Sluice (") + failure.what() + "): use another file");
    }
    bind_text(row.get(), 1, name);
    const int code = sqlite3_step(row.get());
    if (code == SQLITE_DONE) return false;
    if (code != SQLITE_ROW) {
        const Status error = last_error(writer_);
        throw Failure(error.code(), "reading the table of queues: " + error.text());
    }
    if (const std::int64_t stored = sqlite3_column_int64(row.get(), 1); stored != version) throw other_layout(stored);
    for (const int column : {0, 3, 4, 5, 6})
        if (sqlite3_column_type(row.get(), column) != SQLITE_INTEGER) damaged_row(name);
    if (sqlite3_column_type(row.get(), 2) != SQLITE_TEXT) damaged_row(name);
    number_ = std::to_string(sqlite3_column_int64(row.get(), 0));
    stream_ = reinterpret_cast<const char*>(sqlite3_column_text(row.get(), 2));
    next_ = sqlite3_column_int64(row.get(), 3);
    counts_ = {sqlite3_column_int64(row.get(), 4), sqlite3_column_int64(row.get(), 5), sqlite3_column_int64(row.get(), 6)};
    if (next_ < 1 || counts_.messages < 0 || counts_.bytes < 0 || counts_.dead < 0) damaged_row(name);
    return true;
}

Failure QueueTable::other_layout(std::int64_t stored) {
    return {SLUICE_INVALID, "it is stored in layout " + std::to_string(stored) + ", and this version of Sluice knows layout " +
                                std::to_string(version) +
                                ": use the version that wrote it, or work the queue off with that one first"};
}

void QueueTable::damaged_row(const std::string& name) const {
    throw Failure(SLUICE_CORRUPT,
                  damaged(sqlite3_db_filename(writer_, "main"),
                          "the row of the queue \"" + name + "\" in sluice_queue has values that nobody has written so"));
}

void QueueTable::create(const std::string& name) {
    const Prepared added = prepare(
        writer_, "INSERT INTO sluice_queue(name, version, stream, next, messages, bytes, dead) VALUES(?, ?, ?, 1, 0, 0, 0)");
    const std::string stream = random_stream();
    bind_text(added.get(), 1, name);
    sqlite3_bind_int64(added.get(), 2, version);
    bind_text(added.get(), 3, stream);
    if (const Status done = step(added.get()); !done.ok()) throw Failure(done.code(), done.text());
    (void)find(name);
    run_script(writer_, with(tables, "@N", number_), "creating its tables");
    create_trigger();
}

void QueueTable::create_trigger() {
    run_script(writer_, with(with(trigger, "@N", number_), "@BYTES", bytes_of_a_row), "creating its trigger");
}

// Earlier versions counted the characters of an id.
void QueueTable::renew_trigger() {
    const Prepared old = prepare(writer_, "SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND name = 'sluice_settle_" +
                                              number_ + "' AND sql NOT LIKE '%CAST(id AS BLOB)%'");
    const bool is_old = sqlite3_step(old.get()) == SQLITE_ROW;
    sqlite3_reset(old.get());
    if (!is_old) return;
    run_script(writer_, "DROP TRIGGER sluice_settle_" + number_, "renewing its trigger");
    create_trigger();
}

bool QueueTable::is_name_in_unit(std::string_view name) {
    return name.starts_with(settling) && name.size() > settling.size() &&
           name.find_first_not_of("0123456789", settling.size()) == std::string_view::npos;
}

std::string QueueTable::settle_statement(std::string_view name_in_unit) {
    return "INSERT INTO " + std::string(name_in_unit) + "(number) VALUES(?)";
}

void QueueTable::prepare_all() {
    rows_ = "sluice_queue_" + number_;
    name_in_unit_ = std::string(settling) + number_;
    const auto to = [this](Prepared& statement, const std::string& sql) { statement = prepare(writer_, sql); };
    const std::string bytes = bytes_of_a_row;
    const std::string of_this = " WHERE number = " + number_;
    to(insert_, "INSERT INTO " + rows_ + "(number, enqueued, due, key, id, headers, body) VALUES(?, ?, ?, ?, ?, ?, ?)");
    to(remove_, "DELETE FROM " + rows_ + " WHERE number BETWEEN ? AND ?");
    to(look_, "SELECT " + bytes + ", dead FROM " + rows_ + " WHERE number = ?");
    to(put_back_, "UPDATE " + rows_ + " SET due = ifnull(?2, due), attempt = ifnull(?3, attempt) WHERE number = ?1");
    to(set_attempt_, "UPDATE " + rows_ + " SET attempt = ?2 WHERE number = ?1");
    to(count_, "SELECT count(*), total(" + bytes + "), count(dead) FROM " + rows_);
    to(add_, "UPDATE sluice_queue SET messages = messages + ?, bytes = bytes + ?, dead = dead + ?, next = ?" + of_this);
    to(set_, "UPDATE sluice_queue SET messages = ?, bytes = ?, dead = ?, next = ?" + of_this);
}

Status QueueTable::step(sqlite3_stmt* statement) {
    const int code = sqlite3_step(statement);
    Status result = code == SQLITE_DONE ? Status() : problem();
    sqlite3_reset(statement);
    return result;
}

Status QueueTable::insert(std::int64_t number, const QueueRow& row, bool is_own_id) {
    sqlite3_stmt* const statement = insert_.get();
    sqlite3_bind_int64(statement, 1, number);
    sqlite3_bind_int64(statement, 2, row.enqueued_ms);
    if (row.due_ms == 0)
        sqlite3_bind_null(statement, 3);
    else
        sqlite3_bind_int64(statement, 3, row.due_ms);
    bind_bytes(statement, 4, row.key);
    if (is_own_id)
        sqlite3_bind_text64(statement, 5, row.id.data, row.id.size, SQLITE_STATIC, SQLITE_UTF8);
    else
        bind_bytes(statement, 5, row.id);
    bind_bytes(statement, 6, row.headers);
    if (row.body.size == 0)
        sqlite3_bind_zeroblob(statement, 7, 0);
    else
        sqlite3_bind_blob64(statement, 7, row.body.data, row.body.size, SQLITE_STATIC);
    return step(statement);
}

Status QueueTable::remove(std::int64_t first, std::int64_t last, std::int64_t& removed) {
    sqlite3_bind_int64(remove_.get(), 1, first);
    sqlite3_bind_int64(remove_.get(), 2, last);
    Status done = step(remove_.get());
    removed = done.ok() ? sqlite3_changes64(writer_) : 0;
    return done;
}

Status QueueTable::look(std::int64_t number, std::int64_t& bytes, bool& is_dead) {
    bytes = -1;
    sqlite3_bind_int64(look_.get(), 1, number);
    const int code = sqlite3_step(look_.get());
    if (code == SQLITE_ROW) {
        bytes = sqlite3_column_int64(look_.get(), 0);
        is_dead = sqlite3_column_type(look_.get(), 1) != SQLITE_NULL;
    }
    Status result = code == SQLITE_ROW || code == SQLITE_DONE ? Status() : problem();
    sqlite3_reset(look_.get());
    return result;
}

Status QueueTable::put_back(std::int64_t number, std::int64_t due_ms, std::uint32_t attempt) {
    sqlite3_stmt* const statement = put_back_.get();
    sqlite3_clear_bindings(statement);
    sqlite3_bind_int64(statement, 1, number);
    if (due_ms != 0) sqlite3_bind_int64(statement, 2, due_ms);
    if (attempt != 0) sqlite3_bind_int64(statement, 3, attempt);
    return step(statement);
}

Status QueueTable::set_attempt(std::int64_t number, std::uint32_t attempt) {
    sqlite3_bind_int64(set_attempt_.get(), 1, number);
    sqlite3_bind_int64(set_attempt_.get(), 2, attempt);
    return step(set_attempt_.get());
}

Status QueueTable::add(const QueueCounts& change, std::int64_t next) {
    sqlite3_bind_int64(add_.get(), 1, change.messages);
    sqlite3_bind_int64(add_.get(), 2, change.bytes);
    sqlite3_bind_int64(add_.get(), 3, change.dead);
    sqlite3_bind_int64(add_.get(), 4, next);
    return step(add_.get());
}

Status QueueTable::recount(QueueCounts& counts, std::int64_t next) {
    const int code = sqlite3_step(count_.get());
    if (code == SQLITE_ROW)
        counts = {sqlite3_column_int64(count_.get(), 0), sqlite3_column_int64(count_.get(), 1),
                  sqlite3_column_int64(count_.get(), 2)};
    Status counted = code == SQLITE_ROW ? Status() : problem();
    sqlite3_reset(count_.get());
    if (!counted.ok()) return counted;
    sqlite3_bind_int64(set_.get(), 1, counts.messages);
    sqlite3_bind_int64(set_.get(), 2, counts.bytes);
    sqlite3_bind_int64(set_.get(), 3, counts.dead);
    sqlite3_bind_int64(set_.get(), 4, next);
    return step(set_.get());
}

}  // namespace sluice::sqlite
