#include "database/connection.hpp"

#include <algorithm>

namespace sluice::sqlite {
namespace {

constexpr std::uint64_t slot_bits = 8;
static_assert(Connection::units_max <= 1u << slot_bits);

Status no_such_unit() {
    return {SLUICE_CONTRACT, "there is no such unit of work on this connection, or it is submitted"};
}
Status is_sealed() {
    return {SLUICE_CONTRACT, "the unit of work is sealed"};
}

}  // namespace

Connection::Connection(Store& store, CommitSink sink)
    : store_(store),
      sink_(sink),
      records_(store.records()),
      reader_(store.file().open_reader()) {}

Connection::~Connection() {
    for (const Slot& slot : slots_)
        if (slot.number != 0) abandon_unit(slot.number);
    std::unique_lock lock(mutex_);
    all_back_.wait(lock, [this] { return away_ == 0; });
}

// The reading connection judges the statement; the writer compiles it at its first use, so that preparing never waits for a
// commit.
Status Connection::prepare(std::string_view sql, std::uint32_t& number) {
    if (const auto known = numbers_.find(sql); known != numbers_.end()) {
        number = known->second;
        return SLUICE_OK;
    }
    Prepared prepared = sqlite::prepare(reader_.get(), sql);
    const int parameters = sqlite3_bind_parameter_count(prepared.get());
    for (int i = 1; i <= parameters; ++i)
        if (const char* name = sqlite3_bind_parameter_name(prepared.get(), i))
            throw Failure(SLUICE_INVALID, std::string("the parameter ") + name + " in \"" + shortened(sql) +
                                              "\" has a name: write `?` and give the values in order");
    // What only explains a statement that writes is said to write by sqlite3_stmt_readonly().
    const bool writes = sqlite3_stmt_readonly(prepared.get()) == 0 && sqlite3_stmt_isexplain(prepared.get()) == 0;
    Statement& shared = store_.statements().find_or_add(sql, static_cast<std::uint32_t>(parameters), writes);
    if (writes) prepared.reset();
    number = static_cast<std::uint32_t>(statements_.size());
    statements_.push_back({&shared, std::move(prepared)});
    numbers_.emplace(shared.sql, number);
    return SLUICE_OK;
}

Status Connection::describe(std::uint32_t statement, sluice_statement& description) {
    if (statement >= statements_.size()) return {SLUICE_CONTRACT, "there is no statement of this number on this connection"};
    const Statement& shared = *statements_[statement].shared;
    description.parameters = shared.parameters;
    description.reads_only = shared.writes ? 0 : 1;
    return SLUICE_OK;
}

Status Connection::unit_begin(std::uint64_t& number) {
    Unit* unit = nullptr;
    std::uint64_t epoch = 0;
    {
        std::lock_guard lock(mutex_);
        epoch = epoch_;
        if (!free_.empty()) {
            unit = free_.back();
            free_.pop_back();
        }
    }
    if (unit == nullptr) {
        if (slots_.size() == units_max)
            return {SLUICE_FULL,
                    std::to_string(units_max) + " units of work are under way on one connection: wait for their end"};
        slots_.push_back({std::make_unique<Unit>()});
        unit = slots_.back().unit.get();
        unit->owner = this;
        unit->slot = static_cast<std::uint32_t>(slots_.size() - 1);
    }
    unit->epoch = epoch;
    Slot& slot = slots_[unit->slot];
    number = slot.number = ++slot.uses << slot_bits | unit->slot;
    return SLUICE_OK;
}

Status Connection::record_once(std::uint64_t number, sluice_ticket ticket, const sluice_identity& identity) {
    Unit* const unit = find(number);
    if (unit == nullptr) return no_such_unit();
    if (records_ == nullptr) return {SLUICE_UNSUPPORTED, "`deduplicate` is off for this database"};
    Record record;
    if (Status filled = fill(record, *unit, identity); !filled.ok()) return filled;
    if (record.kind == Record::Kind::position && records_->is_seen(*record.stream, record.position)) return SLUICE_SEEN;
    const bool is_open = unit->phase == Unit::Phase::queueing || unit->phase == Unit::Phase::holding;
    if (Entry* const entry = is_open ? unit->current(ticket) : nullptr;
        entry != nullptr && entry->record.kind != Record::Kind::none) {
        entry->also = record;
        return SLUICE_OK;
    }
    switch (unit->phase) {
        case Unit::Phase::queueing: unit->enter(ticket).record = record; return SLUICE_OK;
        case Unit::Phase::holding: {
            if (Status finished = finish_message(*unit); !finished.ok()) return finished;
            unit->enter(ticket).record = record;
            Status entered = enter_held(*unit, ticket);
            if (entered.code() == SLUICE_SEEN) erase_held(*unit, unit->entries.back(), true);
            return entered;
        }
        case Unit::Phase::broken: return unit->broken;
        default: return is_sealed();
    }
}

Status Connection::execute(std::uint64_t number, sluice_ticket ticket, std::uint32_t statement,
                           std::span<const sluice_value> values) {
    Unit* const unit = find(number);
    if (unit == nullptr) return no_such_unit();
    if (Status checked = check(statement, values); !checked.ok()) return checked;
    Statement& shared = *statements_[statement].shared;
    if (!shared.writes)
        return {SLUICE_INVALID,
                "\"" + shortened(shared.sql) + "\" only reads: ask for its rows with a query, executing it has no effect"};
    switch (unit->phase) {
        case Unit::Phase::queueing:
            if (Status added = unit->add_write(unit->enter(ticket), shared, values); !added.ok()) return added;
            return SLUICE_QUEUED;
        case Unit::Phase::holding:
            if (Status entered = enter_held(*unit, ticket); !entered.ok())
                return entered.code() == SLUICE_SEEN ? Status(SLUICE_QUEUED) : entered;  // its end will say so
            return fault_of(*unit, store_.writer().connection().execute(shared, values));
        case Unit::Phase::broken: return unit->broken;
        default: return is_sealed();
    }
}

Status Connection::query(std::uint64_t number, sluice_ticket ticket, std::uint32_t statement,
                         std::span<const sluice_value> values, RowSink rows) {
    if (Status checked = check(statement, values); !checked.ok()) return checked;
    PreparedStatement& prepared = statements_[statement];
    if (number == 0) return read(prepared, values, rows);
    Unit* const unit = find(number);
    if (unit == nullptr) return no_such_unit();
    if (unit->phase == Unit::Phase::queueing)
        if (Status held = hold(*unit, ticket); !held.ok()) return held;
    if (unit->phase == Unit::Phase::broken) return unit->broken;
    if (unit->phase == Unit::Phase::sealed) return is_sealed();
    if (Status entered = enter_held(*unit, ticket); !entered.ok()) return entered;
    return fault_of(*unit, store_.writer().connection().query(*prepared.shared, values, rows));
}

void Connection::drop(std::uint64_t number, sluice_ticket ticket) noexcept {
    erase(number, ticket, false);
}
void Connection::forget(std::uint64_t number, sluice_ticket ticket) noexcept {
    erase(number, ticket, true);
}

Status Connection::seal(std::uint64_t number) {
    Unit* const unit = find(number);
    if (unit == nullptr) return no_such_unit();
    if (unit->phase == Unit::Phase::holding)
        if (Status finished = finish_message(*unit); !finished.ok()) return finished;
    if (unit->phase == Unit::Phase::broken) return unit->has_lost ? Status() : unit->broken;
    unit->phase = Unit::Phase::sealed;
    return SLUICE_OK;
}

void Connection::commit_submit(std::uint64_t number, std::uint64_t token) noexcept {
    Unit* const unit = find(number);
    if (unit == nullptr) {
        sink_.committed(token, SLUICE_CONFLICT, {},
                        "there is no such unit of work on this connection, or it was submitted before");
        return;
    }
    if (unit->phase == Unit::Phase::holding) (void)finish_message(*unit);
    slots_[unit->slot].number = 0;
    unit->token = token;
    {
        std::lock_guard lock(mutex_);
        ++away_;
    }
    if (unit->is_held)
        end_held(*unit);
    else if (unit->phase == Unit::Phase::broken)
        end(*unit, unit->broken.code(), unit->broken.text());
    else
        store_.writer().submit(*unit);
}

void Connection::abandon_unit(std::uint64_t number) noexcept {
    Unit* const unit = find(number);
    if (unit == nullptr) return;
    slots_[unit->slot].number = 0;
    if (unit->is_held) let_go(*unit);
    give_back(*unit);
}

void Connection::confirmed_below(std::string_view source, std::string_view stream, std::uint64_t position) noexcept {
    if (records_) records_->confirm(source, stream, std::min(position, static_cast<std::uint64_t>(INT64_MAX)));
}

void Connection::restart() noexcept {
    std::lock_guard lock(mutex_);
    epoch_ = failed_epoch_ + 1;
}

bool Connection::is_fenced(const Unit& unit) {
    std::lock_guard lock(mutex_);
    return unit.epoch <= failed_epoch_;
}

void Connection::end(Unit& unit, sluice_status status, std::string_view text) {
    {
        std::lock_guard lock(mutex_);
        if (unit.epoch <= failed_epoch_) {
            status = SLUICE_CONFLICT;
            text = "a unit of work before it on the same connection was not committed";
        } else if (status != SLUICE_OK) {
            failed_epoch_ = unit.epoch;
        }
    }
    for (const Entry& entry : unit.entries)
        if (entry.status != SLUICE_OK && !entry.dropped)
            if (status == SLUICE_OK || entry.status == SLUICE_LOST_LEASE)
                unit.results.push_back({entry.ticket, entry.status, 0, entry.text});
    sink_.committed(unit.token, status, unit.results, text);
    std::unique_lock lock(mutex_);
    unit.reset();
    free_.push_back(&unit);
    if (--away_ == 0) all_back_.notify_all();  // under the lock: the destructor may not end before this call has
}

Unit* Connection::find(std::uint64_t number) {
    const std::uint64_t slot = number & ((1u << slot_bits) - 1);
    return number != 0 && slot < slots_.size() && slots_[slot].number == number ? slots_[slot].unit.get() : nullptr;
}

void Connection::give_back(Unit& unit) {
    unit.reset();
    std::lock_guard lock(mutex_);
    free_.push_back(&unit);
}

Status Connection::check(std::uint32_t statement, std::span<const sluice_value> values) const {
    if (statement >= statements_.size()) return {SLUICE_CONTRACT, "there is no statement of this number on this connection"};
    const Statement& shared = *statements_[statement].shared;
    if (shared.parameters == values.size()) return SLUICE_OK;
    return {SLUICE_INVALID, "\"" + shortened(shared.sql) + "\" has " + std::to_string(shared.parameters) +
                                " parameters and was given " + std::to_string(values.size()) + " values"};
}

// Committed data. The statement ends before this returns, so that no snapshot keeps the log from being written back.
Status Connection::read(PreparedStatement& statement, std::span<const sluice_value> values, const RowSink& rows) {
    if (!statement.reader)
        return {SLUICE_INVALID, "\"" + shortened(statement.shared->sql) + "\" writes: run it inside a unit of work"};
    int code = bind(statement.reader.get(), values);
    if (code == SQLITE_OK) code = hand_out_rows(statement.reader.get(), rows, row_);
    Status result = code == SQLITE_OK ? Status() : last_error(reader_.get(), statement.shared->sql);
    const bool is_about_tables = result.code() == SLUICE_UNAVAILABLE && sqlite3_errcode(reader_.get()) == SQLITE_ERROR;
    if (is_about_tables) store_.writer().note_unfit(statement.shared->sql, result.text());
    sqlite3_reset(statement.reader.get());
    return result;
}

Status Connection::fill(Record& record, Unit& unit, const sluice_identity& identity) {
    if (identity.stream_size == 0) {
        record.kind = Record::Kind::id;
        record.source = unit.arena.copy(identity.source);
        record.id = unit.arena.copy(identity.id);
        return SLUICE_OK;
    }
    if (identity.stream_size > identity.id.size || identity.position >= identity.position_end ||
        identity.position_end > INT64_MAX)
        return {SLUICE_CONTRACT,
                "the identity of the message is not [position, position_end) of a stream that its id begins with"};
    const std::string_view source = view(identity.source);
    const std::string_view name = view(identity.id).substr(0, identity.stream_size);
    if (last_stream_ == nullptr || last_stream_->name != name || last_stream_->source != source)
        last_stream_ = &records_->stream(source, name);
    record.kind = Record::Kind::position;
    record.stream = last_stream_;
    record.position = identity.position;
    record.position_end = identity.position_end;
    return SLUICE_OK;
}

void Connection::erase(std::uint64_t number, sluice_ticket ticket, bool with_record) {
    Unit* const unit = find(number);
    Entry* const entry = unit ? unit->find(ticket) : nullptr;
    if (entry == nullptr) return;
    if (unit->phase == Unit::Phase::holding) {
        erase_held(*unit, *entry, with_record);
        return;
    }
    unit->drop_writes(*entry);
    entry->dropped = true;
    if (with_record) entry->record = entry->also = {};
    if (entry == &unit->entries.back() && entry->record.kind == Record::Kind::none) unit->entries.pop_back();
}

}  // namespace sluice::sqlite
