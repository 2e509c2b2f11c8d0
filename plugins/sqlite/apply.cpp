#include "apply.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace sluice::sqlite {
namespace {

enum class Isolation : std::uint8_t { none, message };

// Never a fault of a message, so that no unit is run again for a job.
Status apply_jobs(WriteConnection& connection, Group& group) {
    for (Job* job : group.jobs) {
        if (job->ledger != nullptr && std::ranges::find(group.ledgers, job->ledger) == group.ledgers.end())
            group.ledgers.push_back(job->ledger);
        if (Status applied = job->apply(connection); !applied.ok()) return blameless(applied);
    }
    for (Ledger* ledger : group.ledgers)
        if (Status stored = ledger->store(connection); !stored.ok()) return blameless(stored);
    return SLUICE_OK;
}

// One try. A status that is_fault_of_message() means: try again, with isolation.
Status attempt(WriteConnection& connection, Deduplication* records, Group& group, Isolation isolation) {
    if (Status begun = connection.begin(); !begun.ok()) return blameless(begun);
    for (Unit* unit : group.units)
        for (Entry& entry : unit->entries) {
            if (entry.fault != SLUICE_OK) continue;
            const auto one = isolation == Isolation::none ? apply : apply_alone;
            if (Status applied = one(connection, records, *unit, entry); !applied.ok()) return applied;
            if (isolation == Isolation::none) keep_record(records, entry);
        }
    if (Status applied = apply_jobs(connection, group); !applied.ok()) return applied;
    if (records)
        if (Status stored = records->store(); !stored.ok()) return stored;
    return connection.commit();  // may find a deferred constraint broken: then the savepoints find whose fault it is
}

std::size_t faults_of(std::span<Unit* const> units) {
    std::size_t faults = 0;
    for (const Unit* unit : units)
        for (const Entry& entry : unit->entries) faults += entry.fault != SLUICE_OK;
    return faults;
}

}  // namespace

Status commit_together(WriteConnection& connection, Deduplication* records, Group& group, bool& expects_faults) {
    Isolation isolation = expects_faults ? Isolation::message : Isolation::none;
    std::size_t faults = 0;
    for (;;) {
        const Status done = attempt(connection, records, group, isolation);
        const std::size_t faults_before = std::exchange(faults, faults_of(group.units));
        expects_faults = faults != 0;
        if (done.ok()) {
            if (records) records->committed();
            for (Ledger* ledger : group.ledgers) ledger->committed();
            return done;
        }
        connection.rollback();
        if (records) records->rolled_back();
        for (Ledger* ledger : group.ledgers) ledger->rolled_back();
        group.ledgers.clear();
        // With savepoints once is enough, but for statements that roll back the whole transaction (ON CONFLICT ROLLBACK): each
        // further try finds one of those. If it found none there is nobody to blame: never try for ever.
        const bool again = is_fault_of_message(done.code()) && (isolation == Isolation::none || faults > faults_before);
        if (!again) return blameless(done);
        isolation = Isolation::message;
    }
}

Status apply(WriteConnection& connection, Deduplication* records, Unit& unit, Entry& entry) {
    entry.status = SLUICE_OK;
    if (records && entry.record.kind != Record::Kind::none) {
        bool is_new = true;
        if (Status asked = records->admit(entry.record, is_new); !asked.ok()) return asked;
        if (!is_new) {
            entry.status = SLUICE_SEEN;
            return SLUICE_OK;
        }
    }
    const Status done = unit.each_write(entry, [&](const Write& write) {
        return connection.execute(*write.statement, std::span(unit.values).subspan(write.first_value, write.value_count));
    });
    if (!done.ok()) return done;
    return entry.settle == nullptr || entry.dropped ? Status() : settle(connection, *entry.settle, entry.delivery);
}

Status settle(WriteConnection& connection, Statement& statement, std::uint64_t delivery) {
    sluice_value number{};
    number.type = SLUICE_VALUE_INTEGER;
    number.as.integer = static_cast<std::int64_t>(delivery);
    Status done = connection.execute(statement, std::span(&number, 1));
    return done.code() == SLUICE_CONSTRAINT ? Status(SLUICE_LOST_LEASE, std::string(done.text())) : done;
}

void keep_record(Deduplication* records, const Entry& entry) {
    if (!records || entry.status != SLUICE_OK) return;
    records->add(entry.record);
    records->add(entry.also);
    if (entry.publishes.size != 0 && !entry.dropped)
        records->keep_publishes(entry.record, entry.publishes_key, entry.publishes);
}

Status apply_alone(WriteConnection& connection, Deduplication* records, Unit& unit, Entry& entry) {
    if (Status marked = connection.savepoint(); !marked.ok()) return blameless(marked);
    Status applied = apply(connection, records, unit, entry);
    if (applied.ok()) applied = connection.check_references();
    if (applied.ok()) {
        keep_record(records, entry);
        return connection.release();
    }
    if (!is_fault_of_message(applied.code())) return applied;
    unit.fail(entry, applied);
    if (!connection.is_in_transaction()) return applied;
    return connection.undo();
}

}  // namespace sluice::sqlite
