// Acks of deliveries in the unit of their effects: queue and database are one file.
#include <algorithm>

#include "database/connection.hpp"
#include "queue/table.hpp"

namespace sluice::sqlite {

Status Connection::settle(std::uint64_t number, std::string_view queue, std::span<const sluice_ticket> tickets,
                          std::span<const sluice_settlement> settlements) {
    Unit* const unit = find(number);
    if (unit == nullptr) return {SLUICE_CONTRACT, "there is no such unit of work on this connection, or it is submitted"};
    if (unit->phase == Unit::Phase::sealed) return {SLUICE_CONTRACT, "the unit of work is sealed"};
    if (!QueueTable::is_name_in_unit(queue))
        return {SLUICE_INVALID, "\"" + shortened(queue) + "\" is no queue of this file that a unit of work could settle"};
    for (const sluice_settlement& one : settlements)
        if (one.action != SLUICE_ACK)
            return {SLUICE_UNSUPPORTED, "a unit of work acks deliveries, and does nothing else with them"};
    if (unit->phase == Unit::Phase::holding)
        if (Status finished = finish_message(*unit); !finished.ok()) return finished;
    if (unit->phase == Unit::Phase::broken) return unit->broken;
    Statement& statement = store_.statements().find_or_add(QueueTable::settle_statement(queue), 1, true);
    std::size_t at = 0;  // messages come in the order of their entries, if they have one
    for (std::size_t i = 0; i < tickets.size(); ++i) {
        const auto from = unit->entries.begin() + static_cast<std::ptrdiff_t>(at);
        const auto is_it = [&](const Entry& entry) { return entry.ticket == tickets[i] && !entry.dropped; };
        const auto found = std::find_if(from, unit->entries.end(), is_it);
        Entry* entry = nullptr;
        if (found != unit->entries.end()) {
            entry = &*found;
            at = static_cast<std::size_t>(found - unit->entries.begin()) + 1;
        } else {  // it has written nothing here
            entry = &unit->entries.emplace_back();
            entry->ticket = tickets[i];
        }
        entry->settle = &statement;
        entry->delivery = settlements[i].tag;
        if (unit->phase == Unit::Phase::holding)
            if (Status settled = settle_held(*unit, *entry); !settled.ok()) return settled;
    }
    // Its effects are applied and cannot be taken back alone: all of it runs again, but for those that are lost.
    if (unit->has_lost) lose(*unit, {SLUICE_CONFLICT, "a delivery of the unit of work is another host's now"});
    return SLUICE_QUEUED;
}

// Of a unit that holds the writer: at once.
Status Connection::settle_held(Unit& unit, Entry& entry) {
    if (entry.fault != SLUICE_OK || entry.status == SLUICE_SEEN) return SLUICE_OK;
    WriteConnection& connection = store_.writer().connection();
    Status done = connection.savepoint();
    if (done.ok()) done = sqlite::settle(connection, *entry.settle, entry.delivery);
    if (done.ok()) done = connection.release();
    if (done.ok()) return done;
    if (done.code() != SLUICE_LOST_LEASE || !connection.is_in_transaction()) {
        lose(unit, done);
        return unit.broken;
    }
    unit.fail(entry, done);
    unit.has_lost = true;
    if (const Status undone = connection.undo(); !undone.ok()) {
        lose(unit, undone);
        return unit.broken;
    }
    return SLUICE_OK;
}

}  // namespace sluice::sqlite
