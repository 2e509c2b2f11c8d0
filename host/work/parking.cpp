#include "work/parking.hpp"

#include <iterator>
#include <utility>

namespace sluice {

void Parking::resize(std::int64_t by) {
    size_.store(static_cast<std::uint32_t>(size_.load(std::memory_order_relaxed) + by), std::memory_order_relaxed);
}

bool Parking::has_room(const Message& message) const {
    if (full()) return false;
    const auto key = keys_.find(name_of(message));
    return key == keys_.end() || key->second.waiting.size() < key_limit_;
}

void Parking::park(MessageList& failed_and_followers, std::int64_t due_ns) {
    const std::uint64_t name = name_of(*failed_and_followers.first());
    resize(failed_and_followers.size());
    const auto [entry, is_new] = keys_.try_emplace(name);
    Key& key = entry->second;
    if (!is_new && !std::exchange(key.held, false)) due_.erase({key.due_ns, name});
    key.waiting.splice_front(failed_and_followers);
    key.due_ns = due_ns;
    due_.insert({due_ns, name});
}

void Parking::hold(const Message& head, MessageList& followers) {
    if (!has_order(head)) return;
    const std::uint64_t name = name_of(head);
    resize(followers.size());
    const auto [entry, is_new] = keys_.try_emplace(name);
    Key& key = entry->second;
    if (!is_new && !key.held) due_.erase({key.due_ns, name});
    key.held = true;
    key.waiting.splice_front(followers);
}

void Parking::free(const Message& head, std::int64_t now_ns) {
    if (!has_order(head)) return;
    const auto key = keys_.find(name_of(head));
    if (key == keys_.end() || !key->second.held) return;
    if (key->second.waiting.empty()) {
        keys_.erase(key);
        return;
    }
    key->second.held = false;
    key->second.due_ns = now_ns;
    due_.insert({now_ns, key->first});
}

void Parking::wait_behind(Message* message) {
    keys_.find(name_of(*message))->second.waiting.push_back(message);
    resize(1);
}

void Parking::take_due(std::int64_t now_ns, std::uint32_t max, MessageList& out) {
    while (max > 0 && !due_.empty() && due_.begin()->first <= now_ns) {
        const std::uint64_t name = due_.begin()->second;
        MessageList& waiting = keys_.find(name)->second.waiting;
        for (; max > 0 && !waiting.empty(); --max) {
            Message* message = waiting.pop_front();
            message->failure.reset();  // of an attempt that is not its last
            out.push_back(message);
            resize(-1);
        }
        if (!waiting.empty()) return;  // (1) the rest follows in the next batch
        due_.erase(due_.begin());
        keys_.erase(name);
    }
}

void Parking::take_withdrawn(MessageList& out) {
    const std::uint32_t before = out.size();
    for (auto entry = keys_.begin(); entry != keys_.end();) {
        Key& key = entry->second;
        MessageList others;
        while (Message* message = key.waiting.pop_front()) (message->is_withdrawn() ? out : others).push_back(message);
        key.waiting = others;
        const bool stays = key.held || !key.waiting.empty();  // (2)
        if (!stays) due_.erase({key.due_ns, entry->first});
        entry = stays ? std::next(entry) : keys_.erase(entry);
    }
    resize(std::int64_t{before} - std::int64_t{out.size()});
}

void Parking::take_all(MessageList& out, bool held) {
    const std::uint32_t before = out.size();
    for (auto key = keys_.begin(); key != keys_.end();) {
        const bool stays = key->second.held && !held;
        if (!stays) out.splice_back(key->second.waiting);
        key = stays ? std::next(key) : keys_.erase(key);
    }
    due_.clear();
    resize(std::int64_t{before} - std::int64_t{out.size()});
}

}  // namespace sluice
