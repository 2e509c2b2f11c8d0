#include "publish/held_keys.hpp"

#include <algorithm>
#include <utility>

#include "core/bytes.hpp"
#include "plugin/fault.hpp"

namespace sluice {

std::string_view HeldKeys::key_of(const PublishItem& item) {
    return view_of(item.batch->messages[item.index].key);
}

bool HeldKeys::fail(std::uint64_t token, const PublishItem& item, std::uint64_t next_token, sluice_status status,
                    const std::string& text) {
    auto found = keys_.find(key_of(item));
    if (found == keys_.end()) found = keys_.emplace(std::string(key_of(item)), Held{}).first;
    Held& held = found->second;
    held.failed.emplace(token, item);
    ++messages_;
    const bool is_of_the_target = held.failures == 0 || held.stored_before == stored_;
    if (held.waits) return is_of_the_target;  // the same failure, as far as its backoff goes
    held.waits = true;
    held.next_token = next_token;
    ++waiting_keys_;
    if (held.failures == 0) held.stored_before = stored_;
    const std::int64_t now = clock_.now();
    held.retry_at_ns = now + std::min(backoff_first_ns_ << std::min(held.failures, 20u), backoff_max_ns_);
    ++held.failures;
    if (!is_of_the_target && !std::exchange(said_, true)) {
        said_since_ns_ = now;
        logger_.warn("messages of some keys cannot be published ({}{}{}): they are tried again, and those of other keys go on",
                     status_name(status), text.empty() ? "" : ": ", text);
    }
    return is_of_the_target;
}

bool HeldKeys::keep_behind(const PublishItem& item) {
    const auto found = keys_.find(key_of(item));
    if (found == keys_.end() || !found->second.waits) return false;
    found->second.behind.push_back(item);
    ++messages_;
    return true;
}

void HeldKeys::ended(const PublishItem& item) {
    const auto found = keys_.find(key_of(item));
    if (found == keys_.end() || found->second.waits) return;
    keys_.erase(found);
    if (keys_.empty() && std::exchange(said_, false))
        logger_.info("messages of all keys are published again after {:.1f} s",
                     static_cast<double>(clock_.now() - said_since_ns_) / 1e9);
}

void HeldKeys::try_at_once() {
    for (auto& [key, held] : keys_) held.retry_at_ns = 0;
}

void HeldKeys::put_back_due(std::uint64_t first_open, std::deque<PublishItem>& to) {
    if (waiting_keys_ == 0) return;
    const std::int64_t now = clock_.now();
    for (auto& [key, held] : keys_) {
        if (!held.waits || first_open < held.next_token || now < held.retry_at_ns) continue;
        held.waits = false;
        --waiting_keys_;
        messages_ -= held.failed.size() + held.behind.size();
        to.insert(to.begin(), held.behind.begin(), held.behind.end());
        for (auto item = held.failed.rbegin(); item != held.failed.rend(); ++item) to.push_front(item->second);
        held.behind.clear();
        held.failed.clear();
    }
}

std::int64_t HeldKeys::due_ns(std::uint64_t first_open) const {
    std::int64_t due = INT64_MAX;
    if (waiting_keys_ == 0) return due;
    for (const auto& [key, held] : keys_)
        if (held.waits && first_open >= held.next_token) due = std::min(due, held.retry_at_ns);
    return due;
}

void HeldKeys::give_up(std::map<std::uint64_t, PublishItem>& failed, std::deque<PublishItem>& to) {
    for (auto& [key, held] : keys_) {
        failed.merge(held.failed);
        to.insert(to.begin(), held.behind.begin(), held.behind.end());
    }
    keys_.clear();
    waiting_keys_ = 0;
    messages_ = 0;
    said_ = false;
}

}  // namespace sluice
