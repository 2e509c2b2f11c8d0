#include "unit/source_ack.hpp"

#include <algorithm>

#include "unit/session.hpp"

namespace sluice {
namespace {

// What was recognised is acked by the source: its effects are those of an earlier unit. A replayed message is not the source's.
bool is_acked_in_unit(const Message* message) {
    return message != nullptr && message->outcome == Outcome::acked && !message->recognised && !message->replayed;
}

}  // namespace

void SourceAck::filled(Unit& unit) {
    if (!std::ranges::any_of(unit.messages, is_acked_in_unit)) return;
    session_.fault().clear();
    // If it cannot, nothing of the unit is there, and the source acks.
    (void)session_.begin(unit, position_, session_.fault().get());
}

sluice_status SourceAck::before_commit(Unit& unit) {
    std::vector<bool> publishes(unit.publishes.empty() ? 0 : unit.messages.size());  // confirmed before the ack
    for (const Publishes::Item& item : unit.publishes.items()) publishes[item.message] = true;
    tickets_.clear();
    acks_.clear();
    for (std::uint32_t index = 0; index < unit.messages.size(); ++index) {
        if (!is_acked_in_unit(unit.messages[index]) || (!publishes.empty() && publishes[index])) continue;
        sluice_settlement ack{};
        ack.tag = unit.messages[index]->tag;
        ack.action = SLUICE_ACK;
        acks_.push_back(ack);
        tickets_.push_back(unit.ticket(index));
    }
    if (acks_.empty()) return SLUICE_OK;
    const Connection& connection = *session_.connections()[position_];
    FaultBuffer& fault = session_.fault();
    fault.clear();
    const sluice_status settled = session_.note(
        connection, connection.port().settle(unit.handles[position_], queue_, tickets_, acks_, fault.get()), fault.get());
    if (settled == SLUICE_OK || settled == SLUICE_QUEUED)
        for (const sluice_ticket ticket : tickets_) unit.messages[Unit::index_of(ticket)]->acked_in_unit = true;
    else if (!is_of_the_database(settled) && not_acked_said_.pass(session_.clock().now()))
        session_.logger().warn("the database does not ack messages with their effects ({}): their source acks them",
                               fault.text());
    return is_of_the_database(settled) ? settled : SLUICE_OK;
}

}  // namespace sluice
