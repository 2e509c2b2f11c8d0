// Keys held back: while the head message of a key waits for its retry, later messages of the key wait behind it and every other
// key goes on.
//
// Threads      whoever runs the worker; size: any.
// Ownership    holds the messages until they are taken.
// Limits       `key_limit` messages per key and `total_limit` in all, asked by has_room(); what a batch had taken already may
//              come back beyond that.
// Invariants   (1) the messages of a key are in the order received (2) a key that is parked has at least one message, or waits
//              for one that is out
#pragma once

#include <atomic>
#include <cstdint>
#include <set>
#include <unordered_map>
#include <utility>

#include "core/message.hpp"

namespace sluice {

class Parking {
public:
    // Without `keep_order` each message waits alone, as those without a key always do.
    Parking(std::uint32_t key_limit, std::uint32_t total_limit, bool keep_order = true)
        : key_limit_(key_limit),
          total_limit_(total_limit),
          keep_order_(keep_order) {}

    bool empty() const { return keys_.empty(); }
    bool holds(const Message& message) const {
        return !keys_.empty() && has_order(message) && keys_.contains(message.key_hash);
    }
    // Room for one more message of a key that is parked.
    bool has_room(const Message& message) const;
    bool full() const { return size_.load(std::memory_order_relaxed) >= total_limit_; }

    // A failed message and those of its key that follow it, in order, in front of what waits already. Empties the list.
    void park(MessageList& failed_and_followers, std::int64_t due_ns);
    // A message of a key is out of the worker's hands: what follows it waits, without a time, until free() or park().
    void hold(const Message& head, MessageList& followers);
    // What waits behind such a message is due now.
    void free(const Message& head, std::int64_t now_ns);
    // A later message of a key that is parked.
    void wait_behind(Message* message);

    // Appends the keys whose time has come to `out`, each with all that waits behind its head, up to `max` messages. What is
    // left of a key stays parked and due.
    void take_due(std::int64_t now_ns, std::uint32_t max, MessageList& out);
    // What the source has withdrawn.
    void take_withdrawn(MessageList& out);
    // Without `held`, the keys that wait for a message that is out stay.
    void take_all(MessageList& out, bool held);

    // What waits of a key, its head first, or nullptr; and when its time comes, or that it waits for a message that is out.
    const MessageList* find(std::uint64_t key_hash, std::int64_t& due_ns, bool& held) const {
        const auto key = keys_.find(key_hash);
        if (key == keys_.end()) return nullptr;
        due_ns = key->second.due_ns;
        held = key->second.held;
        return &key->second.waiting;
    }
    std::int64_t next_due_ns() const { return due_.empty() ? 0 : due_.begin()->first; }  // 0 = none
    std::uint32_t size() const { return size_.load(std::memory_order_relaxed); }

private:
    struct Key {
        MessageList waiting;
        std::int64_t due_ns = 0;
        bool held = false;  // then it is not in due_
    };
    bool has_order(const Message& message) const { return keep_order_ && message.key_hash != 0; }
    // What has no order waits alone, each under its own address.
    std::uint64_t name_of(const Message& message) const {
        return has_order(message) ? message.key_hash : reinterpret_cast<std::uintptr_t>(&message);
    }
    void resize(std::int64_t by);

    const std::uint32_t key_limit_;
    const std::uint32_t total_limit_;
    const bool keep_order_;
    std::unordered_map<std::uint64_t, Key> keys_;
    std::set<std::pair<std::int64_t, std::uint64_t>> due_;  // when, name
    std::atomic<std::uint32_t> size_{0};                    // one writer
};

}  // namespace sluice
