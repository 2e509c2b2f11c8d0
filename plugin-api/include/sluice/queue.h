/* Queue adapters: where messages come from (consuming) and go to (producing). One component may do both; an instance has
 * one role, told by setup->role. */
#ifndef SLUICE_QUEUE_H
#define SLUICE_QUEUE_H

#include "sluice/host.h"

/* ---- consuming ---------------------------------------------------------------------------------------------------------- */

/* A message handed to the host. Views are valid until push returns; the host copies. */
typedef struct sluice_incoming {
    uint32_t struct_size;
    uint32_t stream_size; /* see sluice_identity; 0 = no positions */
    sluice_bytes body;    /* with reserve/commit: the reserved bytes */
    sluice_bytes id;      /* never that of another message, at any time: with SLUICE_QUEUE_STABLE_IDS a message whose id was recorded
                             before is taken for a redelivery, and acked without effects */
    const sluice_header* headers;
    uint32_t header_count;
    uint32_t attempt;      /* the next attempt's number as the engine keeps it; 0 = not kept */
    uint64_t tag;          /* the adapter's own name for this delivery, given back in settle */
    uint64_t position;     /* with stream_size */
    uint64_t position_end; /* with stream_size */
    int64_t enqueued_ms;   /* Unix time in milliseconds; 0 = unknown */
    sluice_bytes refused;  /* not empty: the message cannot be processed, for this reason (too long, damaged). The host makes
                              it a dead letter with this text and the body given here, which may be cut */
} sluice_incoming;
SLUICE_LAYOUT_SIZE(sluice_incoming, 104);
SLUICE_LAYOUT_MEMBER(sluice_incoming, body, 8);
SLUICE_LAYOUT_MEMBER(sluice_incoming, headers, 40);
SLUICE_LAYOUT_MEMBER(sluice_incoming, tag, 56);
SLUICE_LAYOUT_MEMBER(sluice_incoming, refused, 88);

/* What the host wants done with a delivery. Frozen. */
#define SLUICE_ACK 1u    /* processed, or stored as a dead letter: never deliver it again */
#define SLUICE_NACK 2u   /* given back unprocessed: deliver it again, before newer messages, after delay_ms */
#define SLUICE_REJECT_DELIVERY 3u /* to the engine's own dead letters */
/* It stays with the host, but an attempt has failed: `attempt` is the number of the next one, to be delivered with it after a crash.
 * `delay_ms` is how long the host waits until then: after a crash the adapter may deliver the message that much later, or at once.
 * Only to an adapter that keeps attempts; never answered through sink->settled. */
#define SLUICE_ATTEMPTED 4u
/* Acked already, by the statement of settle_in_unit in a unit that is committed: only to be forgotten. */
#define SLUICE_ACKED_IN_UNIT 5u
typedef struct sluice_settlement {
    uint64_t tag;
    uint32_t action;
    uint32_t attempt; /* with SLUICE_ATTEMPTED and SLUICE_NACK: the next attempt's number; 0 = as delivered */
    int64_t delay_ms; /* with SLUICE_NACK: not before now + delay; with SLUICE_ATTEMPTED: see there; otherwise 0 */
} sluice_settlement;
SLUICE_LAYOUT_SIZE(sluice_settlement, 24);

/* The host's end. [source] for all of it: to be called from poll, settle or flush only. */
typedef struct sluice_queue_sink {
    uint32_t struct_size;
    uint32_t reserved;
    void* context;
    /* Takes one message. SLUICE_FULL: this poll has its `max`, or as many bytes as there is room for, which may be less: keep the
     * message for the next one. SLUICE_INVALID: larger than the
     * host takes: push it again as refused, with the body cut. */
    sluice_status (*push)(void* context, const sluice_incoming* message);
    /* Room for a body of `size` bytes in the host's buffer, aligned and padded, to be filled before commit. NULL: what push
     * would answer, SLUICE_FULL or SLUICE_INVALID; push tells which. */
    char* (*reserve)(void* context, uint64_t size);
    /* Takes the message whose body was written into the last reserve; body.size may be smaller than reserved. */
    sluice_status (*commit)(void* context, const sluice_incoming* message);
    /* The engine has confirmed (SLUICE_OK), lost (SLUICE_LOST_LEASE), or could not settle these deliveries. */
    void (*settled)(void* context, const uint64_t* tags, uint64_t count, sluice_status status);
    /* All of the stream below `position` is acked, and that is durable: the engine never delivers it again by itself. */
    void (*confirmed_below)(void* context, sluice_bytes stream, uint64_t position);
} sluice_queue_sink;
SLUICE_LAYOUT_SIZE(sluice_queue_sink, 56);
SLUICE_LAYOUT_MEMBER(sluice_queue_sink, push, 16);
SLUICE_LAYOUT_MEMBER(sluice_queue_sink, settled, 40);

