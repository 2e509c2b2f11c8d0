// The records of messages whose effects are in the database, written in the same transaction as the effects.
//
// Messages with a place in a stream (a file's offsets) cost a range that soon is part of one number; messages with an id only
// cost a row for as long as `keep` says.
//
// Two pictures are kept of each stream: `working`, with what the open transaction adds, and `visible`, what is committed. So a
// worker that asks early is never told "seen" of something that may still be rolled back.
//
// Threads     stream, is_seen, confirm, list: any. Everything else: whoever holds the writer.
// Errors      Status; a record that cannot be written is a fault of the database, never of the message.
// Limits      a stream costs one row and some hundred bytes for ever; ranges as RangeSet says; ids: rows of `keep`.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <memory_resource>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "database/kept_publishes.hpp"
#include "database/range_set.hpp"
#include "handle.hpp"
#include "sluice/sdk/database.hpp"
#include "unit.hpp"

namespace sluice::sqlite {

// One stream of one source.
struct Stream {
    Stream(std::pmr::memory_resource* for_working, std::pmr::memory_resource* for_visible)
        : working(for_working),
          visible(for_visible) {}

    // constant
    std::string source;
    std::string name;

    std::atomic<std::uint64_t> confirmed{0};  // the source never delivers below it again

    // of whoever holds the writer
    RangeSet working;
    RangeSet::Changes changes;
    std::int64_t row = 0;         // 0 = none yet
    std::int64_t row_before = 0;  // to return to if the transaction is rolled back
    std::uint64_t below_stored = 0;
    bool is_dirty = false;

    RangeSet visible;  // guarded by Deduplication::mutex_
};

class Deduplication {
public:
    // Creates its tables where they are missing and reads the streams. Throws.
    void open(sqlite3* writer, std::chrono::milliseconds keep);
    KeptPublishes& publishes() { return publishes_; }
    // Folds what is confirmed, so that little is left to read at the next start.
    void close();

    Stream& stream(std::string_view source, std::string_view name);
    bool is_seen(const Stream& stream, std::uint64_t position) const;
    void confirm(std::string_view source, std::string_view name, std::uint64_t position);
    // All that is recorded of the source's streams.
    void list(std::string_view source, RecordedSink to) const;

    // Whether the message is new; that of one with an id is recorded by the question.
    Status admit(const Record& record, bool& is_new);
    // To be called when the message's writes are applied.
    void add(const Record& record);
    // With the record that was just added; the views live until the transaction has ended.
    void keep_publishes(const Record& record, sluice_bytes key, sluice_bytes publishes);
    // Last thing before COMMIT; then exactly one of committed() and rolled_back().
    Status store();
    void committed();
    void rolled_back();

private:
    struct Added {
        Stream* stream;
        std::uint64_t start;
        std::uint64_t stop;
    };

    void each_row(const char* sql, const std::function<bool(sqlite3_stmt*)>& take);
    void check_pages(const std::string& table);
    void mark_dirty(Stream& stream);
    Status store(Stream& stream);
    Status prune();
    Status step(sqlite3_stmt* statement);

    KeptPublishes publishes_;
    sqlite3* writer_ = nullptr;
    std::int64_t keep_ms_ = 0;
    Prepared insert_id_, oldest_ids_, delete_ids_, insert_stream_, update_stream_, put_range_, delete_range_;

    // of whoever holds the writer
    std::pmr::unsynchronized_pool_resource working_memory_;
    std::vector<Stream*> dirty_;
    std::vector<Added> added_;
    std::int64_t now_ms_ = 0;  // of the open transaction; 0 = not asked yet
    std::int64_t ids_added_ = 0;

    mutable std::shared_mutex mutex_;
    // guarded by mutex_
    std::pmr::unsynchronized_pool_resource visible_memory_;
    std::unordered_map<std::string, std::unique_ptr<Stream>> streams_;  // by source, a zero byte, and name
};

}  // namespace sluice::sqlite
