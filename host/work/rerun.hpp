// Which messages of a unit of work that has ended run again, in order: all of one that failed, or that followed one without
// effects of its own; of any other those without an outcome, each with what follows of its key.
//
// Threads      whoever runs the worker.
// Cost         where nothing runs again, two tests per message.
#pragma once

#include <cstdint>
#include <unordered_set>

#include "core/message.hpp"
#include "unit/unit_of_work.hpp"

namespace sluice {

class Rerun {
public:
    // `follows_failed`: a unit before it runs again, and its keys would overtake.
    Rerun(const Unit& unit, bool follows_failed, bool keep_order)
        : whole_(unit.failed || (follows_failed && !unit.has_effects)),
          keep_order_(keep_order) {}

    // Message by message, in the order of the unit: it runs again, whatever its outcome.
    bool includes(const Message& message) const {
        return message.outcome != Outcome::lost_lease &&
               (whole_ || (!keys_.empty() && !message.acked_in_unit && keys_.contains(message.key_hash)));
    }
    // It runs again, with nothing left of what came of it.
    void add(Message* message) {
        if (!whole_ && keep_order_ && message->key_hash != 0) keys_.insert(message->key_hash);
        message->outcome = Outcome::none;
        message->acked_in_unit = message->recognised = false;
        message->failure.reset();
        messages_.push_back(message);
    }
    MessageList& messages() { return messages_; }

private:
    const bool whole_;
    const bool keep_order_;
    MessageList messages_;
    std::unordered_set<std::uint64_t> keys_;  // what follows of them in this unit runs again behind them
};

}  // namespace sluice
