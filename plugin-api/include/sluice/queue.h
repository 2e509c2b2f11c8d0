/* Queue adapters: where messages come from (consuming) and go to (producing). One component may do both; an instance has
 * one role, told by setup->role. */
#ifndef SLUICE_QUEUE_H
#define SLUICE_QUEUE_H

#include "sluice/host.h"
#include "sluice/probe.h"

/* ---- consuming ---------------------------------------------------------------------------------------------------------- */

/* A message handed to the host. Views are valid until push returns; the host copies. */
typedef struct sluice_incoming {
    uint32_t struct_size;
    uint32_t stream_size; /* see sluice_identity; 0 = no positions */
    sluice_bytes body;    /* with reserve/commit: the reserved bytes */
    sluice_bytes id; /* never that of another message, at any time: with SLUICE_QUEUE_STABLE_IDS a message whose id was recorded
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
    /* The same as in sluice_message. Both texts count as headers where the host bounds those. */
    sluice_bytes message_key; /* the engine's own key; empty = none */
    sluice_bytes subject;     /* the topic, subject or routing address that it came by; empty = none */
    uint32_t flags;           /* SLUICE_MESSAGE_ */
    uint32_t deliveries;      /* how often the engine has delivered it, this time included; 0 = not kept */
    /* The lane that it came by: the part of the source that one host owns at a time (a partition, a slot of keys). All messages
     * of a key have one lane, so that their order holds across hosts. 1 .. SLUICE_LANES_MAX; 0 = the source has no lanes. Only
     * of an adapter that has `revoked`. */
    uint32_t lane;
    uint32_t reserved;
} sluice_incoming;

#define SLUICE_LANES_MAX 65535u

/* How the host is to end what it has of a lane. */
#define SLUICE_LANE_DRAIN 1u /* it is this host's until `revoked`: what runs is finished, and may have effects */
#define SLUICE_LANE_LOST 2u  /* another host may have begun with it: what runs is told to give up, and has no effects */

/* What the host asks for with one poll. */
typedef struct sluice_poll {
    uint32_t struct_size;
    uint32_t max;       /* messages, at least 1 */
    uint64_t max_bytes; /* bodies: so many bytes are enough for this poll, then push answers SLUICE_FULL; 0 = no bound */
    uint32_t wait_ms;   /* if nothing is there; 0 = do not wait */
    uint32_t reserved;
} sluice_poll;

/* What the host wants done with a delivery. Frozen. Number 3 is not used. */
#define SLUICE_ACK 1u /* processed, or stored as a dead letter: never deliver it again */
/* Given back, not processed: deliver it again, before newer messages, after delay_ms. Must not count as a failed delivery at
 * the engine: a release says nothing about the message. */
#define SLUICE_RELEASE 2u
/* It stays with the host, but an attempt has failed: `attempt` is the number of the next one, to be delivered with it after a
 * crash. `delay_ms` is how long the host waits until then: after a crash the adapter may deliver the message that much later,
 * or at once. Only to an adapter that keeps attempts; never answered through sink->settled. */
#define SLUICE_ATTEMPTED 4u
/* Acked already, by sluice_database.settle in a unit that is committed: only to be forgotten. */
#define SLUICE_ACKED_IN_UNIT 5u
typedef struct sluice_settlement {
    uint64_t tag;
    uint32_t action;
    uint32_t attempt; /* with SLUICE_ATTEMPTED and SLUICE_RELEASE: the next attempt's number; 0 = as delivered */
    int64_t delay_ms; /* with SLUICE_RELEASE: not before now + delay; with SLUICE_ATTEMPTED: see there; otherwise 0 */
    /* With SLUICE_ATTEMPTED: why the attempt has failed, as the handler said it; empty if it did not. Otherwise empty. Valid
     * until settle returns. */
    sluice_bytes reason;
    uint32_t flags; /* 0 */
    uint32_t reserved;
} sluice_settlement;

/* The host's end. [source] for all of it: to be called from poll, settle, flush, service or extend only, and push, reserve and
 * commit from poll alone. It lives until close has returned, or an open that failed. What its functions are given is the
 * adapter's, a message with all that it views, a stream, an array of tags: it need live no longer than until they return, and
 * what reserve has answered no longer than until the next reserve or commit, or the end of the poll. */
