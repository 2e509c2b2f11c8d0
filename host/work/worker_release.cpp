// How a worker gives back what it has not begun: at a stop, for a reload, and from behind a handler that does not return.
#include "work/worker.hpp"

namespace sluice {

void Worker::ask_back() {
    give_back_.store(GiveBack::asked, std::memory_order_relaxed);  // ordered by poke()
    poke();
}

// Whoever moves it on from `asked` decides: of each key the worker keeps all that it has, or it gives back all.
bool Worker::keep_on() {
    GiveBack seen = GiveBack::asked;
    if (!give_back_.compare_exchange_strong(seen, GiveBack::no, std::memory_order_acq_rel) && seen != GiveBack::no) {
        if (seen == GiveBack::giving) return false;
        give_back_.store(GiveBack::no, std::memory_order_relaxed);  // the worker has nothing to do: no race
    }
    poke();
    return true;
}

// Also instead of working it off, if that can never end.
bool Worker::is_to_give_back() const {
    const StopMode mode = stop_.load(std::memory_order_relaxed);
    return mode == StopMode::finish_current || (mode == StopMode::drain && gate_.shut_for_good()) ||
           give_back_.load(std::memory_order_relaxed) != GiveBack::no;
}

// After a release: neither a deferred message nor what waits behind it.
bool Worker::has_nothing() const {
    return handler_.deferred().empty() && backlog_.parking().size() == 0 && !backlog_.has_resumed() && commits_.empty();
}

// The message that is in work now, and begin no other.
bool Worker::is_to_finish() const {
    return stop_.load(std::memory_order_relaxed) == StopMode::finish_current ||
           give_back_.load(std::memory_order_relaxed) == GiveBack::asked;
}

// Each key's messages in the order received. Not before the units under way have ended: theirs are older.
void Worker::release_all() {
    if (!commits_.empty()) return;
    GiveBack asked = GiveBack::asked;
    if (!give_back_.compare_exchange_strong(asked, GiveBack::giving, std::memory_order_acq_rel) && asked == GiveBack::no &&
        stop_.load(std::memory_order_relaxed) == StopMode::none)
        return;  // it is to work on after all
    MessageList all;
    // until then, what is deferred may yet end, and goes back before what follows it
    backlog_.take_all(all, handler_.is_cancelled());
    while (Message* message = all.pop_front()) {
        if (message->resuming) forget_cookie(message);  // it may come to another worker, of a new pool
        message->outcome = Outcome::released;
        finished(message);
    }
    again_at_ns_ = 0;
}

void Worker::look_for_withdrawn() {
    looks_for_withdrawn_.store(true, std::memory_order_release);  // the marks come before it
    const Message* running = nullptr;
    const HandlerHost::Call call = handler_.call_of(current_, running);
    // Only this thread destroys messages.
    if (call.ticket != 0 && running != nullptr && running->is_lost()) handler_.tell_lost(call.ticket);
    poke();
}

void Worker::release_withdrawn() {
    MessageList withdrawn;
    backlog_.take_withdrawn(withdrawn);
    while (Message* message = withdrawn.pop_front()) release_withdrawn(message);
}

void Worker::release_withdrawn(Message* message) {
    if (message->resuming) forget_cookie(message);
    message->failure.reset();
    message->outcome = message->is_lost() ? Outcome::lost_lease : Outcome::released;
    finished(message);
}

// They have been handled, and are to have no effects. A unit that is on its way to its commit is not held up: an engine that
// can tells the two apart (settle in the unit).
void Worker::drop_lost(Unit& unit) {
    for (std::uint32_t index = 0; index < unit.messages.size(); ++index) {
        Message* message = unit.messages[index];
        if (message == nullptr || message->deferred || message->outcome == Outcome::none || !message->is_lost()) continue;
        handler_.drop(unit, index, true);
        message->outcome = Outcome::lost_lease;
    }
}

// Not the rest of the batch: that is in the hands of the thread inside the handler, and could be shared only at the price of a
// fence a message. It and the unit under way are older than what is given back here, and come again once the process has ended.
void Worker::release_behind_handler() {
    if (!lent_.borrow()) return;
    MessageList all;
    backlog_.take_all(all, true);
    lent_.give_back();
    if (all.empty()) return;
    auto released = std::make_unique<Outcomes>();
    while (Message* message = all.pop_front()) {
        message->outcome = Outcome::released;
        released->messages.push_back(message);
    }
    way_.outcomes.push(released.release());
    way_.bell.ring();
}

}  // namespace sluice
