#include "database/kept_publishes.hpp"

#include <algorithm>
#include <iterator>

#include "clock.hpp"
#include "writer.hpp"

namespace sluice::sqlite {
namespace {

constexpr const char* publish_table = R"(
CREATE TABLE IF NOT EXISTS sluice_publishes(
    source TEXT NOT NULL,
    id BLOB NOT NULL,         -- of a message with a position: its stream and, in eight bytes, its position
    at INTEGER,               -- Unix time in milliseconds; NULL = it has a position
    publishes BLOB NOT NULL,  -- of the host's making
    PRIMARY KEY(source, id)) WITHOUT ROWID;
)";

constexpr std::int64_t prune_every_ms = 60'000;

void bind_blob(sqlite3_stmt* statement, int parameter, std::string_view bytes) {
    sqlite3_bind_blob64(statement, parameter, bytes.empty() ? "" : bytes.data(), bytes.size(), SQLITE_STATIC);
}
void bind_source(sqlite3_stmt* statement, std::string_view source) {
    sqlite3_bind_text64(statement, 1, source.empty() ? "" : source.data(), source.size(), SQLITE_STATIC, SQLITE_UTF8);
}

}  // namespace

std::string KeptPublishes::key_of(std::string_view stream, std::uint64_t position) {
    std::string key(stream);
    for (int shift = 56; shift >= 0; shift -= 8)
        key += static_cast<char>(position >> shift & 0xff);  // so that keys rise with it
    return key;
}

std::string KeptPublishes::key_of(const sluice_identity& identity) {
    const std::string_view id = view(identity.id);
    return identity.stream_size == 0 ? std::string(id) : key_of(id.substr(0, identity.stream_size), identity.position);
}

void KeptPublishes::open(sqlite3* connection, std::int64_t keep_ms) {
    connection_ = connection;
    keep_ms_ = keep_ms;
    run_script(connection, publish_table, "creating the table for publishes");
    put_ = prepare(connection, "INSERT OR REPLACE INTO sluice_publishes VALUES(?, ?, ?, ?)");
    remove_ = prepare(connection, "DELETE FROM sluice_publishes WHERE source = ? AND id = ?");
    remove_range_ = prepare(connection, "DELETE FROM sluice_publishes WHERE source = ? AND id >= ? AND id < ?");
    remove_old_ = prepare(connection, "DELETE FROM sluice_publishes WHERE at < ?");
    const Prepared count = prepare(connection, "SELECT count(*) FROM sluice_publishes");
    if (sqlite3_step(count.get()) != SQLITE_ROW) {
        const Status error = of_own_table(connection, "the publishes that are kept could not be counted");
        throw Failure(error.code(), error.text());
    }
    count_.store(sqlite3_column_int64(count.get(), 0), std::memory_order_release);
}

void KeptPublishes::close() {
    for (Prepared* each : {&put_, &remove_, &remove_range_, &remove_old_}) each->reset();
    connection_ = nullptr;
}

void KeptPublishes::set_writer(Writer* writer) {
    const std::lock_guard lock(mutex_);
    writer_ = writer;
}

void KeptPublishes::done(std::string_view source, std::string key) {
    const std::lock_guard lock(mutex_);
    done_.push_back({std::string(source), std::move(key)});
    if (writer_ == nullptr || is_submitted_) return;
    is_submitted_ = true;
    writer_->submit(*this);
}

void KeptPublishes::end(const Status& outcome) {
    const std::lock_guard lock(mutex_);
    is_submitted_ = false;
    if (writer_ == nullptr || done_.empty() || !outcome.ok()) return;  // after a failure: with the next transaction
    is_submitted_ = true;
    writer_->submit(*this);
}

void KeptPublishes::add(std::string_view source, std::string_view key, std::string_view publishes, bool has_position) {
    added_.push_back({source, key, publishes, has_position});
}

void KeptPublishes::forget_below(std::string_view source, std::string_view stream, std::uint64_t position) {
    if (!is_empty()) below_.push_back({std::string(source), key_of(stream, 0), key_of(stream, position)});
}

Status KeptPublishes::store() {
    for (const Kept& each : added_) {
        bind_source(put_.get(), each.source);
        bind_blob(put_.get(), 2, each.key);
        if (each.has_position)
            sqlite3_bind_null(put_.get(), 3);
        else
            sqlite3_bind_int64(put_.get(), 3, unix_ms());
        bind_blob(put_.get(), 4, each.publishes);
        if (Status stored = step(put_.get()); !stored.ok()) return stored;
    }
    if (is_empty() && added_.empty()) return SLUICE_OK;
    {
        const std::lock_guard lock(mutex_);
        std::ranges::move(done_, std::back_inserter(removed_));
        done_.clear();
    }
    for (const Named& each : removed_) {
        bind_source(remove_.get(), each.source);
        bind_blob(remove_.get(), 2, each.key);
        if (Status removed = remove(remove_.get()); !removed.ok()) return removed;
    }
    for (const Below& each : below_) {
        bind_source(remove_range_.get(), each.source);
        bind_blob(remove_range_.get(), 2, each.first);
        bind_blob(remove_range_.get(), 3, each.end);
        if (Status removed = remove(remove_range_.get()); !removed.ok()) return removed;
    }
    const std::int64_t now_ms = unix_ms();
    if (now_ms >= pruned_ms_ && now_ms < pruned_ms_ + prune_every_ms) return SLUICE_OK;
    pruned_ms_ = now_ms;
    sqlite3_bind_int64(remove_old_.get(), 1, now_ms - keep_ms_);
    return remove(remove_old_.get());
}

void KeptPublishes::committed() {
    const auto change = static_cast<std::int64_t>(added_.size()) - removed_rows_;
    // Release: whoever sees that there are rows finds them.
    if (change != 0) count_.fetch_add(change, std::memory_order_release);
    added_.clear();
    removed_.clear();
    below_.clear();
    removed_rows_ = 0;
}

void KeptPublishes::rolled_back() {
    added_.clear();
    below_.clear();
    removed_rows_ = 0;
    if (removed_.empty()) return;
    const std::lock_guard lock(mutex_);
    std::ranges::move(removed_, std::back_inserter(done_));
    removed_.clear();
}

Status KeptPublishes::remove(sqlite3_stmt* statement) {
    if (Status removed = step(statement); !removed.ok()) return removed;
    removed_rows_ += sqlite3_changes64(connection_);
    return SLUICE_OK;
}

Status KeptPublishes::step(sqlite3_stmt* statement) {
    const int code = sqlite3_step(statement);
    sqlite3_reset(statement);
    if (code == SQLITE_DONE) return SLUICE_OK;
    return of_own_table(connection_, "publishes could not be kept");
}

}  // namespace sluice::sqlite
