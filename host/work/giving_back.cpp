#include "work/giving_back.hpp"

#include <memory>

namespace sluice {

bool GivingBack::keep_on() {
    State seen = State::asked;
    if (state_.compare_exchange_strong(seen, State::no, std::memory_order_acq_rel) || seen == State::no) return true;
    if (seen == State::giving) return false;
    state_.store(State::no, std::memory_order_relaxed);  // the worker has nothing to do: no race
    return true;
}

bool GivingBack::release_all() {
    if (!commits_.empty()) return false;
    State seen = State::asked;
    if (!state_.compare_exchange_strong(seen, State::giving, std::memory_order_acq_rel) && seen == State::no &&
        stop_.load(std::memory_order_relaxed) == StopMode::none)
        return false;
    MessageList all;
    // until then, what is deferred may yet end, and goes back before what follows it
    backlog_.take_all(all, handler_.is_cancelled());
    while (Message* message = all.pop_front()) {
        if (message->resuming) deferrals_.forget_cookie(message);  // it may come to another worker, of a new pool
        message->outcome = Outcome::released;
        reports_.ended(message);
    }
    return true;
}

// Neither a deferred message nor what waits behind it may be left.
void GivingBack::settle() {
    const bool has_nothing =
        deferrals_.empty() && backlog_.parking().size() == 0 && !backlog_.has_resumed() && commits_.empty();
    state_.store(has_nothing ? State::given : State::asked, std::memory_order_release);
}

// Not the rest of the batch: that is in the hands of the thread inside the handler, and could be shared only at the price of a
// fence per message. It and the unit under way are older than what is given back here, and come again once the process has
// ended.
void GivingBack::release_behind_handler() {
    if (!lock_.try_lock()) return;
    MessageList all;
    backlog_.take_all(all, true);
    lock_.unlock();
    if (all.empty()) return;
    auto released = std::make_unique<Outcomes>();
    while (Message* message = all.pop_front()) {
        message->outcome = Outcome::released;
        released->messages.push_back(message);
    }
    reports_.return_path().outcomes.push(released.release());
    reports_.return_path().event_count.notify();
}

}  // namespace sluice
