// A database as the host uses it: the one way to it, whoever stands behind it (plugin_database.hpp: a plugin in this process;
// rehearsed_database.hpp: one that is only tried).
//
// What a database may leave out has one answer here, given with its function: no caller looks whether something is there.
//
// Threads      the tag at each function: [control] not at the same time as any other call but [any]; [worker] whoever runs the
//              connection's worker, one at a time; [any].
// Ownership    connections end before their database. What a function is given lives until it returns; so does what `Ended` is
//              given.
// Errors       of [control] functions: one sentence behind the database's path. Of the others: a status of sluice/database.h,
//              with a text in `fault`, which may be NULL. No exception of a database's leaves a function: of a connection's
//              functions that answer a status it is SLUICE_UNAVAILABLE, as if the connection were lost, so that neither a
//              handler nor a message is blamed; of the rest nothing, or what is said there.
// Cost         execute and what else is called for each message: one virtual call, and nothing is allocated.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "core/error.hpp"
#include "plugin/port/probe.hpp"
#include "sluice/database.h"

namespace sluice {

// One worker's connection. Its end is that of the object: [control], after every unit that was submitted has ended.
class ConnectionPort {
public:
    // Hears how submitted units end.
    class Ended {
    public:
        virtual ~Ended() = default;
        // [any] Called once for a unit if the database keeps the rules; but it may break them. Nothing may be thrown.
        virtual void committed(std::uint64_t token, sluice_status status, const sluice_commit_result* results,
                               std::uint64_t count, sluice_bytes text) = 0;
    };

    virtual ~ConnectionPort() = default;
    ConnectionPort(const ConnectionPort&) = delete;
    ConnectionPort& operator=(const ConnectionPort&) = delete;

    // ---- statements: [worker] ----

    virtual sluice_status prepare(sluice_bytes sql, std::uint32_t* statement, sluice_fault* fault) = 0;
    // SLUICE_UNSUPPORTED, with a text: it does not say what is known of a statement.
    virtual sluice_status describe(std::uint32_t statement, sluice_statement* description, sluice_fault* fault) = 0;

    // ---- a unit of work, from its begin to commit_submit or abandon_unit: [worker] ----

    virtual sluice_status unit_begin(std::uint64_t& unit, sluice_fault* fault) = 0;
    // SLUICE_UNSUPPORTED: it does not deduplicate.
    virtual sluice_status record_once(std::uint64_t unit, sluice_ticket ticket, const sluice_identity& identity,
                                      sluice_fault* fault) = 0;
    virtual sluice_status execute(std::uint64_t unit, sluice_ticket ticket, std::uint32_t statement, const sluice_value* values,
                                  std::uint32_t count, sluice_fault* fault) = 0;
    // Unit 0: committed data, ticket 0.
    virtual sluice_status query(std::uint64_t unit, sluice_ticket ticket, std::uint32_t statement, const sluice_value* values,
                                std::uint32_t count, const sluice_row_sink* sink, sluice_fault* fault) = 0;
    // Takes back what a message has written; forget: also that it was seen.
    virtual void drop(std::uint64_t unit, sluice_ticket ticket) = 0;
    virtual void forget(std::uint64_t unit, sluice_ticket ticket) = 0;
    // Acks deliveries of a queue in the same resource() with the unit. SLUICE_UNSUPPORTED: it cannot.
    virtual sluice_status settle(std::uint64_t unit, std::string_view queue, std::span<const sluice_ticket> tickets,
                                 std::span<const sluice_settlement> settlements, sluice_fault* fault) = 0;
    virtual sluice_status seal(std::uint64_t unit, sluice_fault* fault) = 0;
    // The end comes through Ended with this token, also from inside this call. An exception ends it with SLUICE_UNKNOWN.
    virtual void commit_submit(std::uint64_t unit, std::uint64_t token) = 0;
    virtual void abandon_unit(std::uint64_t unit) = 0;

    // ---- between units: [worker] ----

    // Nothing where records are kept one by one.
    virtual void confirmed_below(sluice_bytes source, sluice_bytes stream, std::uint64_t position) = 0;
    // After a failed unit, once all have ended: what is begun from now on counts again.
    virtual void restart() = 0;

    // ---- what messages publish, kept with their records: [worker] ----

    // Is there anything to tell publishes_done()?
    virtual bool keeps_publishes() const = 0;
    // SLUICE_UNSUPPORTED: it keeps none.
    virtual sluice_status keep_publishes(std::uint64_t unit, sluice_ticket ticket, sluice_bytes publishes,
                                         sluice_fault* fault) = 0;
    // As one row of one blob, or no row. SLUICE_UNSUPPORTED: it keeps none.
    virtual sluice_status kept_publishes(const sluice_identity& identity, const sluice_row_sink& sink, sluice_fault* fault) = 0;
    virtual void publishes_done(const sluice_identity* const* identities, std::uint64_t count) = 0;

protected:
    ConnectionPort() = default;
};

// One configured database. Its end is that of the object: [control], after close().
class DatabasePort {
public:
    virtual ~DatabasePort() = default;
    DatabasePort(const DatabasePort&) = delete;
    DatabasePort& operator=(const DatabasePort&) = delete;

    // [control] Before open(): what is there where it would connect. Creates and changes nothing. Default: unsupported.
    virtual Result<Facts> probe() { return Error{ErrorKind::unsupported, "unsupported: this database has no such function"}; }
    // [control] May be called again after it failed, and after close().
    virtual Result<void> open() = 0;
    // [control] Waits for submitted units to end.
    virtual void close() = 0;
    // [control] [worker] While other workers use theirs. `ended` outlives the connection.
    virtual Result<std::unique_ptr<ConnectionPort>> connect(ConnectionPort::Ended& ended) = 0;

    // [any] Would a statement reach it now, and could it write?
    virtual bool can_ping() const = 0;
    // [any] SLUICE_UNSUPPORTED: it cannot be asked. An exception is SLUICE_CONTRACT.
    virtual sluice_status ping(sluice_fault* fault) = 0;
    // Positions from .. to - 1 of a stream. False: no more, please.
    using RecordedRange = std::function<bool(std::string_view stream, std::uint64_t from, std::uint64_t to)>;
    // [control] While open: what is recorded of a source's streams, or was confirmed. Nothing where it does not tell.
    virtual Result<void> recorded(std::string_view source, const RecordedRange& range) = 0;
    // [any] Nobody waits for it any more: calls that are under way end, if it can be told so.
    virtual void interrupt() = 0;

    // [any] Messages are recorded, and recognised when they come again. As it said when it was created, and again when
    // it was opened.
    virtual bool deduplicates() const = 0;
    // [any] Deliveries of queues in the same resource() can be acked in its units. Known once it is created.
    virtual bool settles() const = 0;
    // [any] What server and database, or file, it is. Empty: no queue can be in it. Valid as long as the database is open.
    virtual std::string_view resource() const = 0;

    // [control] What it offers under this id beyond the functions here; NULL: nothing.
    virtual const void* extension(std::string_view) { return nullptr; }

protected:
    DatabasePort() = default;
};

}  // namespace sluice
