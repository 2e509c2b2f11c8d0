#include "flow/memory_limit.hpp"

#include <algorithm>
#include <limits>

#include "text/units.hpp"

namespace sluice {

void MemoryLimit::Share::publish(std::uint64_t bytes) {
    if (limit_.bytes_ == 0 || bytes == published_) return;
    const std::uint64_t change = bytes - published_;  // modulo 2^64, as the sum is
    published_ = bytes;
    const std::uint64_t before = limit_.sum_.fetch_add(change, std::memory_order_seq_cst);  // (P3)
    const std::uint64_t now = before + change;
    if (before >= limit_.low() && now < limit_.low()) limit_.wake(*this);
    const bool said =
        limit_.said_.load(std::memory_order_relaxed);  // a late look is made up for by the next one that publishes
    if (said ? now < limit_.bytes_ / 2 : now >= limit_.high()) limit_.say();
}

std::uint64_t MemoryLimit::Share::may_poll(bool nothing_in_flight) {
    if (limit_.bytes_ == 0) return std::numeric_limits<std::uint64_t>::max();
    const bool waited = waits_.load(std::memory_order_relaxed);
    const bool waits = limit_.sum_.load(std::memory_order_relaxed) >= (waited ? limit_.low() : limit_.high());
    if (waits != waited) waits_.store(waits, std::memory_order_seq_cst);  // (P1)
    if (waits) return nothing_in_flight ? 1 : 0;
    return std::max<std::uint64_t>(limit_.bytes_ / 8 / limit_.shares_.size(), 1);
}

void MemoryLimit::wake(const Share& publisher) {
    for (const Share* share : shares_)
        if (share != &publisher && share->waits_.load(std::memory_order_seq_cst)) share->event_count_.notify();  // (P4)
}

void MemoryLimit::say() {
    const std::lock_guard lock(said_mutex_);
    const std::uint64_t now = sum_.load(std::memory_order_relaxed);
    const TwoWayNotice::Change change = notice_.update(now, bytes_);
    said_.store(notice_.on(), std::memory_order_relaxed);
    if (change == TwoWayNotice::Change::began)
        logger_.warn("messages in flight take {:.1f} MiB, and memory_limit is {}: sources are polled only as these end",
                     static_cast<double>(now) / (1 << 20), format_size(bytes_));
    else if (change == TwoWayNotice::Change::ended)
        logger_.info("messages in flight take less than half of memory_limit again");
}

}  // namespace sluice
