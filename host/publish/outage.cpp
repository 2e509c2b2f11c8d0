#include "publish/outage.hpp"

#include <algorithm>
#include <utility>

#include "plugin/fault.hpp"

namespace sluice {
namespace {

// What was in the hands of those who have stopped may still make room.
constexpr std::int64_t full_grace_ns = 500'000'000;

// A target that is slower than its host is not unreachable.
std::string trouble_text(sluice_status status, const std::string& text) {
    if (status == SLUICE_FULL) return text.empty() ? "is full" : "is full (" + text + ")";
    return "cannot be published to (" + status_name(status) + (text.empty() ? ")" : ": " + text + ")");
}

}  // namespace

void Outage::failed(sluice_status status, const std::string& text, std::uint64_t waiting, bool others_go_on) {
    const bool is_full = status == SLUICE_FULL;
    note_full(is_full);
    if (std::exchange(failed_in_attempt_, true) && (others_go_on || retry_at_ns_ != 0)) return;
    const std::int64_t now = clock_.now();
    if (failures_ == 0) since_ns_ = now;
    note_trouble(trouble_text(status, text));
    const std::int64_t factor = std::int64_t{1} << std::min(failures_, 20u);
    ++failures_;
    if (!others_go_on || failures_ > 1)
        retry_at_ns_ =
            now + (no_room_since_ns_ != 0 ? backoff_first_ns_ : std::min(backoff_first_ns_ * factor, backoff_max_ns_));
    said_full_.store(is_full, std::memory_order_relaxed);
    // Once is a hiccup, and full the everyday answer of a target that is slower than its host.
    if (said_ || failures_ < (is_full ? 5u : 2u)) return;
    said_ = true;
    said_since_ns_.store(since_ns_, std::memory_order_relaxed);
    if (is_full)
        return logger_.warn("is full, and {} messages wait until it has room{}{}", waiting, text.empty() ? "" : ": ", text);
    logger_.warn("cannot be published to ({}{}{}): {} messages wait, trying again until it works", status_name(status),
                 text.empty() ? "" : ": ", text, waiting);
}

void Outage::over(std::uint64_t waiting) {
    if (failures_ != 0) note_trouble({});
    note_full(false);
    failures_ = 0;
    retry_at_ns_ = 0;
    failed_in_attempt_ = false;
    if (!std::exchange(said_, false)) return;
    said_since_ns_.store(0, std::memory_order_relaxed);
    logger_.info("{} after {:.1f} s: publishing {} messages that waited",
                 said_full_.load(std::memory_order_relaxed) ? "has room again" : "responds again",
                 static_cast<double>(clock_.now() - since_ns_) / 1e9, waiting);
}

std::int64_t Outage::give_up_full_at_ns() const {
    if (full_since_ns_ == 0 || no_room_since_ns_ == 0) return INT64_MAX;
    return std::max(full_since_ns_, no_room_since_ns_) + full_grace_ns;
}

void Outage::full_given_up() {
    note_full(false);
    retry_at_ns_ = 0;
}

std::string Outage::trouble() const {
    const std::lock_guard lock(mutex_);
    if (trouble_.empty()) return {};
    const auto tenths = (clock_.now() - trouble_since_ns_) / 100'000'000;
    return trouble_ + ", for " + std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

void Outage::note_full(bool full) {
    full_since_ns_ = !full ? 0 : full_since_ns_ != 0 ? full_since_ns_ : clock_.now();
    full_.store(full, std::memory_order_relaxed);
}

void Outage::note_trouble(std::string text) {
    const std::lock_guard lock(mutex_);
    trouble_ = std::move(text);
    trouble_since_ns_ = since_ns_;
}

}  // namespace sluice
