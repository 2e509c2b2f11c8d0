// What a source holds while its pools are replaced: the messages that the old pools gave back, until the new ones take them.
//
//   polling --hold()--> held --all_is_back()--> quiet --leave(), go_on()--> polling
//
// It can go on from `held`, too: then the pools are those of before.
//
// Threads      stage(): any. The rest: the source thread.
// Ownership    owns the messages it keeps, until they are pushed or taken.
// Ordering     of each key, from old to new: what workers gave back during this hold; what waits for room in the dispatcher;
//              what earlier holds kept and no worker has yet. What happens before a stage is set happens before it is seen.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/message.hpp"
#include "dispatch/dispatcher.hpp"
#include "source/source_proxy.hpp"

namespace sluice {

class PoolSwitch {
public:
    PoolStage stage() const { return stage_.load(std::memory_order_acquire); }

    void hold(Hold how) {
        hold_ = how;
        set(PoolStage::held);
    }
    void all_is_back() { set(PoolStage::quiet); }
    // What waits for room in the old pools is kept, too.
    void leave(Dispatcher& old);
    // After leave(), and once nothing looks at pools that are replaced.
    void go_on() {
        hold_.reset();
        set(PoolStage::polling);
    }

    // Between hold() and go_on().
    bool is_on() const { return hold_.has_value(); }
    // Do workers get messages now?
    bool lets_push() const { return hold_ != Hold::keep; }
    // Not during a hold, and not before all that was kept has gone to the workers.
    bool lets_poll() const { return !hold_ && kept_.empty(); }

    // A worker has given it back, to go to a worker again.
    void keep(Message* message) { (hold_ ? returned_ : kept_).push_back(message); }
    // Is there anything to push, and room for it?
    bool may_push(const Dispatcher& dispatcher) const {
        return lets_push() && (dispatcher.may_push() || (!kept_.empty() && dispatcher.may_poll()));
    }
    // What waits for room, and what was kept, as far as there is room. What ends here goes to `ended`.
    void push(Dispatcher& dispatcher, std::int64_t now_ns, MessageList& ended);
    // All that waits, here or in the dispatcher, is released: it goes to `ended`.
    void release_all(Dispatcher& dispatcher, MessageList& ended);
    // What the source has taken away meanwhile.
    void take_withdrawn(MessageList& out);
    // At the very end.
    void take_all(MessageList& out);

    std::size_t size() const { return returned_.size() + kept_.size(); }
    // Nothing has still to go through a worker before the pools can be replaced.
    bool is_worked_off(const Dispatcher& dispatcher) const {
        return hold_ == Hold::keep || dispatcher.waiting() + kept_.size() == 0;
    }

private:
    void set(PoolStage stage) { stage_.store(stage, std::memory_order_release); }

    std::atomic<PoolStage> stage_{PoolStage::polling};
    std::optional<Hold> hold_;
    MessageList returned_;  // during this hold
    MessageList kept_;      // by earlier ones
};

}  // namespace sluice
