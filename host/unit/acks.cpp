// HandlerHost with the database that the source's messages live in: effects and ack in one transaction.
#include <vector>

#include "unit/handler_host.hpp"

namespace sluice {

void HandlerHost::ack_in_units(std::string_view resource, std::string_view queue) {
    if (resource.empty() || queue.empty()) return;
    for (const auto& connection : connections_) {
        if (connection->database().resource() != resource || !connection->database().settles()) continue;
        // Two databases cannot both come last.
        if (deduplicating_ != nullptr && deduplicating_ != connection.get()) return;
        acking_ = connection.get();
        acked_queue_ = queue;
        return;
    }
}

// What was recognised is acked by the source: its effects are those of an earlier unit. A replayed message is not the source's.
bool HandlerHost::is_acked_in_unit(const Message* message) {
    return message != nullptr && message->outcome == Outcome::acked && !message->recognised && !message->replayed;
}

void HandlerHost::begin_acks(Unit& unit) {
    if (acking_ == nullptr || !std::ranges::any_of(unit.messages, is_acked_in_unit)) return;
    fault_.clear();
    (void)begin(unit, position_of(acking_), fault_.get());  // if it cannot, nothing of the unit is there, and the source acks
}

sluice_status HandlerHost::settle_acks(Unit& unit) {
    std::vector<bool> publishes(unit.publishes.empty() ? 0 : unit.messages.size());  // confirmed before the ack
    for (const Publishes::Item& item : unit.publishes.items()) publishes[item.message] = true;
    ack_tickets_.clear();
    acks_.clear();
    for (std::uint32_t index = 0; index < unit.messages.size(); ++index) {
        if (!is_acked_in_unit(unit.messages[index]) || (!publishes.empty() && publishes[index])) continue;
        sluice_settlement ack{};
        ack.tag = unit.messages[index]->tag;
        ack.action = SLUICE_ACK;
        acks_.push_back(ack);
        ack_tickets_.push_back(unit.ticket(index));
    }
    if (acks_.empty()) return SLUICE_OK;
    fault_.clear();
    const sluice_status settled = note(
        *acking_, acking_->port().settle(unit.handles[position_of(acking_)], acked_queue_, ack_tickets_, acks_, fault_.get()),
        fault_.get());
    if (settled == SLUICE_OK || settled == SLUICE_QUEUED)
        for (const sluice_ticket ticket : ack_tickets_) unit.messages[Unit::index_of(ticket)]->acked_in_unit = true;
    else if (!is_of_the_database(settled) && not_acked_said_.pass(clock().now()))
        logger().warn("the database does not ack messages with their effects ({}): their source acks them", fault_.text());
    return is_of_the_database(settled) ? settled : SLUICE_OK;
}

}  // namespace sluice