typedef struct sluice_queue_sink {
    uint32_t struct_size;
    uint32_t reserved;
    void* context;
    /* Takes one message. SLUICE_FULL: this poll has its `max`, or as many bytes as there is room for, which may be less than
     * max_bytes: keep the message for the next one. SLUICE_INVALID: larger than the host takes: push it again as refused, with
     * the body cut. */
    sluice_status (*push)(void* context, const sluice_incoming* message);
    /* Room for a body of `size` bytes in the host's buffer, aligned and padded, to be filled before commit. NULL: what push
     * would answer, SLUICE_FULL or SLUICE_INVALID; push tells which. */
    char* (*reserve)(void* context, uint64_t size);
    /* Takes the message whose body was written into the last reserve; body.size may be smaller than reserved. */
    sluice_status (*commit)(void* context, const sluice_incoming* message);
    /* What became of these deliveries at the engine, once for each that was answered with SLUICE_QUEUED, whoever has it by now;
     * the statuses are those listed at sluice_queue.settle. One after which the host would settle again ends the settlement as
     * a lost lease if the delivery is not the host's any more: it was lost, or `revoked` was called for its lane. */
    void (*settled)(void* context, const uint64_t* tags, uint64_t count, sluice_status status);
    /* All of the stream below `position` is acked, and that is durable: the engine never delivers it again by itself. */
    void (*confirmed_below)(void* context, sluice_bytes stream, uint64_t position);
    /* The engine takes a lane away; `how` is SLUICE_LANE_. Nothing of it is begun any more: what waits is released
     * (SLUICE_LANE_DRAIN) or forgotten as lost (SLUICE_LANE_LOST), what runs ends as `how` says; effects whose commit is under
     * way already are not held up, and settled: of a lane that is lost that ends with SLUICE_LOST_LEASE. Then the host calls
     * `revoked` with this token. Until that has returned, push answers SLUICE_CONTRACT to a message of the lane. A lane that
     * drains may be lost meanwhile: it is revoked once more then, and each token gets its `revoked`, unless the host closes the
     * queue before.
     *
     * What the host has settled of the lane and the adapter has not taken (the answer was one after which the host settles
     * again) is settled again before `revoked` if the lane drains. If it is lost, it has ended as a lost lease. */
    void (*revoke)(void* context, uint32_t lane, uint32_t how, uint64_t token);
    /* Another host has these deliveries, whatever their lane: as with SLUICE_LANE_LOST, but they may be delivered again at
     * once. The host leaves out what it does not know any more. Only of an adapter that has `extend` or `revoked`: of others
     * the host keeps no account of what it has. */
    void (*lost)(void* context, const uint64_t* tags, uint64_t count);
} sluice_queue_sink;

/* What a configured source can do. Known after create, and asked again after each open: some of it only the server can tell. */
#define SLUICE_QUEUE_TAKES_BACK 1u          /* SLUICE_RELEASE works: the message is delivered again without a restart */
#define SLUICE_QUEUE_RELEASE_KEEPS_ORDER 2u /* ... before all messages (of its lane) not yet delivered; only with the former */
#define SLUICE_QUEUE_STABLE_IDS 4u          /* a redelivered message has the same id, also after a restart */
#define SLUICE_QUEUE_KEEPS_ATTEMPTS 8u      /* understands SLUICE_ATTEMPTED, and delivers with sluice_incoming.attempt */
#define SLUICE_QUEUE_FINITE 16u             /* poll will answer SLUICE_END */

/* ---- producing ---------------------------------------------------------------------------------------------------------- */

/* The host's end. It lives until close has returned, or an open that failed. */
typedef struct sluice_target_sink {
    uint32_t struct_size;
    uint32_t reserved;
    void* context;
    /* [any] The messages token .. token + count - 1 are stored durably (SLUICE_OK), or are not, for this reason; the text need
     * live no longer than until it returns. */
    void (*published)(void* context, uint64_t token, uint64_t count, sluice_status status, sluice_bytes text);
} sluice_target_sink;

/* ---- what an open queue can take ---------------------------------------------------------------------------------------- */

/* What the engine can do with what the host gives it, as far as the host can keep to it. */
typedef struct sluice_queue_limits {
    uint32_t struct_size; /* set by the caller, who sets the rest to 0 */
    uint32_t reserved;
    /* Of a source: deliveries that are pushed and not yet confirmed as settled. The host does not poll beyond it, and asks for
     * no more than is left of it. What is settled counts until it is confirmed: an adapter that confirms from inside poll alone
     * would not be polled, so it confirms in settle, flush or service as well. 0 = no bound. */
    uint64_t in_flight_max;
    /* Of a target: bytes of body, key, id and of the names and values of headers that a message may have together. The host
     * refuses a larger one when a handler publishes it, before anything is committed. Refusing what is too large for another
     * reason stays with publish. 0 = no bound is known. */
    uint64_t message_bytes_max;
    /* Of a source: how long the engine leaves a delivery with this host, in milliseconds, unless `extend` is called for it. The
     * host does so in good time for as long as it has the delivery, from its push to its settlement. 0 = for ever, or the
     * adapter sees to it. */
    uint64_t lease_ms;
} sluice_queue_limits;

/* ---- looking into a queue --------------------------------------------------------------------------------------------------
 * */

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

