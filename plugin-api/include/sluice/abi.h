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
 * Role tags, one on every function:
 *
 *   [control]  one call at a time on the instance, and none of [worker] or [source] at the same time
 *   [worker]   serial on the instance, though not always from the same thread (see SLUICE_HANDLER_THREAD_AFFINE)
 *   [source]   serial on the instance, from the thread of its source
 *   [target]   serial on the instance, from the thread of its target
 *   [any]      from any thread, at any time between start and the return of stop
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

/* Holds the size of a struct and the place of one member, so that an accidental change does not compile. */
#define SLUICE_LAYOUT_SIZE(type, size) SLUICE_STATIC_ASSERT(sizeof(type) == (size), #type " changed its size")
#define SLUICE_LAYOUT_MEMBER(type, member, offset) \
    SLUICE_STATIC_ASSERT(offsetof(type, member) == (offset), #type "." #member " moved")

/* True if `member` lies inside what the allocator of `*pointer` provided. */
#define SLUICE_HAS(pointer, member) \
    ((pointer)->struct_size >=      \
     (uint32_t)((const char*)(&(pointer)->member + 1) - (const char*)(pointer)))

SLUICE_STATIC_ASSERT(sizeof(void*) == 8, "Sluice plugins are built for 64-bit platforms");

/* ---- bytes (frozen) -------------------------------------------------------------------------------------------------- */

/* A view. Not terminated; data may be NULL when size is 0. Text is UTF-8. */
typedef struct sluice_bytes {
    const char* data;
    uint64_t size;
} sluice_bytes;
SLUICE_LAYOUT_SIZE(sluice_bytes, 16);

/* ---- status (numbers are never reused) -------------------------------------------------------------------------------- */

typedef uint32_t sluice_status;
#define SLUICE_OK ((sluice_status)0)
#define SLUICE_QUEUED ((sluice_status)1)       /* accepted; the result comes later */
#define SLUICE_INVALID ((sluice_status)2)      /* fix the input */
#define SLUICE_FULL ((sluice_status)3)         /* wait for room */
#define SLUICE_UNAVAILABLE ((sluice_status)4)  /* the dependency is unreachable: reconnect, try again; does not count as an attempt */
#define SLUICE_UNSUPPORTED ((sluice_status)5)  /* the other side has no such function */
#define SLUICE_STOPPED ((sluice_status)6)      /* shutting down */
#define SLUICE_CONTRACT ((sluice_status)7)     /* a rule of this ABI was broken */
#define SLUICE_CORRUPT ((sluice_status)8)      /* stored data is damaged */
#define SLUICE_STALE ((sluice_status)9)        /* the ticket's message has ended */
#define SLUICE_CONFLICT ((sluice_status)10)    /* serialization conflict: run again; does not count as an attempt */
#define SLUICE_CONSTRAINT ((sluice_status)11)  /* the data break a rule of the database: reject */
#define SLUICE_UNKNOWN ((sluice_status)12)     /* outcome not known, for example connection lost during COMMIT */
#define SLUICE_SEEN ((sluice_status)13)        /* this identity was recorded before */
#define SLUICE_LOST_LEASE ((sluice_status)14)  /* the engine has given the message to another host */
#define SLUICE_END ((sluice_status)15)         /* a finite source has nothing more */
#define SLUICE_FAILED ((sluice_status)16)      /* failed for good; the text says why */

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

typedef struct sluice_value {
    uint32_t type; /* SLUICE_VALUE_ */
    uint32_t life; /* SLUICE_LIFE_, for text and blob */
    union {
        int64_t integer;
        double real;
        sluice_bytes bytes;
    } as;
} sluice_value;
SLUICE_LAYOUT_SIZE(sluice_value, 24);
SLUICE_LAYOUT_MEMBER(sluice_value, as, 8);

/* ---- ticket ----------------------------------------------------------------------------------------------------------- */

/* Names one delivery of one message to a plugin: slot in the low half, generation in the high half. Never a pointer: a
 * late, double or foreign use is answered SLUICE_STALE and harms nothing. 0 is no ticket. */
typedef uint64_t sluice_ticket;

#endif
