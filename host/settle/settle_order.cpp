#include "settle/settle_order.hpp"

#include <algorithm>

namespace sluice {
namespace {

// A pool's keys are its own. Two that meet wait for each other, which costs time and no order.
std::uint64_t line_of(const Message& message) {
    return message.key_hash + message.pool * 0x9e3779b97f4a7c15u;
}

}  // namespace

// Out of line, as the next: what ends is mostly no dead letter, and does not wait for one.
[[gnu::noinline]] void SettleOrder::begin(Message* dead_letter) {
    lines_[line_of(*dead_letter)].push_back({dead_letter, false});
}

[[gnu::noinline]] bool SettleOrder::wait_behind(Message* message) {
    const auto line = lines_.find(line_of(*message));
    if (line == lines_.end()) return false;
    line->second.push_back({message, true});
    ++waiting_;
    return true;
}

void SettleOrder::end(Message* dead_letter, MessageList& out) {
    const auto found = lines_.find(line_of(*dead_letter));
    if (found == lines_.end()) return out.push_back(dead_letter);
    std::deque<Place>& line = found->second;
    const auto place = std::find_if(line.begin(), line.end(), [&](const Place& one) { return one.message == dead_letter; });
    if (place == line.end()) return out.push_back(dead_letter);
    place->ended = true;
    ++waiting_;
    for (; !line.empty() && line.front().ended; line.pop_front(), --waiting_) out.push_back(line.front().message);
    if (line.empty()) lines_.erase(found);
}

void SettleOrder::take_all(MessageList& out) {
    for (auto& [key, line] : lines_)
        for (const Place& place : line)
            if (place.ended) out.push_back(place.message);
    lines_.clear();
    waiting_ = 0;
}

}  // namespace sluice
