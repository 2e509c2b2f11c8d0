/* The ground of the ABI: version numbers, export, role tags, and the leaf types that are frozen for ever.
 *
 * Rules that every header of this folder keeps:
 *
 *   - C99, and valid C11 and C++11 .. C++23. Fixed-width integers, pointers and function pointers only.
 *   - A struct that may grow begins with `uint32_t struct_size`, set by whoever allocates it. It crosses by pointer and is
 *     never an element of an array. The writer never writes past the struct_size the allocator set; the reader never reads
 *     past it and takes what is absent as zero.
 *   - New members only at the tail; zero or NULL has a documented meaning; no new member is ever mandatory.
 *   - Numbers are never reused. A changed meaning is a new name.
 *   - Nothing is freed by the side that received it. No exception leaves a function of this ABI.
 *
 * Role tags, one on every function. A state behind the role says when it is called: [worker, started].
 *
 *   [control]  one call at a time on the instance, and none of the other roles at the same time but [any]
 *   [worker]   serial on the instance, though not always from the same thread (see SLUICE_HANDLER_THREAD_AFFINE)
 *   [source]   serial on the instance, from the thread of its source
 *   [target]   serial on the instance, from the thread of its target
 *   [any]      from any thread, also while another call runs
 *
 * States of an instance, by kind. What is not listed does not happen:
 *
 *   handler    created --start--> started --stop--> created --destroy-->          start may be called again after it failed; a
 *                                                                                 reload makes new instances
 *   queue      created --open_source or open_target--> open --close--> created    open may be called again after it failed, and
 *                                                                                 after close; no close follows a failed open
 *   database   created --open--> open --close--> created                          likewise; connections are made and ended
 *                                                                                 while it is open
 *
 *   [worker] functions of a handler: started; of a connection: from connect to disconnect. [source] and [target]: open. [any]:
 *   open or started, to the return of close or stop; `interrupt` also while open and close run, `wake` also while open_source
 *   does. Services of the host: from create to the return of destroy.
 *
 * How long a call may take: wake, cancel, interrupt and what only answers (capabilities, resource_id) return at once; poll no
 * longer than wait_ms beyond what it finds; open, connect and start as long as the other side needs, and what cannot be reached
 * now answers SLUICE_UNAVAILABLE: the host tries again, at its start too. Every call is named in the log after 5 seconds, and a
 * stop does not wait for it past its deadline.
 *
 * Threads that a plugin starts block all signals, have a name of at most 15 bytes, and have ended when close, stop or
 * disconnect returns. They may call what is tagged [any].
 *
 * Life of views: what the host hands to a plugin is valid until the call returns, unless its comment says longer. What a
 * plugin hands to the host is valid until the call returns; the host copies what it keeps.
 */
#ifndef SLUICE_ABI_H
#define SLUICE_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define SLUICE_EXTERN_C extern "C"
#define SLUICE_STATIC_ASSERT(condition, text) static_assert(condition, text)
#else
#define SLUICE_EXTERN_C
#if defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define SLUICE_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#else
/* The same array may be declared any number of times, one of negative size never. */
#define SLUICE_STATIC_ASSERT(condition, text) extern const char sluice_layout_holds[(condition) ? 1 : -1]
#endif
#endif

#define SLUICE_EXPORT __attribute__((visibility("default")))

/* The version these headers describe. The major is part of the entry symbol's name; every addition raises the minor.
 * Until 1.0 is declared the ABI is a draft and minors may break. */
#define SLUICE_ABI_MAJOR 1
#define SLUICE_ABI_MINOR 0

/* Readable zero bytes behind every message body, and the alignment of its first byte. */
#define SLUICE_BODY_PADDING 64
#define SLUICE_BODY_ALIGNMENT 64

/* Hold the size of a struct, and place and size of one member: layout.h holds them all, so that an accidental change does not
 * compile. */
