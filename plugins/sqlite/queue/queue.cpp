#include "queue/queue.hpp"

#include <algorithm>

#include "clock.hpp"

namespace sluice::sqlite {

Queue::Queue(File& file, const std::string& name) : file_(file), name_(name) {
    HeldWriter held(file.writer());
    table_.open(held.connection().handle(), name);
    next_ = table_.next_at_open();
    committed_next_.store(next_, std::memory_order_relaxed);
    levels_.set(table_.counts_at_open());
    held.connection().give_back_space();
}

void Queue::remember_ids(std::chrono::milliseconds keep) {
    HeldWriter held(file_.writer());
    ids_.open(held.connection().handle(), table_.number());
    keep_ids_ms_ = std::max(keep_ids_ms_, std::int64_t{keep.count()});
}

void Queue::claim_for_source() {
    if (has_source_.exchange(true))
        throw Failure(SLUICE_UNAVAILABLE,
                      "the queue \"" + name_ + "\" in \"" + file_.path() +
                          "\" is received by another source of this configuration: configure one source, and let "
                          "several pools take their messages from it");
}

void Queue::unclaim_for_source() {
    {
        const std::lock_guard lock(delivery_);
        in_flight_.clear();
    }
    has_source_ = false;
}

Status Queue::store(const QueueRow& row, bool deduplicate) {
    const bool is_known_by_id = deduplicate && row.id.size != 0;
    if (is_known_by_id) {
        bool is_new = true;
        if (Status asked = ids_.admit(row.id, row.enqueued_ms, is_new); !asked.ok() || !is_new) return asked;
    }
    // One that this queue has given names the message that it was given to.
    const bool is_own_id = is_known_by_id && !view(row.id).starts_with(stream() + ":");
    if (Status inserted = table_.insert(next_, row, is_own_id); !inserted.ok()) return inserted;
    ++next_;
    ++change_.messages;
    change_.bytes += static_cast<std::int64_t>(row.bytes());
    if (row.due_ms != 0 && (due_ms_ == 0 || row.due_ms < due_ms_)) due_ms_ = row.due_ms;
    return SLUICE_OK;
}

Status Queue::remove(std::uint64_t number, bool& removed) {
    removed = false;
    {
        const std::lock_guard lock(delivery_);
        if (in_flight_.contains(number)) return SLUICE_OK;
        removing_.insert(number);
    }
    has_removed_ = true;
    std::int64_t bytes = -1;
    bool is_dead = false;
    const auto signed_number = static_cast<std::int64_t>(number);
    if (Status looked = table_.look(signed_number, bytes, is_dead); !looked.ok() || bytes < 0) return looked;
    std::int64_t count = 0;
    if (Status done = table_.remove(signed_number, signed_number, count); !done.ok()) return done;
    removed = true;
    --change_.messages;
    change_.bytes -= bytes;
    if (is_dead) --change_.dead;
    return SLUICE_OK;
}

// Those that follow each other in one statement.
Status Queue::remove_settled() {
    const auto by_number = [](const Settled& one, const Settled& other) { return one.number < other.number; };
    if (!std::ranges::is_sorted(settled_, by_number)) std::ranges::sort(settled_, by_number);
    std::int64_t removed = 0;
    for (std::size_t first = 0; first < settled_.size();) {
        std::size_t end = first + 1;
        while (end < settled_.size() && settled_[end].number == settled_[end - 1].number + 1) ++end;
        std::int64_t count = 0;
        if (Status done = table_.remove(static_cast<std::int64_t>(settled_[first].number),
                                        static_cast<std::int64_t>(settled_[end - 1].number), count);
            !done.ok())
            return done;
        removed += count;
        first = end;
    }
    for (const Settled& each : settled_) change_.bytes -= each.bytes;
    change_.messages -= static_cast<std::int64_t>(settled_.size());
    is_recounted_ = removed != static_cast<std::int64_t>(settled_.size());
    return SLUICE_OK;
}

Status Queue::store(WriteConnection&) {
    if (Status removed = remove_settled(); !removed.ok()) return removed;
    if (ids_.has_added())
        if (Status pruned = ids_.prune(unix_ms() - keep_ids_ms_); !pruned.ok()) return pruned;
    if (is_recounted_) return table_.recount(change_, next_);
    const bool is_unchanged = change_.messages == 0 && change_.bytes == 0 && change_.dead == 0;
    if (is_unchanged && next_ == committed_next_.load(std::memory_order_relaxed)) return SLUICE_OK;
    return table_.add(change_, next_);
}

void Queue::committed() {
    const bool has_news = next_ != committed_next_.load(std::memory_order_relaxed);
    if (is_recounted_)
        levels_.set(change_);
    else
        levels_.add(change_);
    if (due_ms_ != 0) {
        std::int64_t known = new_due_.load(std::memory_order_relaxed);
        while ((known == 0 || due_ms_ < known) && !new_due_.compare_exchange_weak(known, due_ms_, std::memory_order_relaxed)) {
        }
    }
    // Release: whoever sees the number finds the rows below it, and the due time above; pairs with next().
    committed_next_.store(next_, std::memory_order_release);
    end_transaction();
    if (has_news) bell_.ring();
}

void Queue::rolled_back() {
    next_ = committed_next_.load(std::memory_order_relaxed);
    end_transaction();
}

void Queue::end_transaction() {
    change_ = {};
    due_ms_ = 0;
    settled_.clear();
    ids_.end_transaction();
    is_recounted_ = false;
    if (!has_removed_) return;
    has_removed_ = false;
    const std::lock_guard lock(delivery_);
    removing_.clear();
}

}  // namespace sluice::sqlite
