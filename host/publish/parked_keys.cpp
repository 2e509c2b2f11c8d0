#include "publish/parked_keys.hpp"

#include <algorithm>
#include <utility>

#include "core/bytes.hpp"
#include "plugin/fault.hpp"

namespace sluice {

std::string_view ParkedKeys::key_of(const PublishItem& item) {
    return view_of(item.batch->messages[item.index].key);
}

bool ParkedKeys::fail(std::uint64_t token, const PublishItem& item, std::uint64_t next_token, sluice_status status,
                      const std::string& text) {
    auto found = keys_.find(key_of(item));
    if (found == keys_.end()) found = keys_.emplace(std::string(key_of(item)), Parked{}).first;
    Parked& parked = found->second;
    parked.failed.emplace(token, item);
    ++messages_;
    const bool is_of_the_target = parked.failures == 0 || parked.stored_before == stored_;
    if (parked.waits) return is_of_the_target;  // the same failure, as far as its backoff goes
    parked.waits = true;
    parked.next_token = next_token;
    ++waiting_keys_;
    if (parked.failures == 0) parked.stored_before = stored_;
    const std::int64_t now = clock_.now();
    parked.retry_at_ns = now + std::min(backoff_first_ns_ << std::min(parked.failures, 20u), backoff_max_ns_);
    ++parked.failures;
    if (!is_of_the_target && !std::exchange(said_, true)) {
        said_since_ns_ = now;
        logger_.warn("messages of some keys cannot be published ({}{}{}): they are tried again, and those of other keys go on",
                     status_name(status), text.empty() ? "" : ": ", text);
    }
    return is_of_the_target;
}

bool ParkedKeys::keep_behind(const PublishItem& item) {
    const auto found = keys_.find(key_of(item));
    if (found == keys_.end() || !found->second.waits) return false;
    found->second.behind.push_back(item);
    ++messages_;
    return true;
}

void ParkedKeys::ended(const PublishItem& item) {
    const auto found = keys_.find(key_of(item));
    if (found == keys_.end() || found->second.waits) return;
    keys_.erase(found);
    if (keys_.empty() && std::exchange(said_, false))
        logger_.info("messages of all keys are published again after {:.1f} s",
                     static_cast<double>(clock_.now() - said_since_ns_) / 1e9);
}

void ParkedKeys::try_at_once() {
    for (auto& [key, parked] : keys_) parked.retry_at_ns = 0;
}

void ParkedKeys::put_back_due(std::uint64_t first_open, std::deque<PublishItem>& to) {
    if (waiting_keys_ == 0) return;
    const std::int64_t now = clock_.now();
    for (auto& [key, parked] : keys_) {
        if (!parked.waits || first_open < parked.next_token || now < parked.retry_at_ns) continue;
        parked.waits = false;
        --waiting_keys_;
        messages_ -= parked.failed.size() + parked.behind.size();
        to.insert(to.begin(), parked.behind.begin(), parked.behind.end());
        for (auto item = parked.failed.rbegin(); item != parked.failed.rend(); ++item) to.push_front(item->second);
        parked.behind.clear();
        parked.failed.clear();
    }
}

std::int64_t ParkedKeys::due_ns(std::uint64_t first_open) const {
    std::int64_t due = INT64_MAX;
    if (waiting_keys_ == 0) return due;
    for (const auto& [key, parked] : keys_)
        if (parked.waits && first_open >= parked.next_token) due = std::min(due, parked.retry_at_ns);
    return due;
}

void ParkedKeys::give_up(std::map<std::uint64_t, PublishItem>& failed, std::deque<PublishItem>& to) {
    for (auto& [key, parked] : keys_) {
        failed.merge(parked.failed);
        to.insert(to.begin(), parked.behind.begin(), parked.behind.end());
    }
    keys_.clear();
    waiting_keys_ = 0;
    messages_ = 0;
    said_ = false;
}

}  // namespace sluice
