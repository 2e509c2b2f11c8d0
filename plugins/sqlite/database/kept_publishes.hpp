// What messages publish, kept with their records from the commit of their effects until the targets have confirmed: so that a
// message that comes again, and is seen, can still be published.
//
// Threads     done, is_empty: any. open, close: control, holding the writer. Everything else: whoever holds the writer.
// Errors      open throws; store answers a Status, of the database's trouble.
// Limits      a row for each message whose publishes are not confirmed; those of messages with ids go with their records
//             (`keep`), those of positions once the source never delivers them again.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "handle.hpp"
#include "job.hpp"

namespace sluice::sqlite {

class Writer;

class KeptPublishes final : private Job {
public:
    // What a record's publishes are filed under: the id, or stream and position.
    static std::string key_of(const sluice_identity& identity);
    static std::string key_of(std::string_view stream, std::uint64_t position);

    void open(sqlite3* connection, std::int64_t keep_ms);
    void close();
    // Where done() asks for a transaction. NULL: for none, from now on.
    void set_writer(Writer* writer);

    // ---- any thread ----
    bool is_empty() const { return count_.load(std::memory_order_acquire) == 0; }  // pairs with committed()
    // They need not be kept: gone with the next transaction, which is asked for.
    void done(std::string_view source, std::string key);

    // ---- whoever holds the writer ----
    // The views live until the transaction has ended.
    void add(std::string_view source, std::string_view key, std::string_view publishes, bool has_position);
    void forget_below(std::string_view source, std::string_view stream, std::uint64_t position);
    Status store();
    void committed();
    void rolled_back();

    static constexpr const char* select = "SELECT publishes FROM sluice_publishes WHERE source = ? AND id = ?";

private:
    struct Kept {
        std::string_view source, key, publishes;
        bool has_position;
    };
    struct Named {
        std::string source, key;
    };
    struct Below {
        std::string source, first, end;
    };

    Status apply(WriteConnection&) override { return SLUICE_OK; }  // store() does it
    void end(const Status& outcome) override;
    Status remove(sqlite3_stmt* statement);
    Status step(sqlite3_stmt* statement);

    sqlite3* connection_ = nullptr;
    std::int64_t keep_ms_ = 0;
    Prepared put_, remove_, remove_range_, remove_old_;
    std::atomic<std::int64_t> count_{0};  // rows, or more

    // of the open transaction
    std::vector<Kept> added_;
    std::vector<Named> removed_;
    std::vector<Below> below_;
    std::int64_t removed_rows_ = 0;
    std::int64_t pruned_ms_ = 0;  // when old ones were looked for last

    std::mutex mutex_;
    // guarded by mutex_
    std::vector<Named> done_;
    Writer* writer_ = nullptr;
    bool is_submitted_ = false;
};

}  // namespace sluice::sqlite
