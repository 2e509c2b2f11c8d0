/* A message as a handler sees it, and as a plugin hands one out. */
#ifndef SLUICE_MESSAGE_H
#define SLUICE_MESSAGE_H

#include "sluice/abi.h"

/* Frozen. */
typedef struct sluice_header {
    sluice_bytes name;
    sluice_bytes value;
} sluice_header;

/* The engine has delivered the message before, as far as it knows: it may have had effects already. */
#define SLUICE_MESSAGE_REDELIVERED 1u

/* One received message. Immutable. Views are valid until the call returns (deferred: until completed) and, as values bound
 * with SLUICE_LIFE_UNIT, until the message's unit has ended. */
typedef struct sluice_message {
    uint32_t struct_size;
    uint32_t attempt;    /* 1 at the first try; raised only by the message's own failure */
    sluice_bytes body;   /* aligned to SLUICE_BODY_ALIGNMENT, SLUICE_BODY_PADDING zero bytes behind it */
    sluice_bytes id;     /* the source's identity of the message; unique within `source` if the source says ids are stable */
    sluice_bytes key;    /* what the router found; empty if missing */
    sluice_bytes source; /* the source's identity: its `id` in the configuration, by default its name */
    const sluice_header* headers;
    uint32_t header_count;
    uint32_t worker;     /* index of the worker in its pool */
    int64_t enqueued_ms; /* when the engine took it, Unix time in milliseconds; 0 = unknown */
    /* A message whose source says nothing of what follows ends here: also this host gives such a one the smaller struct_size.
     * Ask SLUICE_HAS(message, message_key) before reading it; what is absent is empty or 0. */
    sluice_bytes message_key; /* the engine's own key: a Kafka key, a NATS subject token, an AMQP routing key; empty = none */
    sluice_bytes subject;     /* the topic, subject or routing address that it came by; empty = none */
    uint32_t flags;           /* SLUICE_MESSAGE_; others may come: ignore those that you do not know */
    uint32_t deliveries;      /* how often the engine has delivered it, this time included; 0 = not kept */
} sluice_message;

/* A message to publish. */
typedef struct sluice_outgoing {
    uint32_t struct_size;
    uint32_t header_count;
    sluice_bytes body;
    sluice_bytes key; /* empty = none */
    sluice_bytes id;  /* empty = none; engines that can, deduplicate on it */
    const sluice_header* headers;
    int64_t delay_ms; /* not before now + delay; 0 = at once. An adapter that cannot delay answers SLUICE_UNSUPPORTED */
    /* the place of a stored message that goes in the same step; empty = none. Only to adapters with `list` */
    sluice_bytes replaces;
} sluice_outgoing;

/* What makes a message the same message after a redelivery.
 *
 * A source whose ids rise within a stream (a file's offsets, a log's sequence numbers) says so: the first `stream_size`
 * bytes of the id name the stream, and the message covers the positions [position, position_end) of it. Consecutive
 * messages of a stream have position_end == the next position, so that "all up to here" is one number. */
typedef struct sluice_identity {
    uint32_t struct_size;
    uint32_t stream_size; /* 0 = the source has no positions; then the next two are 0 */
    sluice_bytes source;
    sluice_bytes id;
    uint64_t position;
    uint64_t position_end;
} sluice_identity;

#endif
