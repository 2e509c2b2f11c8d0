// Database adapters in C++: derive from sluice::Database and sluice::Connection, and name the former in SLUICE_PLUGIN:
//
//   SLUICE_PLUGIN("com.acme.shelf", "1.0.0", sluice::database<Shelf>("shelf", "Tables on a shelf.", options...))
//
// The functions are those of sluice/database.h one to one; the rules of units of work stand there.
//
// Threads    Database: alone, but capabilities, ping and resource_id from any. Connection: one worker's, one call at a time.
// Ownership  the host disconnects a connection, which destroys it, before it closes the database.
// Errors     a Status, or an exception: a Failure keeps its status, any other exception is SLUICE_FAILED (constructor:
//            SLUICE_INVALID). Functions that are noexcept report through the sink. What a class does not override answers
//            SLUICE_UNSUPPORTED, or nothing.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

#include "sluice/sdk/manifest.hpp"
#include "sluice/sdk/plugin.hpp"
#include "sluice/sdk/probe.hpp"
#include "sluice/sdk/setup.hpp"
#include "sluice/sdk/status.hpp"
#include "sluice/sdk/value.hpp"

namespace sluice::inline sdk {

// Where a connection reports the end of its units. Any thread, also inside commit_submit; until the connection is gone.
class CommitSink {
public:
    CommitSink() = default;
    explicit CommitSink(const sluice_database_sink* sink) : sink_(detail::whole_or_none(sink)) {}

    // The end of a submitted unit, exactly once. `status` is that of every message that is not listed; `text` explains one that
    // is not OK.
    void committed(std::uint64_t token, sluice_status status, std::span<const sluice_commit_result> results = {},
                   std::string_view text = {}) const noexcept {
        if (sink_.committed != nullptr)
            sink_.committed(sink_.context, token, status, results.data(), results.size(), bytes(text));
    }

private:
    sluice_database_sink sink_{};
};

// Receives the rows of a query.
class RowSink {
public:
    explicit RowSink(const sluice_row_sink* sink) : sink_(detail::whole_or_none(sink)) {}

    // False: no more rows are wanted, which is no error. The values are viewed until it returns.
    bool row(std::span<const sluice_value> columns) const {
        return sink_.row != nullptr &&
               sink_.row(sink_.context, columns.data(), static_cast<std::uint32_t>(columns.size())) == SLUICE_OK;
    }

private:
    sluice_row_sink sink_;
};

// Receives ranges of recorded positions.
class RecordedSink {
public:
    explicit RecordedSink(const sluice_recorded_sink* sink) : sink_(detail::whole_or_none(sink)) {}

    // Positions from .. to - 1. False: no more ranges are wanted, which is no error.
    bool range(std::string_view stream, std::uint64_t from, std::uint64_t to) const {
        return sink_.range != nullptr && sink_.range(sink_.context, bytes(stream), from, to) == SLUICE_OK;
    }

private:
    sluice_recorded_sink sink_;
};

// One worker's connection.
class Connection {
public:
    Connection() = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    virtual ~Connection() = default;  // every submitted unit has ended

    // Checks the statement and gives it a number for this connection.
    virtual Status prepare(std::string_view sql, std::uint32_t& statement) = 0;
    // A unit is a number of the adapter's choice, never 0.
    virtual Status unit_begin(std::uint64_t& unit) = 0;
    // SLUICE_OK: new. SLUICE_SEEN: its effects are in the database already. drop() keeps the record.
    virtual Status record_once(std::uint64_t, sluice_ticket, const sluice_identity&) {
        return {SLUICE_UNSUPPORTED, "this database does not deduplicate"};
    }
    // SLUICE_OK, or SLUICE_QUEUED: the result comes when the unit is applied. Values of SLUICE_LIFE_UNIT need not be copied.
    virtual Status execute(std::uint64_t unit, sluice_ticket ticket, std::uint32_t statement,
                           std::span<const sluice_value> values) = 0;
    // unit 0: committed data, ticket 0. Otherwise applies what the unit has queued and executes at once from there on.
    virtual Status query(std::uint64_t unit, sluice_ticket ticket, std::uint32_t statement,
                         std::span<const sluice_value> values, RowSink rows) = 0;
    // Forgets the writes of one message, whether queued or executed.
    virtual void drop(std::uint64_t unit, sluice_ticket ticket) noexcept = 0;
    // Forgets the record as well: the message will come again.
    virtual void forget(std::uint64_t unit, sluice_ticket ticket) noexcept = 0;
    // No more calls with this unit but commit_submit or abandon_unit.
    virtual Status seal(std::uint64_t unit) = 0;
    // The end comes through the sink with this token, also from inside this call.
    virtual void commit_submit(std::uint64_t unit, std::uint64_t token) noexcept = 0;
    // Instead of commit_submit: nothing of the unit happens.
    virtual void abandon_unit(std::uint64_t unit) noexcept = 0;
    // The source will not deliver this stream below `position` again by itself: records may be folded into the one number.
    virtual void confirmed_below(std::string_view /*source*/, std::string_view /*stream*/,
                                 std::uint64_t /*position*/) noexcept {}
    // After a unit has failed and all have ended: what is begun from now on counts again (rule 4 of sluice/database.h).
    virtual void restart() noexcept = 0;

