#include "unit/session.hpp"

#include <algorithm>

namespace sluice {
namespace {

// Of a plugin's own fault, if it gave one.
std::string text_of(const sluice_fault* fault) {
    if (fault == nullptr || fault->text == nullptr) return {};
    return clean_text({fault->text, std::min<std::size_t>({fault->text_size, fault->text_capacity, limits::fault_text_bytes})});
}

}  // namespace

// ---- connections -----------------------------------------------------------------------------------------------------------

sluice_status Session::use(std::uint32_t number, bool message_is_under_way, sluice_fault* fault) {
    if (connection(number) != nullptr) return SLUICE_OK;
    if (connections_.size() == limits::databases_max)
        return set_fault(fault, SLUICE_INVALID,
                         "a handler may use at most " + std::to_string(limits::databases_max) + " databases; split the pool");
    const auto& [name, database] = dependencies_.databases[number];
    const bool deduplicates = database->port->deduplicates();
    if (deduplicates && deduplication_)
        return set_fault(
            fault, SLUICE_INVALID,
            "two databases of this pool say `deduplicate: true`; only one can take part in a unit, switch it off in one");
    auto connection = std::make_unique<Connection>(*database, number, ended_);
    if (is_open_)
        if (auto opened = connection->open(); !opened) {
            was_unavailable_ = true;
            return set_fault(fault, SLUICE_UNAVAILABLE, opened.error().message);
        }
    const Connection& added = *connections_.emplace_back(std::move(connection));
    if (!deduplicates) return SLUICE_OK;
    deduplication_.emplace(*this, connections_.size() - 1);
    if (!is_open_ || !message_is_under_way) return SLUICE_OK;
    // Nobody knew that this message has to be recorded: it runs again from the start, which does not count as an attempt.
    return note(added,
                set_fault(fault, SLUICE_CONFLICT, "connected to \"" + name + "\", the message runs again to be recorded there"),
                fault);
}

Result<void> Session::open() {
    for (auto& connection : connections_)
        if (auto opened = connection->open(); !opened) return std::move(opened).error();
    is_open_ = true;
    return {};
}

void Session::close() {
    source_ack_.reset();
    deduplication_.reset();
    connections_.clear();
}

void Session::ack_in_units(std::string_view resource, std::string_view queue) {
    if (resource.empty() || queue.empty()) return;
    for (std::size_t position = 0; position < connections_.size(); ++position) {
        const DatabasePort& database = connections_[position]->database();
        if (database.resource() != resource || !database.settles()) continue;
        if (deduplication_ && deduplication_->position() != position) return;  // two databases cannot both come last
        source_ack_.emplace(*this, position, queue);
        return;
    }
}

void Session::restart() {
    for (const auto& connection : connections_) connection->port().restart();
}

const Connection* Session::connection(std::uint32_t database) const {
    for (const auto& connection : connections_)
        if (connection->number() == database) return connection.get();
    return nullptr;
}

std::string Session::note_on_databases() const {
    if (!deduplication_ || connections_.size() < 2) return {};
    const Connection* last = connections_[deduplication_->position()].get();
    const auto name_of = [&](const Connection& connection) { return dependencies_.databases[connection.number()].first; };
    std::string others;
    for (const auto& connection : connections_)
        if (connection.get() != last) others += (others.empty() ? "\"" : ", \"") + name_of(*connection) + "\"";
    return "only database \"" + name_of(*last) + "\" says `deduplicate: true`; it commits last, and what goes to " + others +
           " happens at least once: after a crash it may happen again";
}

// ---- units -----------------------------------------------------------------------------------------------------------------

sluice_status Session::begin_share(Unit& unit, std::size_t position, sluice_fault* fault) {
    const Connection& connection = *connections_[position];
    const sluice_status begun = connection.port().unit_begin(unit.handles[position], fault);
    return note(connection, begun == SLUICE_INVALID ? SLUICE_FAILED : begun, fault);
}

Session::Known Session::look_up(Unit& unit, std::uint32_t index) {
    // Its dead letter says so, or the database.
    const bool is_owing = !owed_by(*unit.messages[index]).empty();
    const sluice_status recorded = is_owing ? SLUICE_SEEN : deduplication_->record(unit, index);
    if (recorded == SLUICE_OK) return Known::no;
    return recorded == SLUICE_SEEN && recognised(unit, index) == SLUICE_OK ? Known::yes : Known::not_known;
}

sluice_status Session::recognised(Unit& unit, std::uint32_t index) {
    Message& message = *unit.messages[index];
    message.outcome = Outcome::acked;
    message.recognised = true;
    return kept_publishes_.find(unit, index);
}

void Session::drop(Unit& unit, std::uint32_t index, bool record) {
    unit.publishes.drop(index);
    for (std::size_t position = 0; position < connections_.size(); ++position) {
        if (unit.handles[position] == 0) continue;
        if (record && deduplication_ && deduplication_->position() == position)
            deduplication_->forget(unit, index);
        else
            connections_[position]->port().drop(unit.handles[position], unit.ticket(index));
    }
}

sluice_status Session::before_commit(Unit& unit, std::size_t position) {
    if (deduplication_ && deduplication_->position() == position)
        if (const sluice_status kept = kept_publishes_.before_commit(unit); kept != SLUICE_OK) return kept;
    return source_ack_ && source_ack_->position() == position ? source_ack_->before_commit(unit) : SLUICE_OK;
}

// ---- what was said ---------------------------------------------------------------------------------------------------------

// What failed because a dependency is unreachable is not the message's own failure.
sluice_status Session::note(const Connection& connection, sluice_status status, const sluice_fault* fault) {
    if (status == SLUICE_CONFLICT || status == SLUICE_UNKNOWN || status == SLUICE_STOPPED) was_unavailable_ = true;
    if (status == SLUICE_UNAVAILABLE || is_for_good(status)) {
        was_unavailable_ = true;
        connection.note(status, text_of(fault));
    }
    return status;
}

sluice_status Session::answered(const Connection& connection, sluice_status status, const sluice_fault* fault) {
    if (status == SLUICE_OK) connection.circuit().worked();
    return note(connection, status, fault);
}

}  // namespace sluice
