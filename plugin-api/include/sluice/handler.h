/* Handlers: the code that processes a message. One instance per worker, so a handler needs no lock. */
#ifndef SLUICE_HANDLER_H
#define SLUICE_HANDLER_H

#include "sluice/host.h"

/* The handler's libraries keep state in thread-locals: always run an instance on the same thread. */
#define SLUICE_HANDLER_THREAD_AFFINE 1u
/* All that it does goes through the host: what it writes to databases, what it publishes, its verdict. If that is rolled back,
 * nothing has happened: `sluice tune` runs it on real messages without being told that it may. */
#define SLUICE_HANDLER_NO_OUTSIDE_EFFECTS 2u
/* It keeps no view of a message that it defers, but copies: the host may end such a message without asking. */
#define SLUICE_HANDLER_KEEPS_NO_VIEWS 4u

/* Messages that are handled in one call. */
typedef struct sluice_batch {
    uint32_t struct_size;
    uint32_t count;                        /* of messages, tickets and verdicts: at least 1 */
    const sluice_message* const* messages; /* in the order received; no two have the same key */
    const sluice_ticket* tickets;          /* one for each message: what is done for it is done with its ticket */
    /* One for each message, written by the handler; all are SLUICE_RETRY before the call. */
    sluice_verdict* verdicts;
} sluice_batch;

typedef struct sluice_handler {
    uint32_t struct_size;
    uint32_t flags; /* SLUICE_HANDLER_ */

    /* [control] Reads its options, opens nothing. Also called by `sluice check`. On anything but SLUICE_OK *self stays
     * untouched and destroy is not called. */
    sluice_status (*create)(const sluice_setup* setup, void** self, sluice_fault* fault);
    /* [control] NULL = nothing to do. Databases are connected: statements may be prepared. SLUICE_UNAVAILABLE: called again
     * after a while; SLUICE_INVALID: the configuration is wrong, the host ends with status 1; SLUICE_FAILED: with status 5. */
    sluice_status (*start)(void* self, sluice_fault* fault);
    /* [worker] One message. The fault's text goes into the log, and into the dead letter if it comes to that. */
    sluice_verdict (*handle)(void* self, const sluice_message* message, sluice_ticket ticket, sluice_fault* fault);
    /* [control] NULL = nothing to do. After the last handle. */
    void (*stop)(void* self);
    /* [control] */
    void (*destroy)(void* self);
    /* [worker] A deferred message for which the service resume() was called: as handle(), in a unit of work, to make its
     * effects. The ticket is a new one. NULL: a resume is answered SLUICE_UNSUPPORTED. */
    sluice_verdict (*resume)(void* self, const sluice_message* message, sluice_ticket ticket, uint64_t cookie,
                             sluice_fault* fault);
    /* [any] The ticket's time is over (handler.timeout, or the host stops): end it soon. A call that runs may ask cancelled()
     * instead. Returns at once: a thread of the host waits. NULL: nothing to do. */
    void (*cancel)(void* self, sluice_ticket ticket);
    /* [control] After create: what the component offers beyond this table under an id, such as "com.acme.audit/1"; NULL: it
     * has no such extension. What an id stands for never changes: it ends in "/1" or a later number, or in "/draft-N" while
     * that may still change. Asked at most once for an id; the answer lives as long as the instance. NULL: there are none. */
    const void* (*extension)(void* self, sluice_bytes id);
    /* [worker] Many messages in one call, for work that is cheaper together: one query for all, one request. What is written
     * and published belongs to the message whose ticket was given, and shares its fate.
     *
     * A verdict of SLUICE_DONE, SLUICE_SKIP or SLUICE_DEFER counts. A message with any other is handled again by itself: what
     * it has written is dropped, and handle() is called for it, which says what becomes of it and why. So one bad message does
     * not spoil the batch, and a handler may leave what is difficult to handle(). But if the fault says SLUICE_UNAVAILABLE or
     * SLUICE_CONFLICT, those messages are tried again later, after its retry_delay_ms, which does not count as an attempt.
     *
     * A query with one of the tickets is answered SLUICE_UNSUPPORTED: it would apply what is written, and that is not decided
     * yet. With ticket 0 it sees what is committed.
     *
     * Messages that are tried again alone, resumed, or suspected of having ended the process come to handle() or resume() in
     * any case. The timeout is that of the call, and cancel() is told its first ticket. NULL: each message is handled by
     * itself. */
    void (*handle_batch)(void* self, const sluice_batch* batch, sluice_fault* fault);
    /* [control] What all instances of a pool use and none changes, such as a model or a large table: loaded once, on one of
     * them, before the first of them is started, and given to each, that one included, with use_shared. SLUICE_UNAVAILABLE,
     * SLUICE_INVALID, SLUICE_FAILED: as from start. NULL: nothing is shared. */
    sluice_status (*load_shared)(void* self, void** shared, sluice_fault* fault);
    /* [control] Before start. Only with load_shared. */
    void (*use_shared)(void* self, void* shared);
    /* [control] After the last instance that has used it is destroyed. NULL: nothing is to be freed. */
    void (*free_shared)(void* shared);
} sluice_handler;

#endif
