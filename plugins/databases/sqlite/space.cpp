#include "space.hpp"

#include <string>

namespace sluice::sqlite {

void Space::open(sqlite3* writer, Patience& patience) {
    if (writer_ != nullptr) return;
    free_ = prepare(writer, "PRAGMA freelist_count");
    all_ = prepare(writer, "PRAGMA page_count");
    writer_ = writer;
    patience_ = &patience;
    constexpr std::int64_t incremental = 2;
    is_incremental_ = number(prepare(writer, "PRAGMA auto_vacuum")) == incremental;
}

void Space::close() {
    free_.reset();
    all_.reset();
    writer_ = nullptr;
    is_giving_back_ = false;
}

bool Space::give_back_a_slice() {
    if (writer_ == nullptr) return false;
    const std::int64_t free = number(free_);
    if (!is_giving_back_) {
        if (free < begin_pages) return false;
        const std::int64_t all = number(all_);
        if (free < all / 2) return false;
        if (!is_incremental_) {
            // One transaction, so only where it is short; it makes the file one that can be cut in slices from now on.
            if (all - free > rewritten_pages || !is_all_ours() || !run("PRAGMA auto_vacuum=INCREMENTAL; VACUUM")) return false;
            is_incremental_ = true;
            empty_log();
            return false;
        }
        is_giving_back_ = true;
    }
    static const std::string slice = "PRAGMA incremental_vacuum(" + std::to_string(slice_pages) + ")";
    if (free >= end_pages && run(slice.c_str()) && number(free_) < free) return true;
    is_giving_back_ = false;
    empty_log();
    return false;
}

std::int64_t Space::number(const Prepared& statement) const {
    const std::int64_t found = sqlite3_step(statement.get()) == SQLITE_ROW ? sqlite3_column_int64(statement.get(), 0) : 0;
    sqlite3_reset(statement.get());
    return found;
}

bool Space::is_all_ours() const {
    const Prepared foreign =
        prepare(writer_, "SELECT count(*) FROM sqlite_schema WHERE name NOT GLOB 'sluice_*' AND name NOT GLOB 'sqlite_*'");
    return number(foreign) == 0;
}

// The file shrinks when the log is written back. Whoever reads at this moment keeps it from that, and is not waited for.
void Space::empty_log() {
    sqlite3_busy_handler(writer_, nullptr, nullptr);
    sqlite3_wal_checkpoint_v2(writer_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    patience_->apply_to(writer_);
}

}  // namespace sluice::sqlite