#define SLUICE_LAYOUT_SIZE(type, size) SLUICE_STATIC_ASSERT(sizeof(type) == (size), #type " changed its size")
#define SLUICE_LAYOUT_MEMBER(type, member, offset, size)                                                \
    SLUICE_STATIC_ASSERT(offsetof(type, member) == (offset) && sizeof(((type*)NULL)->member) == (size), \
                         #type "." #member " moved")

/* True if `member` lies inside what the allocator of `*pointer` provided. */
#define SLUICE_HAS(pointer, member) \
    ((pointer)->struct_size >= (uint32_t)((const char*)(&(pointer)->member + 1) - (const char*)(pointer)))

SLUICE_STATIC_ASSERT(sizeof(void*) == 8, "Sluice plugins are built for 64-bit platforms");

/* ---- bytes (frozen) -------------------------------------------------------------------------------------------------- */

/* A view. Not terminated; data may be NULL when size is 0. Text is UTF-8. */
typedef struct sluice_bytes {
    const char* data;
    uint64_t size;
} sluice_bytes;

/* ---- status (numbers are never reused) -------------------------------------------------------------------------------- */

typedef uint32_t sluice_status;
#define SLUICE_OK 0u
#define SLUICE_QUEUED 1u  /* accepted; the result comes later */
#define SLUICE_INVALID 2u /* fix the input */
#define SLUICE_FULL 3u    /* wait for room */
/* the dependency is unreachable: reconnect, try again; does not count as an attempt */
#define SLUICE_UNAVAILABLE 4u
#define SLUICE_UNSUPPORTED 5u /* the other side has no such function */
#define SLUICE_STOPPED 6u     /* shutting down */
#define SLUICE_CONTRACT 7u    /* a rule of this ABI was broken */
#define SLUICE_CORRUPT 8u     /* stored data is damaged */
#define SLUICE_STALE 9u       /* the ticket's message has ended */
#define SLUICE_CONFLICT 10u   /* serialization conflict: run again; does not count as an attempt */
#define SLUICE_CONSTRAINT 11u /* the data break a rule of the database: reject */
#define SLUICE_UNKNOWN 12u    /* outcome not known, for example connection lost during COMMIT */
#define SLUICE_SEEN 13u       /* this identity was recorded before */
#define SLUICE_LOST_LEASE 14u /* the engine has given the message to another host */
#define SLUICE_END 15u        /* a finite source has nothing more */
#define SLUICE_FAILED 16u     /* failed permanently; the text says why */

/* ---- verdict (numbers are never reused) ------------------------------------------------------------------------------- */

/* The verdict on a message. Any other number is taken as retry and counted as misbehaviour of the plugin. */
typedef uint32_t sluice_verdict;
#define SLUICE_DONE 1u /* effects are committed, publishes sent, the message acked */
/* No effects; again after the backoff, until the attempts are used up. With the fault's status SLUICE_UNAVAILABLE or
 * SLUICE_CONFLICT what failed is something that the handler depends on: again after a backoff that grows up to 5 s, and it does
 * not count as an attempt. */
#define SLUICE_RETRY 2u
#define SLUICE_REJECT 3u /* no effects; a dead letter now */
#define SLUICE_SKIP 4u   /* no effects; acked and counted */
/* No effects now: what was written or published in this call is dropped. The key waits until the ticket is ended with the
 * services complete() or resume(), from any thread. The message's views stay valid until then.
 *
 * When the time of the ticket is over (handler.timeout) the host calls cancel(). A handler without cancel() that says
 * SLUICE_HANDLER_KEEPS_NO_VIEWS is not asked: the message is tried again, and the ticket is stale. One that says neither may
 * still read the message, so the host can only wait for the end, and logs it. One with cancel() has a second (at most as long
 * as the ticket had) to end it: after that the message is tried again, the ticket is stale and the message's views are not
 * valid any more. Those of a call that has not returned (handle, resume) stay valid until it does, however late. */
#define SLUICE_DEFER 5u

/* The wait before the next attempt, in milliseconds: 0 = the backoff that the pool is configured for, and */
#define SLUICE_AT_ONCE (-1)

/* ---- value (frozen) --------------------------------------------------------------------------------------------------- */

#define SLUICE_VALUE_NULL 0u
#define SLUICE_VALUE_INTEGER 1u
#define SLUICE_VALUE_REAL 2u
#define SLUICE_VALUE_TEXT 3u /* UTF-8 */
#define SLUICE_VALUE_BLOB 4u
#define SLUICE_VALUE_BOOLEAN 5u /* integer 0 or 1 */

/* How long the bytes of a text or blob live. */
#define SLUICE_LIFE_CALL 0u /* until the call returns: the receiver copies what it queues */
#define SLUICE_LIFE_UNIT 1u /* a view of a message of the unit: valid until the unit is committed or dropped, not copied */

typedef union sluice_value_as {
    int64_t integer;
    double real;
    sluice_bytes bytes;
} sluice_value_as;

typedef struct sluice_value {
    uint32_t type; /* SLUICE_VALUE_ */
    uint32_t life; /* SLUICE_LIFE_, for text and blob */
    sluice_value_as as;
} sluice_value;

/* ---- ticket ----------------------------------------------------------------------------------------------------------- */

/* Names one delivery of one message to a plugin: slot in the low half, generation in the high half. Never a pointer: a
 * late, double or foreign use is answered SLUICE_STALE and harms nothing. 0 is no ticket. */
typedef uint64_t sluice_ticket;

#endif