/* What a configured source can do. Known after create. */
#define SLUICE_QUEUE_TAKES_BACK 1u          /* NACK works: the message is delivered again without a restart */
#define SLUICE_QUEUE_RELEASE_KEEPS_ORDER 2u /* ... before all messages not yet delivered; only with the former */
#define SLUICE_QUEUE_STABLE_IDS 4u          /* a redelivered message has the same id, also after a restart */
#define SLUICE_QUEUE_KEEPS_ATTEMPTS 8u      /* understands SLUICE_ATTEMPTED, and delivers with sluice_incoming.attempt */
#define SLUICE_QUEUE_FINITE 16u             /* poll will answer SLUICE_END */

/* ---- producing ---------------------------------------------------------------------------------------------------------- */

typedef struct sluice_target_sink {
    uint32_t struct_size;
    uint32_t reserved;
    void* context;
    /* [any] The messages token .. token + count - 1 are stored durably (SLUICE_OK), or are not, for this reason. */
    void (*published)(void* context, uint64_t token, uint64_t count, sluice_status status, sluice_bytes text);
} sluice_target_sink;
SLUICE_LAYOUT_SIZE(sluice_target_sink, 24);

/* ---- looking into a queue -------------------------------------------------------------------------------------------------- */

#define SLUICE_STORED_READY 1u
#define SLUICE_STORED_DELAYED 2u   /* not before its time */
#define SLUICE_STORED_IN_FLIGHT 3u /* delivered and not settled */
#define SLUICE_STORED_DEAD 4u      /* rejected, kept by the engine */

/* How full a queue is. */
typedef struct sluice_queue_depths {
    uint32_t struct_size; /* set by the caller */
    uint32_t reserved;
    uint64_t ready;
    uint64_t delayed;
    uint64_t in_flight;
    uint64_t dead;
    uint64_t bytes;        /* of all of them */
    uint64_t messages_max; /* 0 = no bound */
    uint64_t bytes_max;    /* 0 = no bound */
    int64_t oldest_ms;     /* Unix time at which the oldest of all but the dead was enqueued; 0 = there is none */
} sluice_queue_depths;
SLUICE_LAYOUT_SIZE(sluice_queue_depths, 72);

/* One message as the engine stores it. Views are valid until sink->message returns. */
typedef struct sluice_stored {
    uint32_t struct_size;
    uint32_t state;     /* SLUICE_STORED_ */
    sluice_bytes place; /* the engine's own name for it: stays the same, and rises in the order of storing */
    sluice_bytes id;
    sluice_bytes key;
    sluice_bytes body;
    const sluice_header* headers;
    uint32_t header_count;
    uint32_t attempt; /* the next attempt's number */
    int64_t enqueued_ms;
    int64_t due_ms; /* Unix time before which it is not delivered; 0 = none */
} sluice_stored;
SLUICE_LAYOUT_SIZE(sluice_stored, 104);

typedef struct sluice_stored_sink {
    uint32_t struct_size;
    uint32_t reserved;
    void* context;
    /* Anything but SLUICE_OK ends the listing without an error. */
    sluice_status (*message)(void* context, const sluice_stored* message);
} sluice_stored_sink;
SLUICE_LAYOUT_SIZE(sluice_stored_sink, 24);

/* ---- the table ------------------------------------------------------------------------------------------------------------ */

