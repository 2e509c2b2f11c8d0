// A unit that holds the writer: what Connection does from the first read inside a unit to its end. The worker's thread uses the
// connection that writes; the writer's thread waits.
#include "database/connection.hpp"

namespace sluice::sqlite {

// Waits for the writer and applies the messages before the current one.
Status Connection::hold(Unit& unit, sluice_ticket current) {
    if (Status held = store_.writer().hold(unit.turn); !held.ok()) return held;
    if (is_fenced(unit)) {
        store_.writer().release();
        return {SLUICE_CONFLICT, "a unit of work before it on the same connection was not committed"};
    }
    unit.is_held = true;
    unit.phase = Unit::Phase::holding;
    Status applied = apply_before(unit, current);
    while (is_fault_of_message(
        applied.code())) {  // it rolled back the whole transaction; it is marked, so the others can have theirs
        if (records_) records_->rolled_back();
        applied = apply_before(unit, current);
    }
    if (applied.ok()) return SLUICE_OK;
    lose(unit, applied);
    return unit.broken;
}

Status Connection::apply_before(Unit& unit, sluice_ticket current) {
    WriteConnection& connection = store_.writer().connection();
    if (Status begun = connection.begin(); !begun.ok()) return blameless(begun);
    for (Entry& entry : unit.entries) {
        if (entry.fault != SLUICE_OK) continue;
        if (&entry == &unit.entries.back() && entry.ticket == current && !entry.dropped) break;
        if (Status applied = apply_alone(connection, records_, unit, entry); !applied.ok()) return applied;
    }
    return SLUICE_OK;
}

// Makes `ticket` the message whose savepoint is open; whatever it has queued is applied.
Status Connection::enter_held(Unit& unit, sluice_ticket ticket) {
    const bool is_current = !unit.entries.empty() && unit.entries.back().ticket == ticket && !unit.entries.back().dropped;
    if (!is_current)
        if (Status finished = finish_message(unit); !finished.ok()) return finished;
    Entry& entry = unit.enter(ticket);
    if (entry.fault != SLUICE_OK) return {entry.fault, std::string(view(entry.text))};
    if (!unit.is_savepoint_open) {
        WriteConnection& connection = store_.writer().connection();
        if (Status marked = connection.savepoint(); !marked.ok()) {
            lose(unit, marked);
            return unit.broken;
        }
        unit.is_savepoint_open = true;
        if (Status applied = fault_of(unit, apply(connection, records_, unit, entry)); !applied.ok()) return applied;
    }
    if (entry.status == SLUICE_SEEN) return {SLUICE_SEEN, "its effects are in the database already"};
    return SLUICE_OK;
}

// The current message is over: it keeps its writes, unless they leave a reference open.
Status Connection::finish_message(Unit& unit) {
    if (!unit.is_savepoint_open) return SLUICE_OK;
    WriteConnection& connection = store_.writer().connection();
    if (const Status checked = connection.check_references(); !checked.ok()) {
        (void)fault_of(unit, checked);  // stays with the entry, and is answered at the end
        return unit.phase == Unit::Phase::broken ? unit.broken : Status();
    }
    if (Status released = connection.release(); !released.ok()) {
        lose(unit, released);
        return unit.broken;
    }
    unit.is_savepoint_open = false;
    keep_record(records_, unit.entries.back());
    return SLUICE_OK;
}

// What a statement of the current message answered. If it failed, nothing of the message stays.
Status Connection::fault_of(Unit& unit, const Status& status) {
    if (status.ok()) return status;
    WriteConnection& connection = store_.writer().connection();
    if (!connection.is_in_transaction()) {  // the statement rolled back everything, so the others must run again
        lose(unit, is_fault_of_message(status.code()) ? Status(SLUICE_CONFLICT, status.text()) : status);
        return status;
    }
    if (!is_fault_of_message(status.code())) {
        lose(unit, status);
        return unit.broken;
    }
    unit.fail(unit.entries.back(), status);
    unit.is_savepoint_open = false;
    if (Status undone = connection.undo(); !undone.ok()) {
        lose(unit, undone);
        return unit.broken;
    }
    return status;
}

void Connection::erase_held(Unit& unit, Entry& entry, bool with_record) {
    const bool is_last = &entry == &unit.entries.back();
    if (!is_last || (!unit.is_savepoint_open && entry.fault == SLUICE_OK)) {
        if (entry.status == SLUICE_SEEN || entry.fault != SLUICE_OK) {  // nothing of it is there
            entry.dropped = true;
            return;
        }
        lose(unit, {SLUICE_CONFLICT, "a message was dropped after the next one had begun"});
        return;
    }
    if (unit.is_savepoint_open) {
        unit.is_savepoint_open = false;
        if (const Status undone = store_.writer().connection().undo(); !undone.ok()) return lose(unit, undone);
    }
    if (with_record || entry.status == SLUICE_SEEN || entry.record.kind == Record::Kind::none) {
        unit.entries.pop_back();
        return;
    }
    // Its record alone.
    entry.dropped = true;
    entry.write_count = 0;
    entry.fault = SLUICE_OK;
    if (const Status applied = apply(store_.writer().connection(), records_, unit, entry); !applied.ok())
        return lose(unit, applied);
    keep_record(records_, entry);
}

// The transaction is gone, and with it all the unit did. The writer goes on with others at once.
void Connection::lose(Unit& unit, const Status& why) {
    if (why.code() != SLUICE_CONFLICT) store_.writer().note_outcome(why);
    unit.broken = why.code() == SLUICE_CONFLICT ? why : blameless(why);
    let_go(unit);
    unit.phase = Unit::Phase::broken;
}

void Connection::end_held(Unit& unit) {
    WriteConnection& connection = store_.writer().connection();
    Status done = records_ ? records_->store() : Status();
    if (done.ok()) done = connection.commit();
    store_.writer().note_outcome(done);
    if (!done.ok()) {
        let_go(unit);
        end(unit, blameless(done).code(), done.text());
        return;
    }
    if (records_) records_->committed();
    unit.is_held = false;
    store_.writer().release();
    end(unit, SLUICE_OK, {});
}

void Connection::let_go(Unit& unit) {
    store_.writer().connection().rollback();
    if (records_) records_->rolled_back();
    unit.is_held = false;
    unit.is_savepoint_open = false;
    store_.writer().release();
}

}  // namespace sluice::sqlite
