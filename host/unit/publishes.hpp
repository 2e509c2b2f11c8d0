// What the handlers of one unit want published, kept until the unit is committed.
//
// Threads      whoever runs the worker.
// Ownership    owns copies of bodies, keys, ids and headers until clear().
// Limits       limits::publishes_max per message.
// Invariants   the publishes of a message are in the order of the calls; after sort() they are next to each other, and messages
//              in the order of the unit. Before, only those of a call with many messages, and those added late, need not be.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory_resource>
#include <utility>
#include <vector>

#include "sluice/message.h"

namespace sluice {

class Publishes {
public:
    struct Item {
        std::uint32_t message;  // index in the unit
        std::uint32_t target;
        sluice_outgoing outgoing;
    };

    bool empty() const { return items_.empty(); }
    const std::vector<Item>& items() const { return items_; }

    // False: the message has as many as it may.
    bool add(std::uint32_t message, std::uint32_t target, const sluice_outgoing& outgoing);
    // The message added last publishes something.
    bool has(std::uint32_t message) const { return !items_.empty() && items_.back().message == message; }
    // Forgets the publishes of a message. Cheap for the one added last.
    void drop(std::uint32_t message) {
        while (has(message)) items_.pop_back();
        if (mixed_) remove(message);
    }
    // Brings each message's to its place.
    void sort() {
        if (!std::exchange(mixed_, false)) return;
        std::stable_sort(items_.begin(), items_.end(), [](const Item& a, const Item& b) { return a.message < b.message; });
    }
    // Forgets those of any message.
    void remove(std::uint32_t message);
    void clear();

private:
    sluice_bytes keep(sluice_bytes bytes);

    std::pmr::monotonic_buffer_resource memory_;
    std::vector<Item> items_;
    bool mixed_ = false;  // one was added behind one of a later message
};

}  // namespace sluice
