#include "queue/reader.hpp"

#include <algorithm>
#include <cstring>

#include "clock.hpp"
#include "queue/headers.hpp"

namespace sluice::sqlite {

QueueReader::QueueReader(Queue& queue, SourceSink sink)
    : queue_(queue),
      sink_(sink),
      handle_(queue.file().open_reader()),
      one_(prepare(handle_.get(), StoredRow::select_from(queue.rows()) + " WHERE number = ?")),
      due_(prepare(handle_.get(), StoredRow::select_from(queue.rows()) + " WHERE due > ? AND due <= ? ORDER BY due, number")),
      new_(prepare(handle_.get(), StoredRow::select_from(queue.rows()) + " WHERE number >= ? ORDER BY number")),
      next_due_(prepare(handle_.get(), "SELECT min(due) FROM " + queue.rows() + " WHERE due > ?")),
      lowest_(prepare(handle_.get(), "SELECT min(number) FROM " + queue.rows())),
      opened_ms_(unix_ms()),
      first_after_open_(static_cast<std::uint64_t>(queue.next())),
      due_cursor_ms_(opened_ms_),
      id_(queue.stream() + ":") {}

Status QueueReader::read(std::uint32_t max, std::int64_t now_ms, std::uint32_t& delivered) {
    delivered = 0;
    if (const std::int64_t fresh = queue_.take_new_due(); fresh != 0) give_back_later(fresh);
    const std::lock_guard lock(queue_.delivery());
    if (Status done = read_returned(max, delivered); !done.ok()) return done;
    if (Status done = read_due(max, now_ms, delivered); !done.ok()) return done;
    return read_new(max, delivered);
}

Status QueueReader::read_returned(std::uint32_t max, std::uint32_t& delivered) {
    while (!returned_.empty() && delivered < max) {
        const std::uint64_t number = *returned_.begin();
        sqlite3_bind_int64(one_.get(), 1, static_cast<std::int64_t>(number));
        const int code = sqlite3_step(one_.get());
        Handed handed = Handed::skipped;  // also if it was removed meanwhile
        if (code == SQLITE_ROW) handed = hand_over(StoredRow(one_.get()));
        if (code != SQLITE_ROW && code != SQLITE_DONE) return problem(one_.get());
        if (handed == Handed::damaged) return damage(one_.get());
        sqlite3_reset(one_.get());
        if (handed == Handed::full) return SLUICE_OK;
        returned_.erase(returned_.begin());
        delivered += handed == Handed::over;
    }
    return SLUICE_OK;
}

Status QueueReader::read_due(std::uint32_t max, std::int64_t now_ms, std::uint32_t& delivered) {
    if (!knows_next_due_)
        if (Status found = find_next_due(); !found.ok()) return found;
    if (next_due_ms_ == 0 || next_due_ms_ > now_ms || delivered == max) return SLUICE_OK;
    sqlite3_bind_int64(due_.get(), 1, due_cursor_ms_);
    sqlite3_bind_int64(due_.get(), 2, now_ms);
    std::int64_t last_ms = due_cursor_ms_;
    int code = SQLITE_ROW;
    bool is_full = false;
    while ((code = sqlite3_step(due_.get())) == SQLITE_ROW) {
        const StoredRow row(due_.get());
        const std::uint64_t number = row.number();
        const bool is_read_in_order = number >= cursor_ && number < first_after_open_ && row.due_ms() <= opened_ms_;
        if (!is_read_in_order && !queue_.in_flight().contains(number) && !returned_.contains(number)) {
            const Handed handed = delivered < max ? hand_over(row) : Handed::full;
            if (handed == Handed::damaged) return damage(due_.get());
            is_full = handed == Handed::full;
            if (is_full) break;
            delivered += handed == Handed::over;
        }
        last_ms = row.due_ms();
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE) return problem(due_.get());
    sqlite3_reset(due_.get());
    // Others may be due in the same millisecond: those that are delivered are in flight, and passed over next time.
    due_cursor_ms_ = is_full ? last_ms - 1 : now_ms;
    knows_next_due_ = false;
    return find_next_due();
}

Status QueueReader::read_new(std::uint32_t max, std::uint32_t& delivered) {
    const auto next = static_cast<std::uint64_t>(queue_.next());  // before the rows are looked at: all below are there, or gone
    if (delivered == max || cursor_ >= next) return SLUICE_OK;
    sqlite3_bind_int64(new_.get(), 1, static_cast<std::int64_t>(cursor_));
    int code = SQLITE_ROW;
    while (delivered < max && (code = sqlite3_step(new_.get())) == SQLITE_ROW) {
        const StoredRow row(new_.get());
        const std::uint64_t number = row.number();
        const bool is_delayed = row.due_ms() != 0 && (row.due_ms() > opened_ms_ || number >= first_after_open_);
        if (!is_delayed && !row.is_dead()) {
            const Handed handed = hand_over(row);
            if (handed == Handed::damaged) return damage(new_.get());
            if (handed == Handed::full) break;
            delivered += handed == Handed::over;
        }
        cursor_ = number + 1;
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE) return problem(new_.get());
    sqlite3_reset(new_.get());
    if (code == SQLITE_DONE) cursor_ = std::max(cursor_, next);
    return SLUICE_OK;
}

Status QueueReader::find_next_due() {
    sqlite3_bind_int64(next_due_.get(), 1, due_cursor_ms_);
    if (sqlite3_step(next_due_.get()) != SQLITE_ROW) return problem(next_due_.get());
    next_due_ms_ = sqlite3_column_int64(next_due_.get(), 0);  // NULL reads as 0
    sqlite3_reset(next_due_.get());
    knows_next_due_ = true;
    return SLUICE_OK;
}

bool QueueReader::is_empty() const {
    return returned_.empty() && knows_next_due_ && next_due_ms_ == 0 && cursor_ >= static_cast<std::uint64_t>(queue_.next());
}

Status QueueReader::lowest(std::uint64_t& number) {
    number = static_cast<std::uint64_t>(queue_.next());  // before the rows are looked at
    if (sqlite3_step(lowest_.get()) != SQLITE_ROW) return problem(lowest_.get());
    if (sqlite3_column_type(lowest_.get(), 0) != SQLITE_NULL)
        number = std::min(number, static_cast<std::uint64_t>(sqlite3_column_int64(lowest_.get(), 0)));
    sqlite3_reset(lowest_.get());
    return SLUICE_OK;
}

QueueReader::Handed QueueReader::hand_over(const StoredRow& row) {
    const std::uint64_t number = row.number();
    if (queue_.is_being_removed(number)) return Handed::skipped;
    const sluice_bytes body = row.body();
    const bool has_own_id = row.has_own_id();  // before its bytes are asked for, which may change the type
    if (!read_headers(row)) return Handed::damaged;
    sluice_incoming message = incoming();
    message.body = body;
    if (has_own_id) {
        message.id = row.id();
    } else {
        id_.resize(queue_.stream().size() + 1);
        id_.append(std::to_string(number));
        message.id = bytes(id_);
        message.stream_size = static_cast<std::uint32_t>(queue_.stream().size());
        message.position = number;
        message.position_end = number + 1;
    }
    message.headers = headers_.data();
    message.header_count = static_cast<std::uint32_t>(headers_.size());
    message.attempt = row.attempt();
    message.tag = number;
    message.enqueued_ms = row.enqueued_ms();
    message.message_key = row.key();
    // As far as is known: one that was in flight at a crash, and had not failed, is not told from one that was not. How often
    // it was delivered is not kept.
    if (message.attempt > 1 || returned_.contains(number)) message.flags = SLUICE_MESSAGE_REDELIVERED;

    sluice_status taken = SLUICE_OK;
    if (char* room = sink_.reserve(body.size); room != nullptr) {
        if (body.size != 0) std::memcpy(room, body.data, body.size);
        message.body.data = room;
        taken = sink_.commit(message);
    } else {
        taken = sink_.push(message);
    }
    if (taken == SLUICE_INVALID) {
        message.body = {body.data, std::min<std::uint64_t>(body.size, refused_body_max)};
        message.header_count = 0;
        if (message.message_key.size > refused_body_max) message.message_key = {};  // it may be what is too large
        message.refused = bytes("the message is larger than the host takes, or has too many headers");
        taken = sink_.push(message);
    }
    if (taken != SLUICE_OK) return Handed::full;
    const std::uint64_t stored = row.key().size + row.id().size + row.headers().size + body.size;
    queue_.in_flight().insert(number, static_cast<std::uint32_t>(stored));
    return Handed::over;
}

// Those of the message, and key and id as the publisher gave them, unless it has headers of these names. False: they are
// damaged.
bool QueueReader::read_headers(const StoredRow& row) {
    headers_.clear();
    if (!unpack(row.headers(), headers_)) return false;
    const auto add = [this](std::string_view name, sluice_bytes value) {
        const auto has_name = [name](const sluice_header& header) { return view(header.name) == name; };
        if (value.size != 0 && std::ranges::none_of(headers_, has_name)) headers_.push_back({bytes(name), value});
    };
    add("key", row.key());
    add("id", row.id());
    return true;
}

Status QueueReader::problem(sqlite3_stmt* statement) {
    Status error =
        of_own_table(handle_.get(), "reading the queue \"" + queue_.name() + "\" in \"" + queue_.file().path() + "\"");
    sqlite3_reset(statement);
    return error;
}

Status QueueReader::damage(sqlite3_stmt* statement) {
    const std::string row = std::to_string(sqlite3_column_int64(statement, 0));
    sqlite3_reset(statement);
    return {SLUICE_CORRUPT,
            damaged(queue_.file().path(), "row " + row + " of " + queue_.rows() + " has headers that nobody has written so")};
}

}  // namespace sluice::sqlite
