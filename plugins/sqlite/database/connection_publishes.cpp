// What a connection keeps with the records of its messages: their publishes.
#include "database/connection.hpp"

namespace sluice::sqlite {

Status Connection::keep_publishes(std::uint64_t number, sluice_ticket ticket, std::string_view publishes) {
    if (records_ == nullptr) return {SLUICE_UNSUPPORTED, "`deduplicate` is off for this database, so it keeps no publishes"};
    Unit* const unit = find(number);
    if (unit == nullptr) return {SLUICE_CONTRACT, "there is no such unit of work on this connection, or it is submitted"};
    if (unit->phase == Unit::Phase::broken) return unit->broken;
    if (unit->phase == Unit::Phase::sealed) return {SLUICE_CONTRACT, "the unit of work is sealed"};
    Entry* const entry = unit->find(ticket);
    if (entry == nullptr || entry->dropped || entry->record.kind == Record::Kind::none)
        return {SLUICE_CONTRACT, "publishes are kept with the record of a message, and this one has none in the unit of work"};
    const Record& record = entry->record;
    entry->publishes_key =
        record.kind == Record::Kind::id
            ? record.id
            : unit->arena.copy(std::string_view(KeptPublishes::key_of(record.stream->name, record.position)));
    entry->publishes = unit->arena.copy(sluice::bytes(publishes));
    // A message that is over has its record already.
    const bool is_over = unit->phase == Unit::Phase::holding && !(unit->is_savepoint_open && entry == &unit->entries.back());
    if (is_over && entry->status == SLUICE_OK) records_->keep_publishes(record, entry->publishes_key, entry->publishes);
    return SLUICE_OK;
}

Status Connection::kept_publishes(const sluice_identity& identity, RowSink rows) {
    if (records_ == nullptr || records_->publishes().is_empty()) return SLUICE_OK;
    if (!kept_publishes_) kept_publishes_ = sqlite::prepare(reader_.get(), KeptPublishes::select);
    const std::string key = KeptPublishes::key_of(identity);
    sluice_value values[2]{};
    values[0].type = SLUICE_VALUE_TEXT;
    values[0].as.bytes = identity.source;
    values[1].type = SLUICE_VALUE_BLOB;
    values[1].as.bytes = sluice::bytes(key);
    int code = bind(kept_publishes_.get(), values);
    if (code == SQLITE_OK) code = hand_out_rows(kept_publishes_.get(), rows, row_);
    Status result = code == SQLITE_OK ? Status() : of_own_table(reader_.get(), "the publishes that are kept could not be read");
    sqlite3_reset(kept_publishes_.get());
    return result;
}

void Connection::publishes_done(std::span<const sluice_identity* const> identities) noexcept {
    if (records_ == nullptr) return;
    for (const sluice_identity* identity : identities)
        records_->publishes().done(view(identity->source), KeptPublishes::key_of(*identity));
}

}  // namespace sluice::sqlite
