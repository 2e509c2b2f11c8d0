#include "source/withdrawals.hpp"

namespace sluice {

void Withdrawals::extend(std::int64_t& now_ns) {
    if (const std::int64_t due = due_ns(); due == 0 || now_ns < due) return;
    FaultBuffer fault;
    const auto tags = deliveries_.to_extend(now_ns);
    const auto lease_ms = static_cast<std::uint32_t>(deliveries_.lease_ns() / ns_per_ms);
    const sluice_status extended = tags.empty() ? SLUICE_OK : queue_.extend(tags, lease_ms, fault);
    if (extended != SLUICE_OK) {
        deliveries_.put_off(now_ns);
        if (not_extended_said_.pass(now_ns))
            logger_.warn("leases of {} messages could not be extended, which is tried again: {}", tags.size(),
                         fault.error(extended).message);
    }
    now_ns = clock_.now();
}

void Withdrawals::find(Dispatcher& dispatcher, PoolSwitch& pool_switch, MessageList& released) {
    if (!deliveries_.take_news()) return;
    MessageList withdrawn;
    dispatcher.take_withdrawn(withdrawn);
    pool_switch.take_withdrawn(withdrawn);
    for (Message* message = withdrawn.first(); message != nullptr; message = message->next)
        message->outcome = Outcome::released;
    released.splice_back(withdrawn);
    dispatcher.tell_of_withdrawn();
}

void Withdrawals::tell_emptied(Dispatcher& dispatcher, Settlement& settlement) {
    if (!deliveries_.may_have_emptied()) return;
    for (const Deliveries::Emptied& emptied : deliveries_.take_emptied()) {
        dispatcher.lane_has_gone(emptied.lane);
        settlement.withdraw_lane(emptied.lane);
        for (const std::uint64_t token : emptied.tokens) queue_.revoked(token);
    }
}

}  // namespace sluice
