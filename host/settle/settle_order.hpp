// Keeps the order in which the messages of a key are settled while a dead letter of that key waits for its store: what ends
// later of the key waits behind it.
//
// Threads      the source thread.
// Ownership    holds what waits; a dead letter on its way belongs to whoever stores it.
// Cost         nothing but one look while no dead letter is on its way.
// Limits       none of its own: the messages are in flight, which is bounded.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>

#include "core/message.hpp"

namespace sluice {

class SettleOrder {
public:
    bool empty() const { return lines_.empty(); }
    // Messages that wait here, without the dead letters on their way.
    std::uint64_t waiting() const { return waiting_; }

    // A dead letter goes to its store: what ends later of its key waits until end() is called with it.
    void begin(Message* dead_letter);
    // A message has ended. True: it waits here.
    bool wait_behind(Message* message);
    // A dead letter has come back. What may be settled now, in order, goes to `out`: itself and what waits behind it, or
    // nothing while an earlier one of its key is still on its way. One that was not begun passes.
    void end(Message* dead_letter, MessageList& out);
    // All that waits, whatever it waits for.
    void take_all(MessageList& out);

private:
    struct Place {
        Message* message;
        bool ended;
    };

    std::unordered_map<std::uint64_t, std::deque<Place>> lines_;  // of keys with a dead letter on its way
    std::uint64_t waiting_ = 0;
};

}  // namespace sluice
