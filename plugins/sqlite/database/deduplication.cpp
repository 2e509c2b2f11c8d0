#include "database/deduplication.hpp"

#include <mutex>

#include "database/proof.hpp"

namespace sluice::sqlite {
namespace {

std::string key_of(std::string_view source, std::string_view name) {
    std::string key;
    key.reserve(source.size() + 1 + name.size());
    return key.append(source).append(1, '\0').append(name);
}

void bind_bytes(sqlite3_stmt* statement, int parameter, std::string_view bytes, bool is_text) {
    const char* data = bytes.empty() ? "" : bytes.data();
    if (is_text)
        sqlite3_bind_text64(statement, parameter, data, bytes.size(), SQLITE_STATIC, SQLITE_UTF8);
    else
        sqlite3_bind_blob64(statement, parameter, data, bytes.size(), SQLITE_STATIC);
}

}  // namespace

void Deduplication::close() {
    if (writer_ == nullptr) return;
    for (const auto& [key, stream] : streams_)
        if (stream->row != 0 && stream->confirmed.load(std::memory_order_relaxed) > stream->working.below())
            mark_dirty(*stream);
    if ((!dirty_.empty() || !publishes_.is_empty()) &&
        sqlite3_exec(writer_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK) {
        const bool stored = store().ok();
        // If it fails, the records only stay longer than they need to.
        sqlite3_exec(writer_, stored ? "COMMIT" : "ROLLBACK", nullptr, nullptr, nullptr);
        if (sqlite3_get_autocommit(writer_) == 0) sqlite3_exec(writer_, "ROLLBACK", nullptr, nullptr, nullptr);
    }
    for (Prepared* each :
         {&insert_id_, &oldest_ids_, &delete_ids_, &insert_stream_, &update_stream_, &put_range_, &delete_range_})
        each->reset();
    publishes_.close();
    writer_ = nullptr;
    std::unique_lock lock(mutex_);
    streams_.clear();
    dirty_.clear();
    added_.clear();
}

Stream& Deduplication::stream(std::string_view source, std::string_view name) {
    const std::string key = key_of(source, name);
    {
        std::shared_lock lock(mutex_);
        if (auto found = streams_.find(key); found != streams_.end()) return *found->second;
    }
    std::unique_lock lock(mutex_);
    std::unique_ptr<Stream>& stream = streams_[key];
    if (!stream) {
        stream = std::make_unique<Stream>(&working_memory_, &visible_memory_);
        stream->source = source;
        stream->name = name;
    }
    return *stream;
}

bool Deduplication::is_seen(const Stream& stream, std::uint64_t position) const {
    std::shared_lock lock(mutex_);
    return stream.visible.contains(position);
}

void Deduplication::confirm(std::string_view source, std::string_view name, std::uint64_t position) {
    Stream* found = nullptr;
    {
        std::shared_lock lock(mutex_);
        const auto at = streams_.find(key_of(source, name));
        if (at == streams_.end()) return;  // nothing is recorded, so there is nothing to fold
        found = at->second.get();
    }
    // Relaxed: the number stands alone, and a fold that comes a transaction later is as good.
    std::uint64_t known = found->confirmed.load(std::memory_order_relaxed);
    while (known < position && !found->confirmed.compare_exchange_weak(known, position, std::memory_order_relaxed)) {
    }
}

void Deduplication::list(std::string_view source, RecordedSink to) const {
    std::shared_lock lock(mutex_);
    for (const auto& [key, stream] : streams_) {
        if (stream->source != source) continue;
        if (stream->visible.below() != 0 && !to.range(stream->name, 0, stream->visible.below())) return;
        for (const auto& [start, range] : stream->visible.ranges())
            if (!to.range(stream->name, start, range.stop)) return;
    }
}

Status Deduplication::admit(const Record& record, bool& is_new) {
    is_new = true;
    if (record.kind == Record::Kind::position) {
        is_new = !record.stream->working.contains(record.position);
        return SLUICE_OK;
    }
    if (record.kind == Record::Kind::none) return SLUICE_OK;
    if (now_ms_ == 0)
        now_ms_ =
            std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    bind_bytes(insert_id_.get(), 1, view(record.source), true);
    bind_bytes(insert_id_.get(), 2, view(record.id), false);
    sqlite3_bind_int64(insert_id_.get(), 3, now_ms_);
    if (Status stored = step(insert_id_.get()); !stored.ok()) return stored;
    is_new = sqlite3_changes(writer_) != 0;
    if (is_new) ++ids_added_;
    return SLUICE_OK;
}

void Deduplication::add(const Record& record) {
    if (record.kind != Record::Kind::position) return;
    mark_dirty(*record.stream);
    record.stream->working.insert(record.position, record.position_end, &record.stream->changes);
    added_.push_back({record.stream, record.position, record.position_end});
}

void Deduplication::keep_publishes(const Record& record, sluice_bytes key, sluice_bytes publishes) {
    const bool has_position = record.kind == Record::Kind::position;
    publishes_.add(has_position ? std::string_view(record.stream->source) : view(record.source), view(key), view(publishes),
                   has_position);
}

void Deduplication::mark_dirty(Stream& stream) {
    if (stream.is_dirty) return;
    stream.is_dirty = true;
    stream.row_before = stream.row;
    dirty_.push_back(&stream);
}

Status Deduplication::store() {
    for (Stream* stream : dirty_)
        if (Status stored = store(*stream); !stored.ok()) return stored;
    if (Status stored = publishes_.store(); !stored.ok()) return stored;
    return ids_added_ == 0 ? Status(SLUICE_OK) : prune();
}

Status Deduplication::store(Stream& stream) {
    const std::uint64_t confirmed = stream.confirmed.load(std::memory_order_relaxed);
    stream.working.fold(confirmed, &stream.changes);
    if (confirmed != 0) publishes_.forget_below(stream.source, stream.name, confirmed);
    const std::uint64_t below = stream.working.below();
    if (stream.row == 0) {
        bind_bytes(insert_stream_.get(), 1, stream.source, true);
        bind_bytes(insert_stream_.get(), 2, stream.name, false);
        sqlite3_bind_int64(insert_stream_.get(), 3, signed_of(below));
        sqlite3_bind_int64(insert_stream_.get(), 4, proof_of(stream, below));
        if (Status stored = step(insert_stream_.get()); !stored.ok()) return stored;
        stream.row = sqlite3_last_insert_rowid(writer_);
    } else if (below != stream.below_stored) {
        sqlite3_bind_int64(update_stream_.get(), 1, signed_of(below));
        sqlite3_bind_int64(update_stream_.get(), 2, proof_of(stream, below));
        sqlite3_bind_int64(update_stream_.get(), 3, stream.row);
        if (Status stored = step(update_stream_.get()); !stored.ok()) return stored;
    }
    stream.below_stored = below;

    // First the rows without a range: a new range may begin where an old one did.
    for (const std::uint64_t start : stream.changes.gone) {
        sqlite3_bind_int64(delete_range_.get(), 1, stream.row);
        sqlite3_bind_int64(delete_range_.get(), 2, signed_of(start));
        if (Status stored = step(delete_range_.get()); !stored.ok()) return stored;
    }
    for (const std::uint64_t start : stream.changes.touched) {
        const auto at = stream.working.ranges().find(start);
        if (at == stream.working.ranges().end() || at->second.stop == at->second.stored_stop) continue;
        sqlite3_bind_int64(put_range_.get(), 1, stream.row);
        sqlite3_bind_int64(put_range_.get(), 2, signed_of(start));
        sqlite3_bind_int64(put_range_.get(), 3, signed_of(at->second.stop));
        sqlite3_bind_int64(put_range_.get(), 4, proof_of(stream.row, start, at->second.stop));
        if (Status stored = step(put_range_.get()); !stored.ok()) return stored;
        at->second.stored_stop = at->second.stop;
    }
    return SLUICE_OK;
}

// As many of the oldest rows as were added, and some more, so that the table shrinks to what `keep` asks for without ever
// making one transaction long.
Status Deduplication::prune() {
    const std::int64_t before = now_ms_ - keep_ms_;
    std::int64_t last = 0;
    sqlite3_bind_int64(oldest_ids_.get(), 1, 2 * ids_added_ + 16);
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(oldest_ids_.get())) == SQLITE_ROW && sqlite3_column_int64(oldest_ids_.get(), 1) < before)
        last = sqlite3_column_int64(oldest_ids_.get(), 0);
    sqlite3_reset(oldest_ids_.get());
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return of_own_table(writer_, "the records for `deduplicate` could not be read");
    if (last == 0) return SLUICE_OK;
    sqlite3_bind_int64(delete_ids_.get(), 1, last);
    return step(delete_ids_.get());
}