    // Acks deliveries of the queue of this name in the unit, one for each ticket. With SLUICE_DATABASE_SETTLES.
    virtual Status settle(std::uint64_t /*unit*/, std::string_view /*queue*/, std::span<const sluice_ticket> /*tickets*/,
                          std::span<const sluice_settlement> /*settlements*/) {
        return {SLUICE_UNSUPPORTED, "this database settles no deliveries in its units"};
    }

    // How many values a statement takes, and whether it only reads. An adapter that says so lets handlers find at their start
    // what could never work.
    virtual Status describe(std::uint32_t /*statement*/, sluice_statement& /*description*/) { return SLUICE_UNSUPPORTED; }
    // Keeps bytes of the host's with the record of a message. SLUICE_UNSUPPORTED: this database keeps none.
    virtual Status keep_publishes(std::uint64_t, sluice_ticket, std::string_view /*publishes*/) {
        return {SLUICE_UNSUPPORTED, "this database keeps no publishes"};
    }
    // What is kept with the committed record, as one row of one blob; no row: nothing is.
    virtual Status kept_publishes(const sluice_identity&, RowSink) { return SLUICE_OK; }
    // Those of these messages are confirmed and need not be kept.
    virtual void publishes_done(std::span<const sluice_identity* const>) noexcept {}
};

// One configured database.
class Database {
public:
    Database() = default;
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    virtual ~Database() = default;

    // SLUICE_DATABASE_ flags; known after construction.
    virtual std::uint64_t capabilities() const noexcept { return 0; }
    // Opens the database, takes its locks, runs its setup.
    virtual Status open() = 0;
    // Waits for submitted units to end. All connections are gone or idle.
    virtual void close() {}
    // SLUICE_OK if a statement would reach the server now, and could write. Not overridden: it cannot be asked.
    virtual Status ping() { return SLUICE_OK; }
    // Throws if it cannot.
    virtual std::unique_ptr<Connection> connect(CommitSink sink) = 0;
    // Hands out which positions of the source's streams are recorded, or were confirmed. While open, before the sources are.
    virtual Status recorded(std::string_view /*source*/, RecordedSink /*ranges*/) { return SLUICE_OK; }
    // Equal for components that can take part in one transaction; lives as long as the database is open. Any thread.
    virtual std::string_view resource_id() const noexcept { return {}; }
    // The host waits no longer: until the next open, whatever runs or waits ends soon, with SLUICE_UNAVAILABLE. Any thread,
    // also while open() or close() runs. Not overridden: nothing can be interrupted.
    virtual void interrupt() noexcept {}
    // Instead of open(): what is there where it would connect. Creates and changes nothing. Not overridden: it cannot be
    // probed.
    virtual Status probe(Probe) { return {SLUICE_UNSUPPORTED, "this database cannot be probed"}; }
    // What it offers to the host beyond this: sluice_handler.extension.
    virtual const void* extension(std::string_view /*id*/) { return nullptr; }
};

namespace detail {

template <std::derived_from<Database> Type>
struct DatabaseThunks {
    static_assert(std::constructible_from<Type, const Setup&> || std::default_initializable<Type>,
                  "a database is constructed from a const sluice::Setup&, or from nothing");

