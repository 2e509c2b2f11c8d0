#include "work/withdrawal.hpp"

namespace sluice {

void Withdrawal::tell() {
    is_told_.store(true, std::memory_order_release);  // the marks come before it
    const HandlerHost::Call call = handler_.call();
    const Message* running = under_way_.message.load(std::memory_order_acquire);
    if (under_way_.others.load(std::memory_order_relaxed) != 0) return;  // a call with many is not ended for one of them
    // Only this thread destroys messages. Of another call it is another's message.
    if (call.ticket == 0 || running == nullptr || !running->is_lost() || handler_.call().ticket != call.ticket) return;
    handler_.tell_lost(call.ticket);
}

void Withdrawal::release_waiting() {
    is_told_.exchange(false, std::memory_order_acquire);  // an exchange: what the last tell() had marked is seen below
    MessageList withdrawn;
    backlog_.take_withdrawn(withdrawn);
    while (Message* message = withdrawn.pop_front()) release(message);
}

void Withdrawal::release(Message* message) {
    if (message->resuming) deferrals_.forget_cookie(message);
    message->failure.reset();
    message->outcome = message->is_lost() ? Outcome::lost_lease : Outcome::released;
    reports_.ended(message);
}

void Withdrawal::drop(Unit& unit, std::uint32_t index) {
    session_.drop(unit, index, true);
    unit.messages[index]->outcome = Outcome::lost_lease;
}

void Withdrawal::drop_lost(Unit& unit) {
    for (std::uint32_t index = 0; index < unit.messages.size(); ++index) {
        const Message* message = unit.messages[index];
        if (message == nullptr || message->deferred || message->outcome == Outcome::none || !message->is_lost()) continue;
        drop(unit, index);
    }
}

}  // namespace sluice
