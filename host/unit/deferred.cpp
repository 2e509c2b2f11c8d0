#include "unit/deferred.hpp"

#include <algorithm>

namespace sluice {

// The news go out under the lock: once close() has returned nobody is on the way to a worker that may be gone.
sluice_status Deferred::end(sluice_ticket ticket, End end) {
    const std::lock_guard lock(mutex_);
    if (closed_ || ticket == 0) return SLUICE_STALE;
    if (const auto entry = entries_.find(ticket); entry != entries_.end()) {
        if (entry->second.ended) return SLUICE_STALE;
        note_end(ticket, entry->second, std::move(end));
        return SLUICE_OK;
    }
    // The call may still say something else than defer; then this end is of no use.
    if (!running_.has(ticket)) return SLUICE_STALE;
    std::erase_if(early_, [&](const auto& early) { return !running_.has(early.first); });  // of calls that have ended
    return early_.try_emplace(ticket, std::move(end)).second ? SLUICE_OK : SLUICE_STALE;
}

void Deferred::note_end(sluice_ticket ticket, Entry& entry, End end) {
    end.message = entry.end.message;
    entry.end = std::move(end);
    entry.ended = true;
    if (!entry.armed) return;
    ready_.push_back(ticket);
    news_();
}

std::int64_t Deferred::deadline_ns(sluice_ticket ticket) const {
    const std::lock_guard lock(mutex_);
    const auto entry = entries_.find(ticket);
    return closed_ || entry == entries_.end() || entry->second.ended ? 0 : entry->second.deadline_ns;
}

bool Deferred::add(sluice_ticket ticket, Message* message, std::int64_t now_ns, std::int64_t time_ns) {
    const std::lock_guard lock(mutex_);
    auto early = early_.extract(ticket);
    if (entries_.size() >= limits::deferred_max || bytes_ + message->charge > limits::deferred_bytes) return false;
    Entry& entry = entries_[ticket];
    entry.deadline_ns = entry.due_ns = now_ns + time_ns;
    entry.grace_ns = std::min(time_ns, grace_ms * 1'000'000);
    entry.end.message = message;
    bytes_ += message->charge;
    if (early) note_end(ticket, entry, std::move(early.mapped()));
    resize();
    return true;
}

void Deferred::arm(sluice_ticket ticket) {
    const std::lock_guard lock(mutex_);
    const auto entry = entries_.find(ticket);
    if (entry == entries_.end()) return;
    entry->second.armed = true;
    if (!entry->second.ended) return;
    ready_.push_back(ticket);
    news_();
}

void Deferred::forget(sluice_ticket ticket) {
    const std::lock_guard lock(mutex_);
    const auto entry = entries_.find(ticket);
    if (entry == entries_.end()) return;
    bytes_ -= entry->second.end.message->charge;
    entries_.erase(entry);
    resize();
}

bool Deferred::take(End& end) {
    const std::lock_guard lock(mutex_);
    if (ready_.empty()) return false;
    const auto entry = entries_.find(ready_.front());
    ready_.erase(ready_.begin());
    end = std::move(entry->second.end);
    bytes_ -= end.message->charge;
    entries_.erase(entry);
    resize();
    return true;
}

Deferred::Overdue Deferred::expire(std::int64_t now_ns, bool all, bool can_cancel) {
    Overdue overdue;
    const std::lock_guard lock(mutex_);
    for (auto& [ticket, entry] : entries_) {
        const bool is_due = entry.due_ns <= now_ns || (all && !entry.asked);
        if (!entry.armed || entry.ended || !is_due) continue;
        if (can_cancel && !std::exchange(entry.asked, true)) {
            entry.due_ns = now_ns + entry.grace_ns;
            overdue.asked.push_back(ticket);
            continue;
        }
        ++overdue.given_up;
        note_end(ticket, entry,
                 {.verdict = SLUICE_RETRY,
                  .text = entry.asked ? "it was deferred, and not ended in time, nor when its handler was asked to"
                                      : "it was deferred, and not ended in time"});
    }
    return overdue;
}

std::int64_t Deferred::next_due_ns() const {
    const std::lock_guard lock(mutex_);
    std::int64_t due = 0;
    for (const auto& [ticket, entry] : entries_)
        if (entry.armed && !entry.ended && (due == 0 || entry.due_ns < due)) due = entry.due_ns;
    return due;
}

void Deferred::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
}

void Deferred::resize() {
    size_.store(static_cast<std::uint32_t>(entries_.size()), std::memory_order_relaxed);
}

}  // namespace sluice
