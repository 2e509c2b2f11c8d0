// Gives the space of removed rows back to the file system, in slices, while nobody waits for the writer.
//
// SQLite keeps pages that have become free and uses them again; a queue that once held a million messages stays as large as
// that. Files that a queue creates are made with auto_vacuum=INCREMENTAL, which can cut free pages off the end. A file of
// before, whose tables are all Sluice's, is rewritten once when little is left in it.
//
// Threads     whoever holds the writer, outside transactions.
// Errors      none: what another process keeps it from (a reader the log, a writer the file) is tried again by whoever calls,
//             and costs nothing but space.
// Limits      begins at begin_pages free pages that are half of the file, ends below end_pages; slice_pages at a time.
#pragma once

#include "handle.hpp"

namespace sluice::sqlite {

class Space {
public:
    static constexpr std::int64_t begin_pages = 1024;  // 4 MiB: less is not worth the writes
    static constexpr std::int64_t end_pages = 256;
    static constexpr std::int64_t slice_pages = 1024;      // some milliseconds and one sync
    static constexpr std::int64_t rewritten_pages = 4096;  // 16 MiB, of a file of before

    // Nothing is given back unless a queue lives in the file.
    void open(sqlite3* writer, Patience& patience);
    void close();

    enum class Left {
        nothing,
        more,   // call again
        later,  // somebody else uses the file: call again after a while, also if nothing happens meanwhile
    };
    Left give_back_a_slice();

private:
    std::int64_t number(const Prepared& statement) const;
    bool is_all_ours() const;
    bool run(const char* sql) const { return sqlite3_exec(writer_, sql, nullptr, nullptr, nullptr) == SQLITE_OK; }
    Left rewrite();
    Left empty_log();

    sqlite3* writer_ = nullptr;
    Patience* patience_ = nullptr;
    Prepared free_, all_;
    bool is_incremental_ = false;
    bool is_giving_back_ = false;
    bool has_log_to_empty_ = false;
};

}  // namespace sluice::sqlite