typedef struct sluice_stored_sink {
    uint32_t struct_size;
    uint32_t reserved;
    void* context;
    /* Anything but SLUICE_OK ends the listing without an error. */
    sluice_status (*message)(void* context, const sluice_stored* message);
} sluice_stored_sink;

/* ---- the table ------------------------------------------------------------------------------------------------------------
 * */

typedef struct sluice_queue {
    uint32_t struct_size;
    uint32_t flags; /* 0 */

    /* [control] Reads its options, opens nothing. Also called by `sluice check`. */
    sluice_status (*create)(const sluice_setup* setup, void** self, sluice_fault* fault);
    void (*destroy)(void* self); /* [control] */

    /* ---- consuming: all NULL if the component only produces ---- */
    /* [any] SLUICE_QUEUE_: known after create, and asked again after each open. In the role of a target, where it may be NULL,
     * nothing has a meaning yet: 0. */
    uint64_t (*capabilities)(void* self);
    sluice_status (*open_source)(void* self, const sluice_queue_sink* sink, sluice_fault* fault); /* [control] */
    /* [source] Pushes what is there, up to poll->max messages; if nothing is, waits up to wait_ms or until wake.
     * SLUICE_OK, also when nothing came; SLUICE_END: nothing will ever come again, though deliveries may still be settled. A
     * source in whose resource_id the host's own pools publish is polled again all the same, until those have ended;
     * SLUICE_UNAVAILABLE: the host comes again after a backoff; SLUICE_FAILED, SLUICE_CORRUPT: a permanent failure, the text
     * says why. */
    sluice_status (*poll)(void* self, const sluice_poll* poll, sluice_fault* fault);
    /* [source] SLUICE_QUEUED: the results come through sink->settled. Anything else is the answer for all of the call, and ends
     * the settlement:
     *
     *   SLUICE_OK          confirmed; also an ack whose entry is already gone at the engine
     *   SLUICE_LOST_LEASE  another host has the delivery
     *   SLUICE_STALE       the delivery is not known any more; counts as a lost lease
     *   SLUICE_INVALID     the adapter cannot do that: the message stays as it is at the engine, and counts as abandoned
     *
     * or does not: SLUICE_UNAVAILABLE, SLUICE_CONFLICT, SLUICE_FULL, SLUICE_UNKNOWN: it was not taken, or nobody knows; the
     * host settles it again later. SLUICE_FAILED, SLUICE_CORRUPT: a permanent failure, the host ends, and so it does with any
     * number that is not listed here.
     *
     * A tag is one delivery's until that is confirmed. One that is lost may never be settled: its tag is not given again before
     * the next open. SLUICE_RELEASE comes only to an adapter that says SLUICE_QUEUE_TAKES_BACK. */
    sluice_status (*settle)(void* self, const sluice_settlement* items, uint64_t count, sluice_fault* fault);
    /* [source] Confirms everything settled so far before it returns. NULL = settle confirms at once. */
    sluice_status (*flush)(void* self, sluice_fault* fault);
    /* [any] Ends a waiting poll, or the next one's wait. NULL: the host polls with wait_ms <= 10. */
    void (*wake)(void* self);

    /* ---- producing: all NULL if the component only consumes ---- */
    sluice_status (*open_target)(void* self, const sluice_target_sink* sink, sluice_fault* fault); /* [control] */
    /* [target] In order. SLUICE_OK: all stored durably. SLUICE_QUEUED: views are copied, results come through sink->published.
     * Otherwise: none was taken. The host tries again what met SLUICE_FULL, SLUICE_UNAVAILABLE, SLUICE_CONFLICT or
     * SLUICE_UNKNOWN; after SLUICE_FULL nothing else is handed out before it, after the others nothing of the same key, while
     * other keys go on. Messages without a key count as of one. So that nothing overtakes it, an adapter
     * that gives such an answer through the sink gives it also for everything (SLUICE_FULL), or everything of that key, that it
     * has taken since, and answers the next call, or the next in which that key comes, SLUICE_CONFLICT: the host has heard of
     * the failure by then, and hands the key out from that message on. A failure that is told from inside publish needs no such
     * answer: the host hears of it before it calls again. An adapter that cannot tell keys apart does so for all of them. */
    sluice_status (*publish)(void* self, const sluice_outgoing* const* messages, uint64_t count, uint64_t first_token,
                             sluice_fault* fault);

    /* [control] After the last poll, settle or publish; waits for what was submitted. */
    void (*close)(void* self);

    /* ---- both roles, from open to close; each may be NULL ---- */

    /* [any] What server and database, or file, the queue lives in: equal for components that can take part in one transaction.
     * Empty or NULL: in none. */
    sluice_bytes (*resource_id)(void* self);
    /* [any] By what name a database with the same resource_id knows the queue in its function settle. NULL or empty:
     * deliveries cannot be acked in its units. */
    sluice_bytes (*name_in_unit)(void* self);
    /* [any] */
    sluice_status (*depths)(void* self, sluice_queue_depths* depths, sluice_fault* fault);
    /* [any] Hands out what is stored behind `after` (empty: from the first), in order, until the sink has enough. NULL: the
     * engine cannot list. */
    sluice_status (*list)(void* self, sluice_bytes after, const sluice_stored_sink* sink, sluice_fault* fault);
    /* [any] The one at `place`, to the sink; SLUICE_INVALID if there is none. */
    sluice_status (*get)(void* self, sluice_bytes place, const sluice_stored_sink* sink, sluice_fault* fault);
    /* [any] Removes these, durably before it returns, and says how many there were. What is in flight stays. */
    sluice_status (*remove)(void* self, const sluice_bytes* places, uint64_t count, uint64_t* removed, sluice_fault* fault);
    /* [any] The host waits no longer: until the next open, whatever runs or waits in this instance (a call, a wait for a lock
     * or for a reply) ends soon, with SLUICE_UNAVAILABLE unless it is done. Also while open or close runs. NULL: it cannot be
     * interrupted. */
    void (*interrupt)(void* self);
    /* [target] Names may lead elsewhere now (SIGHUP): a file that was renamed or removed is let go of, and what has its name is
     * opened. If that fails, the next publish tries again. NULL: there is nothing to open again. */
    sluice_status (*reopen)(void* self, sluice_fault* fault);
    /* [source] or [target], by the role. Time for what an engine wants done while nobody polls or publishes: heartbeats,
     * leases, the callbacks of a client library. Called by the thread of the source or target for as long as that runs, also
     * while the host neither polls nor publishes (full queues, a reload, a pause, an outage; a source at its end, or one that
     * has failed and still settles).
     *
     * First when the thread has started, before the first poll or publish; then again no later than *next_ms after it has
     * returned, but for a call into the instance that is still running then (a poll is given no longer wait_ms). The host
     * presets *next_ms to 0. 0: not again until the instance has been opened again; what is due at once says 1.
     *
     * It returns soon, and may report through the sink what has become of settlements and publishes (settled, confirmed_below,
     * published), and what the engine takes away (revoke, lost). It never pushes: push, reserve and commit answer that there is
     * no room.
     *
     * SLUICE_OK. SLUICE_FAILED, SLUICE_CORRUPT: a permanent failure, as from poll or publish, and it is not called again.
     * Anything else is an outage, which the log tells once: it is called again after *next_ms, or after a backoff of the host
     * if that is 0.
     * NULL: there is nothing to do. */
    sluice_status (*service)(void* self, uint32_t* next_ms, sluice_fault* fault);
    /* [control] Once after each open, before anything is polled or published: a server may have said only now what it takes.
     * Anything but SLUICE_OK: the instance is closed, and counts as one that could not be opened. NULL: no limits. */
    sluice_status (*limits)(void* self, sluice_queue_limits* limits, sluice_fault* fault);
    /* [control] After create and without open; nothing else runs on the instance. Connects to what the component speaks to,
     * tells what it finds there, and disconnects again. It creates and changes nothing, not even the folder that the service
     * state_dir names, which need not exist here; and it takes no lock that keeps a running host out, since one may be at work
     * on the same queue. SLUICE_OK: usable as configured. SLUICE_UNAVAILABLE: cannot be reached now. SLUICE_INVALID: the
     * configuration does not fit what is there (another schema version, a missing table, no rights); the text names the remedy.
     * NULL: it cannot be probed. */
    sluice_status (*probe)(void* self, const sluice_probe_sink* sink, sluice_fault* fault);
    /* [source] The host has nothing of the lane any more that sink->revoke named with this token, and has settled all that it
     * had to settle of it; what was answered with SLUICE_QUEUED may still be confirmed, and is not settled again if it is not.
     * A key that waits for a message of the lane to come again waits no longer. The lane may be pushed with the next poll,
     * should the engine have given it back. A token that is not, or not any more, one of the adapter's does no harm. NULL: the
     * source has no lanes. */
    void (*revoked)(void* self, uint64_t token);
    /* [source] These deliveries are to stay with this host for `ms` from now on, see sluice_queue_limits.lease_ms. SLUICE_OK:
     * they do; of those that do not, or are not known, sink->lost tells (or sink->revoke, of their lane). None may be there at
     * all. Anything else: none was extended, for now; the host tries again soon.
     * NULL: leases cannot be extended; then limits must not name any. */
    sluice_status (*extend)(void* self, const uint64_t* tags, uint64_t count, uint32_t ms, sluice_fault* fault);
    /* [control] As sluice_handler.extension. */
    const void* (*extension)(void* self, sluice_bytes id);
} sluice_queue;

#endif
