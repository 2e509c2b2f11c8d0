/* Handlers: the code that processes a message. One instance per worker, so a handler needs no lock. */
#ifndef SLUICE_HANDLER_H
#define SLUICE_HANDLER_H

#include "sluice/host.h"

/* The verdict on a message. Any other number is taken as retry and counted as misbehaviour of the plugin. */
typedef uint32_t sluice_verdict;
#define SLUICE_DONE ((sluice_verdict)1)   /* effects are committed, publishes sent, the message acked */
/* No effects; again after the backoff, until the attempts are used up. With the fault's status SLUICE_UNAVAILABLE or SLUICE_CONFLICT what
 * failed is something that the handler depends on: again after a backoff that grows up to 5 s, and it does not count as an attempt. */
#define SLUICE_RETRY ((sluice_verdict)2)
#define SLUICE_REJECT ((sluice_verdict)3) /* no effects; a dead letter now */
#define SLUICE_SKIP ((sluice_verdict)4)   /* no effects; acked and counted */
/* No effects now: what was written or published in this call is dropped. The key waits until the ticket is ended with the services
 * complete() or resume(), from any thread. The message's views stay valid until then.
 *
 * When the time of the ticket is over (handler.timeout) the host calls cancel(). A handler without cancel() that says
 * SLUICE_HANDLER_KEEPS_NO_VIEWS is not asked: the message is tried again, and the ticket is stale. One that says neither may still read
 * the message, so the host can only wait for the end, and logs it. */
#define SLUICE_DEFER ((sluice_verdict)5)

/* The handler's libraries keep state in thread-locals: always run an instance on the same thread. */
#define SLUICE_HANDLER_THREAD_AFFINE 1u
/* All that it does goes through the host: what it writes to databases, what it publishes, its verdict. If that is rolled back, nothing
 * has happened: `sluice tune` runs it on real messages without being told that it may. */
#define SLUICE_HANDLER_NO_OUTSIDE_EFFECTS 2u
/* It keeps no view of a message that it defers, but copies: the host may end such a message without asking. */
#define SLUICE_HANDLER_KEEPS_NO_VIEWS 4u

typedef struct sluice_handler {
    uint32_t struct_size;
    uint32_t flags; /* SLUICE_HANDLER_ */

    /* [control] Reads its options, opens nothing. Also called by `sluice check`. On anything but SLUICE_OK *self stays
     * untouched and destroy is not called. */
    sluice_status (*create)(const sluice_setup* setup, void** self, sluice_fault* fault);
    /* [control] NULL = nothing to do. Databases are connected: statements may be prepared. */
    sluice_status (*start)(void* self, sluice_fault* fault);
    /* [worker] One message. The fault's text goes into the log, and into the dead letter if it comes to that. */
    sluice_verdict (*handle)(void* self, const sluice_message* message, sluice_ticket ticket, sluice_fault* fault);
    /* [control] NULL = nothing to do. After the last handle. */
    void (*stop)(void* self);
    /* [control] */
    void (*destroy)(void* self);
    /* [worker] A deferred message for which the service resume() was called: as handle(), in a unit of work, to make its effects. The
     * ticket is a new one. NULL: a resume is answered SLUICE_UNSUPPORTED. */
    sluice_verdict (*resume)(void* self, const sluice_message* message, sluice_ticket ticket, uint64_t cookie, sluice_fault* fault);
    /* [any] The ticket's time is over (handler.timeout, or the host stops): end it soon. A call that runs may ask cancelled() instead.
     * Returns at once: a thread of the host waits. NULL: nothing to do. */
    void (*cancel)(void* self, sluice_ticket ticket);
} sluice_handler;
SLUICE_LAYOUT_SIZE(sluice_handler, 64);
SLUICE_LAYOUT_MEMBER(sluice_handler, create, 8);
SLUICE_LAYOUT_MEMBER(sluice_handler, destroy, 40);
SLUICE_LAYOUT_MEMBER(sluice_handler, cancel, 56);

#endif
