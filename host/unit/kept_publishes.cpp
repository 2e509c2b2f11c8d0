#include "unit/kept_publishes.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "unit/publishes_codec.hpp"
#include "unit/session.hpp"

namespace sluice {
namespace {

void kill(Message& message, std::string text) {
    message.outcome = Outcome::dead_letter;
    message.fail(std::move(text));
}

// `kept` is a string: what the database keeps of one message.
sluice_status take_row(void* kept, const sluice_value* columns, std::uint32_t count) noexcept {
    if (count != 1 || columns[0].type != SLUICE_VALUE_BLOB || columns[0].as.bytes.size > limits::kept_publishes_bytes)
        *static_cast<std::string*>(kept) = "?";  // nothing that can be read
    else
        static_cast<std::string*>(kept)->assign(columns[0].as.bytes.data, columns[0].as.bytes.size);
    return SLUICE_OK;
}

// The items of one message, which stand next to each other: those from `from` on.
std::span<const Publishes::Item> of_one_message(const std::vector<Publishes::Item>& items, std::size_t from) {
    std::size_t to = from;
    while (to < items.size() && items[to].message == items[from].message) ++to;
    return std::span(items).subspan(from, to - from);
}

}  // namespace

sluice_status KeptPublishes::find(Unit& unit, std::uint32_t index) {
    Message& message = *unit.messages[index];
    if (const std::string_view owed = owed_by(message); !owed.empty()) {
        if (add(unit, index, owed) == Added::damaged)
            kill(message, "what it still has to publish cannot be read from its dead letter");
        return SLUICE_OK;
    }
    std::string kept;
    if (const sluice_status asked = ask(message, kept); asked != SLUICE_OK || kept.empty()) return asked;
    if (add(unit, index, kept) != Added::damaged) return SLUICE_OK;
    // The database's damage, not the message's fault.
    sluice_fault* fault = session_.fault().get();
    const sluice_status corrupt = set_fault(
        fault, SLUICE_CORRUPT,
        "what a message still has to publish is kept in a form that this version does not write: restore the database from "
        "a backup, or use the version of Sluice that kept it");
    return session_.note(session_.deduplication()->connection(), corrupt, fault);
}

// Empty: the database keeps none of this message.
sluice_status KeptPublishes::ask(const Message& message, std::string& kept) {
    const sluice_identity identity = identity_of(message);
    const Connection& connection = session_.deduplication()->connection();
    sluice_row_sink sink{};
    sink.struct_size = sizeof sink;
    sink.context = &kept;
    sink.row = take_row;
    sluice_fault* fault = session_.fault().get();
    session_.fault().clear();
    const sluice_status asked = session_.answered(connection, connection.port().kept_publishes(identity, sink, fault), fault);
    return asked == SLUICE_UNSUPPORTED ? SLUICE_OK : asked;
}

KeptPublishes::Added KeptPublishes::add(Unit& unit, std::uint32_t index, std::string_view kept) {
    const auto& targets = session_.dependencies().targets;
    std::string missing;
    const bool read = decode_publishes(kept, [&](std::string_view name, const sluice_outgoing& outgoing) {
        const auto target = std::find_if(targets.begin(), targets.end(), [&](const auto& t) { return t.first == name; });
        if (target == targets.end()) missing = clean_text(name);
        return target != targets.end() &&
               unit.publishes.add(index, static_cast<std::uint32_t>(target - targets.begin()), outgoing);
    });
    if (read) {
        unit.kept.push_back(index);
        return Added::yes;
    }
    unit.publishes.drop(index);
    if (missing.empty()) return Added::damaged;
    std::string owed(kept);  // before what it is a view of may go
    Message& message = *unit.messages[index];
    kill(message, "its effects are committed, but it still has to publish to target \"" + missing +
                      "\", which is not in `targets` any more; configure the target again and replay the message");
    message.owe(std::move(owed));
    return Added::given_up;
}

sluice_status KeptPublishes::before_commit(Unit& unit) {
    if (unit.publishes.empty()) return SLUICE_OK;
    const auto name_of = [&](std::uint32_t target) { return session_.target_name(target); };
    const auto& items = unit.publishes.items();
    const std::vector<std::uint32_t> found = unit.kept;  // with records of before; ascending
    std::string bytes;
    for (std::size_t from = 0; from < items.size();) {
        const std::span<const Publishes::Item> mine = of_one_message(items, from);
        from += mine.size();
        const std::uint32_t index = mine.front().message;
        const Message* message = unit.messages[index];
        if (message == nullptr || message->outcome != Outcome::acked) continue;
        if (std::binary_search(found.begin(), found.end(), index)) continue;
        session_.fault().clear();
        const sluice_status kept = encode_publishes(mine, name_of, bytes)
                                       ? keep(unit, index, bytes)
                                       : set_fault(session_.fault().get(), SLUICE_INVALID, "all of it together is too large");
        if (is_of_the_database(kept)) return kept;
        if (kept == SLUICE_OK || kept == SLUICE_QUEUED || kept == SLUICE_UNSUPPORTED) continue;
        session_.drop(unit, index, true);  // takes its items with it, if they are the last
        kill(*unit.messages[index], "what it publishes could not be kept with its record: " + session_.fault().text());
    }
    return SLUICE_OK;
}

sluice_status KeptPublishes::keep(Unit& unit, std::uint32_t index, std::string_view bytes) {
    const Deduplication& records = *session_.deduplication();
    sluice_fault* fault = session_.fault().get();
    const sluice_status kept =
        session_.note(records.connection(),
                      records.connection().port().keep_publishes(unit.handles[records.position()], unit.ticket(index),
                                                                 {bytes.data(), bytes.size()}, fault),
                      fault);
    if (kept == SLUICE_OK || kept == SLUICE_QUEUED)
        unit.kept.push_back(index);
    else if (kept == SLUICE_UNSUPPORTED && not_kept_said_.pass(session_.clock().now()))
        session_.logger().warn(
            "the database that deduplicates keeps no publishes: what a message publishes may be missing after a crash");
    return kept;
}

void KeptPublishes::published(Unit& unit, std::vector<Publishes::Item> refused) {
    if (!refused.empty()) note_owed(unit, std::move(refused));
    if (!unit.kept.empty()) note_sent(unit);
}

// The effects of these messages are committed. What targets have refused of them goes into their dead letters, so that a replay
// publishes that and does no more: the database may have forgotten them by then, as their source hears that they are done.
void KeptPublishes::note_owed(Unit& unit, std::vector<Publishes::Item> refused) {
    const auto by_message = [](const Publishes::Item& a, const Publishes::Item& b) { return a.message < b.message; };
    std::stable_sort(refused.begin(), refused.end(), by_message);
    const auto name_of = [&](std::uint32_t target) { return session_.target_name(target); };
    for (std::size_t from = 0; from < refused.size();) {
        const std::span<const Publishes::Item> mine = of_one_message(refused, from);
        from += mine.size();
        Message& message = *unit.messages[mine.front().message];
        std::string owed;
        if (message.outcome == Outcome::dead_letter && encode_publishes(mine, name_of, owed)) message.owe(std::move(owed));
    }
}

void KeptPublishes::note_sent(Unit& unit) {
    const Deduplication* records = session_.deduplication();
    if (records == nullptr || !records->connection().port().keeps_publishes()) return;
    std::vector<sluice_identity> identities;
    for (const std::uint32_t index : unit.kept)
        if (unit.messages[index] != nullptr && unit.messages[index]->outcome == Outcome::acked)
            identities.push_back(identity_of(*unit.messages[index]));
    if (identities.empty()) return;
    std::vector<const sluice_identity*> pointers;
    for (const sluice_identity& identity : identities) pointers.push_back(&identity);
    records->connection().port().publishes_done(pointers.data(), pointers.size());
}

}  // namespace sluice