    // One that is not public counts as brought.
    template <typename T>
    static constexpr auto ping_of(int) -> decltype(&T::ping) {
        return nullptr;
    }
    template <typename T>
    static constexpr bool ping_of(...) {
        return true;
    }
    static constexpr bool can_be_asked = !std::same_as<decltype(ping_of<Type>(0)), decltype(&Database::ping)>;
    template <typename T>
    static constexpr auto interrupt_of(int) -> decltype(&T::interrupt) {
        return nullptr;
    }
    template <typename T>
    static constexpr bool interrupt_of(...) {
        return true;
    }
    static constexpr bool can_be_interrupted = !std::same_as<decltype(interrupt_of<Type>(0)), decltype(&Database::interrupt)>;
    template <typename T>
    static constexpr auto probe_of(int) -> decltype(&T::probe) {
        return nullptr;
    }
    template <typename T>
    static constexpr bool probe_of(...) {
        return true;
    }
    static constexpr bool can_be_probed = !std::same_as<decltype(probe_of<Type>(0)), decltype(&Database::probe)>;

    static Type& of(void* self) noexcept { return *static_cast<Type*>(self); }
    static Connection& connection(void* self) noexcept { return *static_cast<Connection*>(self); }

    static sluice_status create(const sluice_setup* setup, void** self, sluice_fault* fault) noexcept {
        return guarded(
            fault,
            [&] {
                if constexpr (std::constructible_from<Type, const Setup&>)
                    *self = new Type(Setup(*setup));
                else
                    *self = new Type();
            },
            SLUICE_INVALID);
    }
    static void destroy(void* self) noexcept {
        guarded_quietly([self] { delete &of(self); });
    }
    static std::uint64_t capabilities(void* self) noexcept { return static_cast<Database&>(of(self)).capabilities(); }
    static sluice_status open(void* self, sluice_fault* fault) noexcept {
        return guarded(fault, [self] { return static_cast<Database&>(of(self)).open(); });
    }
    static void close(void* self) noexcept {
        guarded_quietly([self] { static_cast<Database&>(of(self)).close(); });
    }
    static sluice_status ping(void* self, sluice_fault* fault) noexcept {
        return guarded(fault, [self] { return static_cast<Database&>(of(self)).ping(); });
    }
    static sluice_status connect(void* self, const sluice_database_sink* sink, void** result, sluice_fault* fault) noexcept {
        return guarded(fault, [&] {
            std::unique_ptr<Connection> made = static_cast<Database&>(of(self)).connect(CommitSink(sink));
            if (made == nullptr) throw Failure(SLUICE_CONTRACT, "the adapter made no connection and did not say why");
            *result = made.release();
        });
    }

    static void disconnect(void* self) noexcept {
        guarded_quietly([self] { delete &connection(self); });
    }
    static sluice_status prepare(void* self, sluice_bytes sql, std::uint32_t* statement, sluice_fault* fault) noexcept {
        return guarded(fault, [&] { return connection(self).prepare(view(sql), *statement); });
    }
    static sluice_status unit_begin(void* self, std::uint64_t* unit, sluice_fault* fault) noexcept {
        return guarded(fault, [&] { return connection(self).unit_begin(*unit); });
    }
    static sluice_status record_once(void* self, std::uint64_t unit, sluice_ticket ticket, const sluice_identity* identity,
                                     sluice_fault* fault) noexcept {
        return guarded(fault, [&] { return connection(self).record_once(unit, ticket, whole(*identity)); });
    }
    static sluice_status execute(void* self, std::uint64_t unit, sluice_ticket ticket, std::uint32_t statement,
                                 const sluice_value* values, std::uint32_t count, sluice_fault* fault) noexcept {
        return guarded(fault, [&] { return connection(self).execute(unit, ticket, statement, {values, count}); });
    }
    static sluice_status query(void* self, std::uint64_t unit, sluice_ticket ticket, std::uint32_t statement,
                               const sluice_value* values, std::uint32_t count, const sluice_row_sink* sink,
                               sluice_fault* fault) noexcept {
        return guarded(fault, [&] { return connection(self).query(unit, ticket, statement, {values, count}, RowSink(sink)); });
    }
    static void drop(void* self, std::uint64_t unit, sluice_ticket ticket) noexcept { connection(self).drop(unit, ticket); }
    static void forget(void* self, std::uint64_t unit, sluice_ticket ticket) noexcept { connection(self).forget(unit, ticket); }
    static sluice_status seal(void* self, std::uint64_t unit, sluice_fault* fault) noexcept {
        return guarded(fault, [&] { return connection(self).seal(unit); });
    }
    static void commit_submit(void* self, std::uint64_t unit, std::uint64_t token) noexcept {
        connection(self).commit_submit(unit, token);
    }
    static void abandon_unit(void* self, std::uint64_t unit) noexcept { connection(self).abandon_unit(unit); }
    static void confirmed_below(void* self, sluice_bytes source, sluice_bytes stream, std::uint64_t position) noexcept {
        connection(self).confirmed_below(view(source), view(stream), position);
    }
    static void restart(void* self) noexcept { connection(self).restart(); }

