// HandlerHost with the database that deduplicates: records of messages, and what they still have to publish.
#include <algorithm>
#include <utility>

#include "unit/handler_host.hpp"
#include "unit/kept_publishes.hpp"

namespace sluice {
namespace {

void give_up(Message& message, std::string text) {
    message.outcome = Outcome::dead_letter;
    message.fail(std::move(text));
}

}  // namespace

sluice_status HandlerHost::record_once(Unit& unit, std::uint32_t index) {
    const Message& message = *unit.messages[index];
    if (!owed_by(message).empty()) return SLUICE_SEEN;  // its dead letter says so
    const sluice_identity identity = identity_of(message);
    const std::size_t position = position_of(deduplicating_);
    const auto record = [&](const sluice_identity& one) {
        return deduplicating_->port().record_once(unit.handles[position], unit.ticket(index), one, fault_.get());
    };
    fault_.clear();
    if (const sluice_status begun = begin(unit, position, fault_.get()); begun != SLUICE_OK) return begun;
    sluice_status recorded = record(identity);
    // So that its source, should it deliver the message once more, delivers it to no effect. Seen: the source has confirmed it.
    if (recorded == SLUICE_OK && message.replayed && identity.stream_size != message.stream_size)
        if (const sluice_status delivery = record(delivery_of(message)); delivery != SLUICE_SEEN) recorded = delivery;
    const bool never = recorded == SLUICE_INVALID || recorded == SLUICE_UNSUPPORTED;  // whatever the message
    return note(*deduplicating_, never ? SLUICE_FAILED : recorded, fault_.get());
}

sluice_status HandlerHost::find_kept(Unit& unit, std::uint32_t index) {
    Message& message = *unit.messages[index];
    if (const std::string_view owed = owed_by(message); !owed.empty()) {
        const Found found = add_kept(unit, index, owed);
        if (found.damaged) give_up(message, "what it still has to publish cannot be read from its dead letter");
        return SLUICE_OK;
    }
    std::string kept;
    if (const sluice_status asked = ask_kept(message, kept); asked != SLUICE_OK || kept.empty()) return asked;
    if (!add_kept(unit, index, kept).damaged) return SLUICE_OK;
    // The database's damage, not the message's fault.
    constexpr std::string_view why =
        "what a message still has to publish is kept in a form that this version does not write: restore the database from "
        "a backup, or use the version of Sluice that kept it";
    sluice_fault_set(fault_.get(), SLUICE_CORRUPT, why.data(), why.size());
    return note(*deduplicating_, SLUICE_CORRUPT, fault_.get());
}

// Empty: the database keeps none of this message.
sluice_status HandlerHost::ask_kept(const Message& message, std::string& kept) {
    const sluice_identity identity = identity_of(message);
    sluice_row_sink sink{};
    sink.struct_size = sizeof sink;
    sink.context = &kept;
    sink.row = [](void* context, const sluice_value* columns, std::uint32_t count) noexcept -> sluice_status {
        if (count != 1 || columns[0].type != SLUICE_VALUE_BLOB || columns[0].as.bytes.size > limits::kept_publishes_bytes)
            *static_cast<std::string*>(context) = "?";  // nothing that can be read
        else
            static_cast<std::string*>(context)->assign(columns[0].as.bytes.data, columns[0].as.bytes.size);
        return SLUICE_OK;
    };
    fault_.clear();
    const sluice_status asked =
        answered(*deduplicating_, deduplicating_->port().kept_publishes(identity, sink, fault_.get()), fault_.get());
    return asked == SLUICE_UNSUPPORTED ? SLUICE_OK : asked;
}

// To be published with the unit; gives the message up if a target of it is gone.
HandlerHost::Found HandlerHost::add_kept(Unit& unit, std::uint32_t index, std::string_view kept) {
    std::string missing;
    const bool read = decode_publishes(kept, [&](std::string_view name, const sluice_outgoing& outgoing) {
        const auto& targets = dependencies_.targets;
        const auto target = std::find_if(targets.begin(), targets.end(), [&](const auto& t) { return t.first == name; });
        if (target == targets.end()) missing = clean_text(name);
        return target != targets.end() &&
               unit.publishes.add(index, static_cast<std::uint32_t>(target - targets.begin()), outgoing);
    });
    if (read) {
        unit.kept.push_back(index);
        return {};
    }
    unit.publishes.drop(index);
    if (missing.empty()) return {.damaged = true};
    std::string owed(kept);  // before what it is a view of may go
    Message& message = *unit.messages[index];
    give_up(message, "its effects are committed, but it still has to publish to target \"" + missing +
                         "\", which is not in `targets` any more; configure the target again and replay the message");
    message.owe(std::move(owed));
    return {};
}

sluice_status HandlerHost::keep_publishes(Unit& unit) {
    if (unit.publishes.empty()) return SLUICE_OK;
    const std::size_t position = position_of(deduplicating_);
    const auto name_of = [&](std::uint32_t target) { return std::string_view(dependencies_.targets[target].first); };
    const auto& items = unit.publishes.items();
    const std::vector<std::uint32_t> found = unit.kept;  // with records of before; ascending
    std::string bytes;
    for (std::size_t from = 0, to = 0; from < items.size(); from = to) {  // those of a message that is given up may go
        const std::uint32_t index = items[from].message;
        while (to < items.size() && items[to].message == index) ++to;
        const auto mine = std::span(items).subspan(from, to - from);
        Message* message = unit.messages[index];
        if (message == nullptr || message->outcome != Outcome::acked) continue;
        if (std::binary_search(found.begin(), found.end(), index)) continue;
        fault_.clear();
        sluice_status status = SLUICE_INVALID;
        if (!encode_publishes(mine, name_of, bytes))
            sluice_fault_set(fault_.get(), status, "all of it together is too large", 31);
        else
            status = note(*deduplicating_,
                          deduplicating_->port().keep_publishes(unit.handles[position], unit.ticket(index),
                                                                {bytes.data(), bytes.size()}, fault_.get()),
                          fault_.get());
        if (status == SLUICE_OK || status == SLUICE_QUEUED) {
            unit.kept.push_back(index);
        } else if (status == SLUICE_UNSUPPORTED) {
            if (not_kept_said_.pass(clock().now()))
                logger().warn(
                    "the database that deduplicates keeps no publishes: what a message publishes may be missing after a crash");
        } else if (is_of_the_database(status)) {
            return status;
        } else {
            drop(unit, index, true);
            give_up(*message, "what it publishes could not be kept with its record: " + fault_.text());
        }
    }
    return SLUICE_OK;
}

void HandlerHost::publishes_done(Unit& unit) {
    if (unit.kept.empty() || deduplicating_ == nullptr || !deduplicating_->port().keeps_publishes()) return;
    std::vector<sluice_identity> identities;
    for (const std::uint32_t index : unit.kept)
        if (unit.messages[index] != nullptr && unit.messages[index]->outcome == Outcome::acked)
            identities.push_back(identity_of(*unit.messages[index]));
    if (identities.empty()) return;
    std::vector<const sluice_identity*> pointers;
    for (const sluice_identity& identity : identities) pointers.push_back(&identity);
    deduplicating_->port().publishes_done(pointers.data(), pointers.size());
}

void HandlerHost::confirmed_below(std::string_view source, std::string_view stream, std::uint64_t position) {
    if (deduplicating_ == nullptr) return;
    deduplicating_->port().confirmed_below({source.data(), source.size()}, {stream.data(), stream.size()}, position);
}

}  // namespace sluice