void Deduplication::committed() {
    publishes_.committed();
    {
        std::unique_lock lock(mutex_);
        for (const Added& each : added_) each.stream->visible.insert(each.start, each.stop, nullptr);
        for (Stream* stream : dirty_) stream->visible.fold(stream->below_stored, nullptr);
    }
    for (Stream* stream : dirty_) {
        stream->is_dirty = false;
        stream->changes.touched.clear();
        stream->changes.gone.clear();
    }
    dirty_.clear();
    added_.clear();
    now_ms_ = ids_added_ = 0;
}

void Deduplication::rolled_back() {
    publishes_.rolled_back();
    for (Stream* stream : dirty_) {
        stream->is_dirty = false;
        stream->row = stream->row_before;
        stream->changes.touched.clear();
        stream->changes.gone.clear();
        std::shared_lock lock(mutex_);
        stream->working.restore(stream->visible);
        stream->below_stored = stream->visible.below();
    }
    dirty_.clear();
    added_.clear();
    now_ms_ = ids_added_ = 0;
}

Status Deduplication::step(sqlite3_stmt* statement) {
    const int code = sqlite3_step(statement);
    sqlite3_reset(statement);
    return code == SQLITE_DONE ? Status() : of_own_table(writer_, "a record for `deduplicate` could not be written");
}

}  // namespace sluice::sqlite