    static sluice_bytes resource_id(void* self) noexcept { return bytes(static_cast<Database&>(of(self)).resource_id()); }
    static sluice_status keep_publishes(void* self, std::uint64_t unit, sluice_ticket ticket, sluice_bytes publishes,
                                        sluice_fault* fault) noexcept {
        return guarded(fault, [&] { return connection(self).keep_publishes(unit, ticket, view(publishes)); });
    }
    static sluice_status kept_publishes(void* self, const sluice_identity* identity, const sluice_row_sink* sink,
                                        sluice_fault* fault) noexcept {
        return guarded(fault, [&] { return connection(self).kept_publishes(whole(*identity), RowSink(sink)); });
    }
    static void publishes_done(void* self, const sluice_identity* const* identities, std::uint64_t count) noexcept {
        guarded_quietly([&] {
            const WholeArray whole(identities, count);
            connection(self).publishes_done(whole.all());
        });
    }
    static void interrupt(void* self) noexcept { static_cast<Database&>(of(self)).interrupt(); }

    static sluice_status describe(void* self, std::uint32_t statement, sluice_statement* description,
                                  sluice_fault* fault) noexcept {
        return guarded(fault, [&] {
            sluice_statement all{};  // never written past the size that the caller knows
            Status status = connection(self).describe(statement, all);
            all.struct_size = description->struct_size;
            std::memcpy(description, &all, std::min<std::size_t>(description->struct_size, sizeof all));
            return status;
        });
    }

    static sluice_status recorded(void* self, sluice_bytes source, const sluice_recorded_sink* sink,
                                  sluice_fault* fault) noexcept {
        return guarded(fault, [&] { return static_cast<Database&>(of(self)).recorded(view(source), RecordedSink(sink)); });
    }

    static sluice_status settle(void* self, std::uint64_t unit, sluice_bytes queue, const sluice_ticket* tickets,
                                const sluice_settlement* settlements, std::uint64_t count, sluice_fault* fault) noexcept {
        return guarded(fault, [&] {
            return connection(self).settle(unit, view(queue), std::span(tickets, count), std::span(settlements, count));
        });
    }
    static sluice_status probe(void* self, const sluice_probe_sink* sink, sluice_fault* fault) noexcept {
        return guarded(fault, [&] { return static_cast<Database&>(of(self)).probe(Probe(sink)); });
    }

    static const void* extension(void* self, sluice_bytes id) noexcept {
        const void* offered = nullptr;
        guarded_quietly([&] { offered = static_cast<Database&>(of(self)).extension(view(id)); });
        return offered;
    }

    static constexpr sluice_database table{sizeof(sluice_database),
                                           0,
                                           &create,
                                           &destroy,
                                           &capabilities,
                                           &open,
                                           &close,
                                           can_be_asked ? &ping : nullptr,
                                           &connect,
                                           &disconnect,
                                           &prepare,
                                           &unit_begin,
                                           &record_once,
                                           &execute,
                                           &query,
                                           &drop,
                                           &forget,
                                           &seal,
                                           &commit_submit,
                                           &abandon_unit,
                                           &confirmed_below,
                                           &restart,
                                           &resource_id,
                                           &keep_publishes,
                                           &kept_publishes,
                                           &publishes_done,
                                           can_be_interrupted ? &interrupt : nullptr,
                                           &describe,
                                           &recorded,
                                           &settle,
                                           can_be_probed ? &probe : nullptr,
                                           &extension};
};

}  // namespace detail

template <typename Type, std::same_as<Option>... Options>
constexpr auto database(std::string_view name, std::string_view summary, const Options&... options) {
    return detail::make_component(SLUICE_KIND_DATABASE, name, summary, std::array<Option, sizeof...(Options)>{options...},
                                  &detail::DatabaseThunks<Type>::table);
}

}  // namespace sluice::inline sdk