typedef struct sluice_queue {
    uint32_t struct_size;
    uint32_t flags; /* 0 */

    /* [control] Reads its options, opens nothing. Also called by `sluice check`. */
    sluice_status (*create)(const sluice_setup* setup, void** self, sluice_fault* fault);
    void (*destroy)(void* self); /* [control] */

    /* ---- consuming: all NULL if the component only produces ---- */
    uint32_t (*capabilities)(void* self);                                                              /* [any] SLUICE_QUEUE_ */
    sluice_status (*open_source)(void* self, const sluice_queue_sink* sink, sluice_fault* fault);      /* [control] */
    /* [source] Pushes what is there, up to `max` messages; if nothing is, waits up to wait_ms (0 = does not wait) or until
     * wake. SLUICE_OK, also when nothing came; SLUICE_END: nothing will ever come again, though deliveries may still be settled. A source
     * in whose resource_id the host's own pools publish is polled again all the same, until those have ended;
     * SLUICE_UNAVAILABLE: the host comes again after a backoff; SLUICE_FAILED, SLUICE_CORRUPT: for good, the text says why. */
    sluice_status (*poll)(void* self, uint32_t max, uint32_t wait_ms, sluice_fault* fault);
    /* [source] SLUICE_OK: all of it is confirmed. SLUICE_QUEUED: the results come through sink->settled. SLUICE_FAILED, SLUICE_CORRUPT:
     * for good, the host ends. Otherwise: nothing was taken, the host tries again. SLUICE_NACK comes only to an adapter that says
     * SLUICE_QUEUE_TAKES_BACK. */
    sluice_status (*settle)(void* self, const sluice_settlement* items, uint64_t count, sluice_fault* fault);
    /* [source] Confirms everything settled so far before it returns. NULL = settle confirms at once. */
    sluice_status (*flush)(void* self, sluice_fault* fault);
    /* [any] Ends a waiting poll, or the next one's wait. NULL: the host polls with wait_ms <= 10. */
    void (*wake)(void* self);

    /* ---- producing: all NULL if the component only consumes ---- */
    sluice_status (*open_target)(void* self, const sluice_target_sink* sink, sluice_fault* fault); /* [control] */
    /* [target] In order. SLUICE_OK: all stored durably. SLUICE_QUEUED: views are copied, results come through sink->published.
     * Otherwise: none was taken. The host tries again what met SLUICE_FULL, SLUICE_UNAVAILABLE, SLUICE_CONFLICT or SLUICE_UNKNOWN.
     * So that nothing overtakes it, an adapter that gives such an answer through the sink gives it also for everything taken
     * after that message, and answers the next call SLUICE_UNAVAILABLE. */
    sluice_status (*publish)(void* self, const sluice_outgoing* const* messages, uint64_t count, uint64_t first_token,
                             sluice_fault* fault);

    /* [control] After the last poll, settle or publish; waits for what was submitted. */
    void (*close)(void* self);

    /* ---- both roles, from open to close; each may be NULL ---- */

    /* [any] What server and database, or file, the queue lives in: equal for components that can take part in one transaction. Empty or
     * NULL: in none. */
    sluice_bytes (*resource_id)(void* self);
    /* [any] The statement that acks one delivery inside a unit of a database with the same resource_id. Its one parameter is the tag, as
     * an integer; it fails with SLUICE_CONSTRAINT if the delivery is not this host's any more. NULL or empty: there is none. */
    sluice_bytes (*settle_in_unit)(void* self);
    /* [any] */
    sluice_status (*depths)(void* self, sluice_queue_depths* depths, sluice_fault* fault);
    /* [any] Hands out what is stored behind `after` (empty: from the first), in order, until the sink has enough. NULL: the engine
     * cannot list. */
    sluice_status (*list)(void* self, sluice_bytes after, const sluice_stored_sink* sink, sluice_fault* fault);
    /* [any] The one at `place`, to the sink; SLUICE_INVALID if there is none. */
    sluice_status (*get)(void* self, sluice_bytes place, const sluice_stored_sink* sink, sluice_fault* fault);
    /* [any] Removes these, durably before it returns, and says how many there were. What is in flight stays. */
    sluice_status (*remove)(void* self, const sluice_bytes* places, uint64_t count, uint64_t* removed, sluice_fault* fault);
    /* [any] The host waits no longer: until the next open, whatever runs or waits in this instance (a call, a wait for a lock or for a reply)
     * ends soon, with SLUICE_UNAVAILABLE unless it is done. Also while open or close runs. NULL: it cannot be interrupted. */
    void (*interrupt)(void* self);
    /* [target] Names may lead elsewhere now (SIGHUP): a file that was renamed or removed is let go of, and what has its name is
     * opened. If that fails, the next publish tries again. NULL: there is nothing to open again. */
    sluice_status (*reopen)(void* self, sluice_fault* fault);
} sluice_queue;
SLUICE_LAYOUT_SIZE(sluice_queue, 160);
SLUICE_LAYOUT_MEMBER(sluice_queue, create, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue, capabilities, 24);
SLUICE_LAYOUT_MEMBER(sluice_queue, open_target, 72);
SLUICE_LAYOUT_MEMBER(sluice_queue, close, 88);
SLUICE_LAYOUT_MEMBER(sluice_queue, resource_id, 96);
SLUICE_LAYOUT_MEMBER(sluice_queue, remove, 136);
SLUICE_LAYOUT_MEMBER(sluice_queue, interrupt, 144);
SLUICE_LAYOUT_MEMBER(sluice_queue, reopen, 152);

#endif
