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
    is_giving_back_ = has_log_to_empty_ = false;
}

Space::Left Space::give_back_a_slice() {
    if (writer_ == nullptr) return Left::nothing;
    const std::int64_t free = number(free_);
    if (!is_giving_back_) {
        const Left log = has_log_to_empty_ ? empty_log() : Left::nothing;
        if (free < begin_pages) return log;
        const std::int64_t all = number(all_);
        if (free < all / 2) return log;
        if (!is_incremental_) return all - free > rewritten_pages || !is_all_ours() ? log : rewrite();
        is_giving_back_ = true;
    }
    static const std::string slice = "PRAGMA incremental_vacuum(" + std::to_string(slice_pages) + ")";
    if (free >= end_pages) {
        if (!run(slice.c_str())) return Left::later;
        if (number(free_) < free) return Left::more;
    }
    is_giving_back_ = false;
    return empty_log();
}

// One transaction, so only where it is short; it makes the file one that can be cut in slices from now on.
Space::Left Space::rewrite() {
    if (!run("PRAGMA auto_vacuum=INCREMENTAL; VACUUM")) return Left::later;
    is_incremental_ = true;
    return empty_log();
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

// The file shrinks when the log is written back. Whoever reads at this moment keeps it from that, and is not waited for here.
Space::Left Space::empty_log() {
    sqlite3_busy_handler(writer_, nullptr, nullptr);
    has_log_to_empty_ = sqlite3_wal_checkpoint_v2(writer_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr) != SQLITE_OK;
    patience_->apply_to(writer_);
    return has_log_to_empty_ ? Left::later : Left::nothing;
}

}  // namespace sluice::sqlite
