/* Database adapters: connections, statements, and units of work whose writes are queued, applied and committed together.
 *
 * A unit holds the writes of the messages of one batch of one worker:
 *
 *   unit_begin  ->  (record_once, execute*, query*, drop?) per message  ->  seal  ->  commit_submit  ->  sink->committed
 *                                                                     ->  abandon_unit
 *
 * The tickets of a unit rise in the order of its messages, and the calls of a message come together. But where a handler takes
 * many messages in one call (sluice_handler.handle_batch) those of its messages are mixed: first the record_once of all of
 * them, then their writes in any order, then drop or forget of some. Until that is over nothing is queried within the unit, and
 * once something was, no such call comes.
 *
 * The adapter
 *   1. may queue executes (SLUICE_QUEUED) and apply them when the unit is sealed;
 *   2. when applying fails at a message: rolls back, applies the unit again with a savepoint a message, answers the failing
 *      messages in sink->committed, and commits the rest; with SLUICE_CONFLICT or SLUICE_UNAVAILABLE the whole unit fails;
 *   3. makes the units of one connection durable in the order of their commit_submit;
 *   4. once it has answered a unit of a connection, or a message of it, with anything but SLUICE_OK, SLUICE_SEEN,
 *      SLUICE_LOST_LEASE, SLUICE_CONSTRAINT or SLUICE_INVALID, answers every later unit already submitted on that connection
 *      with SLUICE_CONFLICT and applies nothing of it: the host runs them again in order. Units begun after restart() count
 *      again. After a message that was answered so on its own, those of its key that follow it in its unit are run again too:
 *      what was committed of them is done once more, if nothing recorded it. A message whose delivery is gone
 *      (SLUICE_LOST_LEASE) ends by itself and holds up nothing; an adapter that has lost all deliveries of a lane answers each
 *      of them so;
 *   5. may apply and commit the units of several connections in one transaction.
 */
#ifndef SLUICE_DATABASE_H
#define SLUICE_DATABASE_H

#include "sluice/host.h"
#include "sluice/probe.h"
#include "sluice/queue.h"

/* How one message of a unit ended. Frozen; an array of these lists only the messages that did not end with SLUICE_OK. */
typedef struct sluice_commit_result {
    sluice_ticket ticket;
    /* SLUICE_SEEN: recorded before, no effects; SLUICE_LOST_LEASE: its delivery is another host's now, no effects;
     * SLUICE_CONSTRAINT, SLUICE_INVALID: its own fault */
    sluice_status status;
    uint32_t reserved;
    sluice_bytes text;
} sluice_commit_result;

typedef struct sluice_database_sink {
    uint32_t struct_size;
    uint32_t reserved;
    void* context;
    /* [any] The end of a submitted unit, exactly once. `status` is that of every message not listed: SLUICE_OK = durable;
     * SLUICE_CONFLICT, SLUICE_UNAVAILABLE = nothing of it is; SLUICE_UNKNOWN = it may or may not be. `text` explains a status
     * that is not OK; of the results only those with SLUICE_LOST_LEASE count then. */
    void (*committed)(void* context, uint64_t token, sluice_status status, const sluice_commit_result* results, uint64_t count,
                      sluice_bytes text);
} sluice_database_sink;

typedef struct sluice_recorded_sink {
    uint32_t struct_size;
    uint32_t reserved;
    void* context;
    /* The positions from `from` to `to` - 1 of a stream. Anything but SLUICE_OK: no more, please. */
    sluice_status (*range)(void* context, sluice_bytes stream, uint64_t from, uint64_t to);
} sluice_recorded_sink;

#define SLUICE_DATABASE_DEDUPLICATES 1u /* record_once is there, works for this configuration, and `deduplicate` is on */
#define SLUICE_DATABASE_SETTLES 2u      /* settle is there, and works for queues with the same resource_id */

