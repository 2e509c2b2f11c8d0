// A unit of work: the queued writes of the messages of one batch, in their order, with the record that each may want.
//
// Threads     the worker that fills it; from submit() on the writer, until UnitOwner::end.
// Ownership   its owner, which reuses it: in the steady state nothing is allocated.
// Limits      writes_max and bytes_max; beyond them an execute is refused.
// Invariants  (1) The writes of an entry are write_count of `writes`, from first_write on through Write::next. (2) Entries
//             stand in the order of their tickets, until the unit settles. (3) Bytes of life `call` are copied into the arena;
//             those of life `unit` stay views of the messages.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "arena.hpp"
#include "sluice/sdk/status.hpp"
#include "sluice/sluice.h"

namespace sluice::sqlite {

struct Statement;
struct Stream;
class Job;
class Unit;

// What makes a message the same message again: a place in a stream, or an id.
struct Record {
    enum class Kind : std::uint8_t { none, position, id } kind = Kind::none;
    Stream* stream = nullptr;
    std::uint64_t position = 0;
    std::uint64_t position_end = 0;
    sluice_bytes source{};
    sluice_bytes id{};
};

struct Write {
    Statement* statement = nullptr;
    std::uint32_t first_value = 0;
    std::uint32_t value_count = 0;
    std::uint32_t next = 0;  // of the same entry
};

// One message's part of a unit.
struct Entry {
    sluice_ticket ticket = 0;
    std::uint32_t first_write = 0;
    std::uint32_t last_write = 0;
    std::uint32_t write_count = 0;
    Record record;
    Record also;                   // a position to be recorded with it; nobody asks whether it is known
    sluice_bytes publishes{};      // to be kept with the record; empty = none
    sluice_bytes publishes_key{};  // KeptPublishes::key_of
    Statement* settle = nullptr;   // acks its delivery, behind its writes; NULL: nothing does
    std::uint64_t delivery = 0;    // the tag
    bool dropped = false;          // nothing of it is applied but its record, and it is not answered
    // Its own fault, found when it was applied: it stays out of every further attempt.
    sluice_status fault = SLUICE_OK;
    // What the last attempt found: SLUICE_OK, SLUICE_SEEN or the fault.
    sluice_status status = SLUICE_OK;
    sluice_bytes text{};
};

// Whoever submitted a unit.
class UnitOwner {
public:
    // [holder of the writer] A unit before it has failed, so this one must not be applied.
    virtual bool is_fenced(const Unit& unit) = 0;
    // [holder of the writer] The unit is done with; `status` is that of all entries without one of their own.
    virtual void end(Unit& unit, sluice_status status, std::string_view text) = 0;

protected:
    ~UnitOwner() = default;
};

// A place in the writer's queue.
struct Turn {
    Turn* next = nullptr;
    Unit* unit = nullptr;
    Job* job = nullptr;
    bool wants_writer() const { return unit == nullptr && job == nullptr; }  // for itself
};

class Unit {
public:
    static constexpr std::size_t writes_max = 1u << 20;
    static constexpr std::size_t bytes_max = 256u << 20;

    // The last entry, if it is that of the message and goes on.
    Entry* current(sluice_ticket ticket) {
        const bool is_last = !entries.empty() && entries.back().ticket == ticket && !entries.back().dropped;
        return is_last ? &entries.back() : nullptr;
    }
    // The entry of a message, or a new one. Mostly the last: only the calls of a handler for many messages are mixed.
    Entry& enter(sluice_ticket ticket) {
        if (Entry* const entry = current(ticket)) return *entry;
        auto place = entries.end();
        if (!entries.empty() && ticket <= entries.back().ticket) {
            place = std::upper_bound(entries.begin(), entries.end(), ticket,
                                     [](sluice_ticket wanted, const Entry& entry) { return wanted < entry.ticket; });
            if (place != entries.begin() && place[-1].ticket == ticket && !place[-1].dropped) return place[-1];
        }
        Entry& entry = *entries.emplace(place);
        entry.ticket = ticket;
        return entry;
    }

    Entry* find(sluice_ticket ticket) {
        for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry)
            if (entry->ticket == ticket) return &*entry;
        return nullptr;
    }

    Status add_write(Entry& entry, Statement& statement, std::span<const sluice_value> given) {
        if (writes.size() >= writes_max || arena.used() > bytes_max)
            return {SLUICE_FULL,
                    "the unit of work holds as many writes as it may: lower `batch.max`, or write less per message"};
        const auto at = static_cast<std::uint32_t>(writes.size());
        writes.push_back({&statement, static_cast<std::uint32_t>(values.size()), static_cast<std::uint32_t>(given.size())});
        (entry.write_count++ == 0 ? entry.first_write : writes[entry.last_write].next) = at;
        entry.last_write = at;
        for (const sluice_value& each : given) {
            sluice_value& value = values.emplace_back(each);
            if ((value.type == SLUICE_VALUE_TEXT || value.type == SLUICE_VALUE_BLOB) && value.life != SLUICE_LIFE_UNIT)
                value.as.bytes = arena.copy(value.as.bytes);
        }
        return SLUICE_OK;
    }
    // Calls use(write) with each write of an entry, until it answers anything but SLUICE_OK.
    template <typename Use>
    Status each_write(const Entry& entry, Use&& use) const {
        for (std::uint32_t at = entry.first_write, left = entry.write_count; left != 0; --left, at = writes[at].next)
            if (Status used = use(writes[at]); !used.ok()) return used;
        return SLUICE_OK;
    }

    // Takes the writes of an entry out. Where they are the last ones they leave no trace.
    void drop_writes(Entry& entry) {
        entry.publishes = {};
        entry.settle = nullptr;
        if (entry.write_count != 0 && entry.first_write + entry.write_count == writes.size()) {
            values.resize(writes[entry.first_write].first_value);
            writes.resize(entry.first_write);
        }
        entry.write_count = 0;
    }

    void fail(Entry& entry, const Status& status) {
        entry.fault = entry.status = status.code();
        entry.text = arena.copy(std::string_view(status.text()));
    }

    void reset() {
        constexpr std::size_t values_kept = 16u << 10;
        if (values.capacity() > values_kept) values = {};
        if (writes.capacity() > values_kept) writes = {};
        if (entries.capacity() > values_kept) entries = {};
        entries.clear();
        writes.clear();
        values.clear();
        arena.reset();
        phase = Phase::queueing;
        is_held = false;
        is_savepoint_open = false;
        has_lost = false;
        broken = SLUICE_OK;
        turn = {};
        results.clear();
    }

    std::vector<Entry> entries;
    std::vector<Write> writes;
    std::vector<sluice_value> values;
    Arena arena;
    std::vector<sluice_commit_result> results;  // filled when it ends

    enum class Phase : std::uint8_t {
        queueing,  // writes are kept
        holding,   // after a read: it has the writer, an open transaction, and executes at once
        broken,    // its transaction was lost: nothing but an end is left
        sealed,
    };
    Phase phase = Phase::queueing;
    bool is_held = false;            // sealed or not, it has the writer
    bool is_savepoint_open = false;  // holding: of the last entry
    bool has_lost = false;           // broken: by a delivery that is another host's, which its end will say
    Status broken;                   // why
    std::uint64_t epoch = 0;         // see Connection
    std::uint64_t token = 0;
    std::uint32_t slot = 0;  // its place with its owner
    UnitOwner* owner = nullptr;
    Turn turn;
};

}  // namespace sluice::sqlite
