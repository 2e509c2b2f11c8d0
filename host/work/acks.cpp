// HandlerHost with the database that the source's messages live in: effects and ack in one transaction.
#include <algorithm>

#include "work/handler_host.hpp"

namespace sluice {

Result<void> HandlerHost::ack_in_units(std::string_view resource, std::string_view statement) {
    if (resource.empty() || statement.empty()) return {};
    for (const auto& connection : connections_) {
        if (connection->resource() != resource) continue;
        // Two databases cannot both come last.
        if (deduplicating_ != nullptr && deduplicating_ != connection.get()) return {};
        const auto prepared = [&](std::string_view sql, std::uint32_t& number) {
            FaultBuffer fault;
            const sluice_status status = fenced_status({connection->part(), "prepare"}, fault, [&] {
                return connection->table().prepare(connection->self(), {sql.data(), sql.size()}, &number, fault.get());
            });
            return status == SLUICE_OK ? Result<void>() : fault.error(status).within("preparing the source's statement that acks a message");
        };
        if (auto ack = prepared(statement, ack_statement_); !ack) return ack;
        if (auto look = prepared("SELECT 1", look_statement_); !look) return look;
        acking_ = connection.get();
        return {};
    }
    return {};
}

sluice_status HandlerHost::ack(Unit& unit, std::uint32_t index) {
    Message& message = *unit.messages[index];
    // A replayed message is not the source's, and what is published must be confirmed before the ack.
    if (acking_ == nullptr || message.replayed || unit.publishes.has(index)) return SLUICE_OK;
    const std::size_t position = position_of(acking_);
    sluice_value tag{};
    tag.type = SLUICE_VALUE_INTEGER;
    tag.as.integer = static_cast<std::int64_t>(message.tag);
    fault_.clear();
    const sluice_status acked = fenced_status({acking_->part(), "execute"}, fault_, [&] {
        if (const sluice_status begun = begin(unit, position, fault_.get()); begun != SLUICE_OK) return begun;
        return note(*acking_,
                    acking_->table().execute(acking_->self(), unit.handles[position], unit.ticket(index), ack_statement_, &tag, 1,
                                             fault_.get()),
                    fault_.get());
    });
    if (acked == SLUICE_CONSTRAINT) return SLUICE_LOST_LEASE;
    message.acked_in_unit = acked == SLUICE_OK || acked == SLUICE_QUEUED;
    return message.acked_in_unit ? SLUICE_OK : acked;
}

// Its own writes and the ack are refused with one status. So the ack is asked for alone, in a unit that is abandoned. No other unit may be
// open on the connection: it may hold what this one needs. If there is one, and two databases take part, the writes get the blame; the dead
// letter's own ack then finds that the lease is lost.
bool HandlerHost::is_ours(Unit& unit, std::uint32_t index) {
    const sluice_database& table = acking_->table();
    const sluice_ticket ticket = unit.ticket(index);
    sluice_value tag{};
    tag.type = SLUICE_VALUE_INTEGER;
    tag.as.integer = static_cast<std::int64_t>(unit.messages[index]->tag);
    sluice_row_sink sink{};
    sink.struct_size = sizeof sink;
    sink.row = [](void*, const sluice_value*, std::uint32_t) noexcept -> sluice_status { return SLUICE_OK; };
    FaultBuffer fault;
    Unit::Handle asking = 0;
    const sluice_status answer = fenced_status({acking_->part(), "query"}, fault, [&] {
        if (const sluice_status begun = table.unit_begin(acking_->self(), &asking, fault.get()); begun != SLUICE_OK) return begun;
        const sluice_status acked = table.execute(acking_->self(), asking, ticket, ack_statement_, &tag, 1, fault.get());
        if (acked != SLUICE_OK && acked != SLUICE_QUEUED) return acked;
        return table.query(acking_->self(), asking, ticket, look_statement_, nullptr, 0, &sink, fault.get());
    });
    if (asking != 0) fenced({acking_->part(), "abandon_unit"}, [&] { table.abandon_unit(acking_->self(), asking); });
    return answer != SLUICE_CONSTRAINT;
}

}  // namespace sluice
