// A worker's connection: its reading connection, the statements it has prepared, and its units of work.
//
// Writes of a unit are queued and applied by the writer when the unit is submitted. A read inside a unit first applies what is
// queued; from there on the unit holds the writer and executes at once, a savepoint a message.
//
// Threads     the worker's, but for is_fenced and end (whoever holds the writer).
// Ownership   units are reused; a unit's number is its place and how often it was used, so that a stale number is found out.
// Limits      units_max begun or submitted at a time; then unit_begin answers SLUICE_FULL.
// Invariants  (1) Once a unit was answered with anything that makes the host run it again, units of the same epoch are answered
//                 with SLUICE_CONFLICT and not applied. restart() begins the next epoch.
//             (2) A statement that fails ends its message, whether it was queued or executed at once: nothing of the message
//             stays.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "database/store.hpp"
#include "sluice/sdk/database.hpp"
#include "unit.hpp"

namespace sluice::sqlite {

class Connection final : public sluice::Connection, public UnitOwner {
public:
    static constexpr std::size_t units_max = 64;

    Connection(Store& store, CommitSink sink);  // throws Failure
    ~Connection() override;                     // waits until every submitted unit has come back

    Status prepare(std::string_view sql, std::uint32_t& statement) override;
    Status unit_begin(std::uint64_t& number) override;
    Status describe(std::uint32_t statement, sluice_statement& description) override;
    Status record_once(std::uint64_t number, sluice_ticket ticket, const sluice_identity& identity) override;
    Status execute(std::uint64_t number, sluice_ticket ticket, std::uint32_t statement,
                   std::span<const sluice_value> values) override;
    Status query(std::uint64_t number, sluice_ticket ticket, std::uint32_t statement, std::span<const sluice_value> values,
                 RowSink rows) override;
    void drop(std::uint64_t number, sluice_ticket ticket) noexcept override;
    void forget(std::uint64_t number, sluice_ticket ticket) noexcept override;
    Status settle(std::uint64_t number, std::string_view queue, std::span<const sluice_ticket> tickets,
                  std::span<const sluice_settlement> settlements) override;
    Status seal(std::uint64_t number) override;
    void commit_submit(std::uint64_t number, std::uint64_t token) noexcept override;
    void abandon_unit(std::uint64_t number) noexcept override;
    void confirmed_below(std::string_view source, std::string_view stream, std::uint64_t position) noexcept override;
    void restart() noexcept override;
    Status keep_publishes(std::uint64_t number, sluice_ticket ticket, std::string_view publishes) override;
    Status kept_publishes(const sluice_identity& identity, RowSink rows) override;
    void publishes_done(std::span<const sluice_identity* const> identities) noexcept override;

    bool is_fenced(const Unit& unit) override;
    void end(Unit& unit, sluice_status status, std::string_view text) override;

private:
    struct Slot {
        std::unique_ptr<Unit> unit;
        std::uint64_t number = 0;  // while the worker may name it; otherwise 0
        std::uint64_t uses = 0;
    };
    struct PreparedStatement {
        Statement* shared = nullptr;
        Prepared reader;  // of those that only read
    };

    Unit* find(std::uint64_t number);
    void give_back(Unit& unit);
    Status check(std::uint32_t statement, std::span<const sluice_value> values) const;
    Status read(PreparedStatement& statement, std::span<const sluice_value> values, const RowSink& rows);
    Status fill(Record& record, Unit& unit, const sluice_identity& identity);
    void erase(std::uint64_t number, sluice_ticket ticket, bool with_record);

    // A unit that holds the writer (held_unit.cpp).
    Status hold(Unit& unit, sluice_ticket current);
    Status apply_before(Unit& unit, sluice_ticket current);
    Status enter_held(Unit& unit, sluice_ticket ticket);
    Status finish_message(Unit& unit);
    Status fault_of(Unit& unit, const Status& status);
    void erase_held(Unit& unit, Entry& entry, bool with_record);
    void lose(Unit& unit, const Status& why);
    void end_held(Unit& unit);
    void let_go(Unit& unit);
    Status settle_held(Unit& unit, Entry& entry);

    // constant
    Store& store_;
    const CommitSink sink_;
    Deduplication* const records_;
    Handle reader_;

    // of the worker
    std::vector<PreparedStatement> statements_;
    std::unordered_map<std::string_view, std::uint32_t> numbers_;  // keys are views of the shared statements' text
    std::vector<Slot> slots_;
    Prepared kept_publishes_;
    std::vector<sluice_value> row_;
    Stream* last_stream_ = nullptr;  // of the last record; most are of the same

    std::mutex mutex_;
    std::condition_variable all_back_;
    // guarded by mutex_
    std::vector<Unit*> free_;
    std::uint64_t epoch_ = 1;
    std::uint64_t failed_epoch_ = 0;
    std::uint32_t away_ = 0;  // submitted, and not back
};

}  // namespace sluice::sqlite