typedef struct sluice_database {
    uint32_t struct_size;
    uint32_t flags; /* 0 */

    /* [control] One instance per configured database. Reads its options, opens nothing. Also called by `sluice check`. */
    sluice_status (*create)(const sluice_setup* setup, void** self, sluice_fault* fault);
    void (*destroy)(void* self);          /* [control] all connections are closed */
    uint64_t (*capabilities)(void* self); /* [any] SLUICE_DATABASE_; known after create, asked again after each open */
    sluice_status (*open)(void* self, sluice_fault* fault); /* [control] opens the database, takes its locks, runs its setup */
    void (*close)(void* self);                              /* [control] waits for submitted units to end */
    /* [any] SLUICE_OK if a statement would reach the server now, and could write. NULL: it cannot be asked, the host lets one
     * unit try. */
    sluice_status (*ping)(void* self, sluice_fault* fault);

    /* One connection per worker, made [control] or [worker] while other workers use theirs. The sink lives until disconnect
     * returns. */
    sluice_status (*connect)(void* self, const sluice_database_sink* sink, void** connection, sluice_fault* fault);
    void (*disconnect)(void* connection); /* [control] every submitted unit has ended */

    /* All below: [worker] of the connection's worker. A unit is a number of the adapter's choice, never 0. */

    /* Checks the statement and gives it a number for this connection, which stays valid over a lost connection. Parameters are
     * written `?` in order; `??` is a question mark for the engine, as in an operator. Neither means anything in texts, quoted
     * names and comments. A statement that could never run in a unit is refused here, not when it is applied:
     * SLUICE_INVALID. */
    sluice_status (*prepare)(void* connection, sluice_bytes sql, uint32_t* statement, sluice_fault* fault);
    sluice_status (*unit_begin)(void* connection, uint64_t* unit, sluice_fault* fault);
    /* SLUICE_OK: new, and recorded with the unit. SLUICE_SEEN: its effects are in the database already. A duplicate may also be
     * found only when the unit is applied; its result is then SLUICE_SEEN. drop() keeps the record. A second call for a ticket,
     * before its writes: a position, which is recorded as well and not asked about. NULL = no deduplication; then the host
     * refuses a component that says SLUICE_DATABASE_DEDUPLICATES. */
    sluice_status (*record_once)(void* connection, uint64_t unit, sluice_ticket ticket, const sluice_identity* identity,
                                 sluice_fault* fault);
    sluice_status (*execute)(void* connection, uint64_t unit, sluice_ticket ticket, uint32_t statement,
                             const sluice_value* values, uint32_t count, sluice_fault* fault);
    /* unit 0: committed data, ticket 0. Otherwise applies what the unit has queued and executes at once from there on. */
    sluice_status (*query)(void* connection, uint64_t unit, sluice_ticket ticket, uint32_t statement,
                           const sluice_value* values, uint32_t count, const sluice_row_sink* sink, sluice_fault* fault);
    /* Forgets the writes of one message, whether queued or executed. */
    void (*drop)(void* connection, uint64_t unit, sluice_ticket ticket);
    /* As drop, called instead of it, and forgets the record as well: the message will come again. */
    void (*forget)(void* connection, uint64_t unit, sluice_ticket ticket);
    /* No more calls with this unit but commit_submit or abandon_unit. */
    sluice_status (*seal)(void* connection, uint64_t unit, sluice_fault* fault);
    /* The end comes through sink->committed with this token, also from inside this call. */
    void (*commit_submit)(void* connection, uint64_t unit, uint64_t token);
    /* Instead of commit_submit: nothing of the unit happens. Sealed or not. */
    void (*abandon_unit)(void* connection, uint64_t unit);
    /* The source will not deliver this stream below `position` again by itself: records may be folded into the one number.
     * NULL = nothing to do. */
    void (*confirmed_below)(void* connection, sluice_bytes source, sluice_bytes stream, uint64_t position);
    /* Not NULL. The host has seen that a unit failed, and all units of this connection have ended: rule 4 ends here, not
     * earlier, since the host may have begun units between the failure and its answer. */
    void (*restart)(void* connection);

    /* Each of the following may be NULL, but for the three about publishes: those come together. */

    /* [any] As sluice_queue.resource_id. */
    sluice_bytes (*resource_id)(void* self);
    /* Keeps `publishes`, bytes of the host's, with the record of a message: durable with the unit. After record_once said
     * SLUICE_OK. */
    sluice_status (*keep_publishes)(void* connection, uint64_t unit, sluice_ticket ticket, sluice_bytes publishes,
                                    sluice_fault* fault);
    /* What is kept with the committed record of a message that was seen, as one row of one blob; no row: nothing is. */
    sluice_status (*kept_publishes)(void* connection, const sluice_identity* identity, const sluice_row_sink* sink,
                                    sluice_fault* fault);
    /* Those of these messages are confirmed and need not be kept. May be made durable later, for example with the next unit. */
    void (*publishes_done)(void* connection, const sluice_identity* const* identities, uint64_t count);
    /* [any] The host waits no longer: until the next open, whatever runs or waits in this instance (a statement, `setup`, a
     * wait for a lock) ends soon, with SLUICE_UNAVAILABLE unless it is done. Also while open or close runs. NULL: it cannot be
     * interrupted. */
    void (*interrupt)(void* self);
    /* [worker] What is known of a statement that prepare has numbered: how many values it takes, and whether it only reads. So
     * that a handler finds at its start what could never work. */
    sluice_status (*describe)(void* connection, uint32_t statement, sluice_statement* description, sluice_fault* fault);
    /* [control] While open, before the sources are: all positions of this source that are recorded, or were confirmed, as
     * ranges of its streams. A message there that becomes a dead letter before it reaches a worker is then known to have ended
     * before. */
    sluice_status (*recorded)(void* self, sluice_bytes source, const sluice_recorded_sink* sink, sluice_fault* fault);
    /* Acks deliveries of a queue with the same resource_id in the unit of their effects: both are durable, or neither. One call
     * for all of a unit, before seal. `queue`: what sluice_queue.name_in_unit says. settlements[i] (SLUICE_ACK) is the delivery
     * of the message tickets[i]; one that is not this host's any more, as found here or when the unit is applied, ends its
     * message with SLUICE_LOST_LEASE in sink->committed. SLUICE_OK or SLUICE_QUEUED; anything else: none of them is acked. Not
     * NULL with SLUICE_DATABASE_SETTLES. */
    sluice_status (*settle)(void* connection, uint64_t unit, sluice_bytes queue, const sluice_ticket* tickets,
                            const sluice_settlement* settlements, uint64_t count, sluice_fault* fault);
    /* [control] As sluice_queue.probe; `setup` does not run. NULL: it cannot be probed. */
    sluice_status (*probe)(void* self, const sluice_probe_sink* sink, sluice_fault* fault);
    /* [control] As sluice_handler.extension. */
    const void* (*extension)(void* self, sluice_bytes id);
} sluice_database;

#endif
