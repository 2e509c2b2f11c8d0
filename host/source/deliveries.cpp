#include "source/deliveries.hpp"

#include <algorithm>
#include <utility>

#include "sluice/queue.h"

namespace sluice {

bool Deliveries::may_come(std::uint32_t lane) const {
    if (lane == 0) return true;
    if (lane > SLUICE_LANES_MAX) return false;
    const auto found = lanes_.find(static_cast<std::uint16_t>(lane));
    return found == lanes_.end() || found->second.tokens.empty();
}

// A tag that is in use already is a mistake of the adapter, which shows when it confirms: the first one keeps it here.
void Deliveries::add(Message& message, std::int64_t now_ns) {
    deliveries_.try_emplace(message.tag, Delivery{&message, ++arrivals_, now_ns + lease_ns_});
    if (message.lane != 0) ++lanes_[message.lane].messages;
    if (lease_ns_ != 0 && due_ns_ == 0) due_ns_ = now_ns + look_again_ns();
}

// Out of line: most sources take nothing away, and it would weigh on the end of each message.
[[gnu::noinline]] void Deliveries::leave(const Message& message) {
    if (const auto found = deliveries_.find(message.tag); found != deliveries_.end() && found->second.message == &message)
        deliveries_.erase(found);
    if (message.lane == 0) return;
    const auto lane = lanes_.find(message.lane);
    if (--lane->second.messages != 0) return;
    if (lane->second.tokens.empty())
        lanes_.erase(lane);
    else
        emptied_ = true;
}

void Deliveries::mark(std::vector<const Delivery*>& messages, Withdrawn how) {
    std::sort(messages.begin(), messages.end(),
              [](const Delivery* a, const Delivery* b) { return a->arrival > b->arrival; });  // (3)
    for (const Delivery* delivery : messages) {
        std::atomic<Withdrawn>& withdrawn = delivery->message->withdrawn;
        if (withdrawn.load(std::memory_order_relaxed) >= how) continue;  // written by this thread only
        withdrawn.store(how, std::memory_order_release);                 // (W) pairs with (R) of Message::is_withdrawn()
        news_ = true;
    }
}

void Deliveries::revoke(std::uint32_t number, Withdrawn how, std::uint64_t token) {
    if (number > SLUICE_LANES_MAX) return;
    Lane& lane = lanes_[static_cast<std::uint16_t>(number)];
    lane.tokens.push_back(token);
    if (lane.messages == 0) {
        emptied_ = true;
        return;
    }
    std::vector<const Delivery*> its;
    for (const auto& [tag, delivery] : deliveries_)
        if (delivery.message->lane == number) its.push_back(&delivery);
    mark(its, how);
}

void Deliveries::lose(std::span<const std::uint64_t> tags) {
    std::vector<const Delivery*> its;
    for (const std::uint64_t tag : tags)
        if (const auto found = deliveries_.find(tag); found != deliveries_.end()) its.push_back(&found->second);
    mark(its, Withdrawn::lost);
}

std::vector<Deliveries::Emptied> Deliveries::take_emptied() {
    std::vector<Emptied> emptied;
    emptied_ = false;
    for (auto lane = lanes_.begin(); lane != lanes_.end();) {
        if (lane->second.messages != 0 || lane->second.tokens.empty()) {
            ++lane;
            continue;
        }
        emptied.push_back({lane->first, std::move(lane->second.tokens)});
        lane = lanes_.erase(lane);
    }
    return emptied;
}

std::span<const std::uint64_t> Deliveries::to_extend(std::int64_t now_ns) {
    extended_.clear();
    for (auto& [tag, delivery] : deliveries_) {
        if (delivery.message->is_lost()) continue;
        if (delivery.until_ns - now_ns > lease_ns_ - look_again_ns()) continue;
        delivery.until_ns = now_ns + lease_ns_;
        extended_.push_back(tag);
    }
    due_ns_ = now_ns + look_again_ns();
    return extended_;
}

void Deliveries::put_off(std::int64_t now_ns) {
    for (const std::uint64_t tag : extended_) deliveries_.find(tag)->second.until_ns = now_ns;
    due_ns_ = now_ns + lease_ns_ / 10;
}

}  // namespace sluice
