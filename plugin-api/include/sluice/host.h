/* What the host does for a plugin, and what it hands over when it creates an instance. */
#ifndef SLUICE_HOST_H
#define SLUICE_HOST_H

#include "sluice/fault.h"
#include "sluice/message.h"
#include "sluice/options.h"

/* The host's side of one instance; every service takes it first. Valid from create to the return of destroy. */
typedef struct sluice_host sluice_host;

#define SLUICE_LOG_TRACE 0u
#define SLUICE_LOG_DEBUG 1u
#define SLUICE_LOG_INFO 2u
#define SLUICE_LOG_WARN 3u
#define SLUICE_LOG_ERROR 4u

/* Receives the rows of a query. No call on the same database may be made from inside row(). */
typedef struct sluice_row_sink {
    uint32_t struct_size;
    uint32_t reserved;
    void* context;
    /* [worker] Views are valid until it returns. Anything but SLUICE_OK ends the query without an error. */
    sluice_status (*row)(void* context, const sluice_value* columns, uint32_t count);
} sluice_row_sink;

/* What is known of a prepared statement. Filled in by the callee up to struct_size. */
typedef struct sluice_statement {
    uint32_t struct_size;
    uint32_t parameters; /* values that it takes */
    uint32_t reads_only; /* 1: it changes nothing, so that executing it has no effect; it is for query */
    uint32_t reserved;
} sluice_statement;

#define SLUICE_JSON_MISSING 0u /* absent; or the body is no JSON, or damaged before this value */
#define SLUICE_JSON_NULL 1u
#define SLUICE_JSON_BOOLEAN 2u /* text: true or false */
#define SLUICE_JSON_NUMBER 3u  /* text: as written */
#define SLUICE_JSON_STRING 4u  /* text: unescaped UTF-8 */
#define SLUICE_JSON_ARRAY 5u   /* no text */
#define SLUICE_JSON_OBJECT 6u  /* no text */

/* One value of a JSON body. Filled in by the host up to struct_size. */
typedef struct sluice_json {
    uint32_t struct_size;
    uint32_t type; /* SLUICE_JSON_ */
    sluice_bytes text;
} sluice_json;

/* How a deferred message ends. */
typedef struct sluice_ending {
    uint32_t struct_size;
    sluice_verdict verdict; /* SLUICE_DONE, SLUICE_RETRY, SLUICE_REJECT or SLUICE_SKIP: as a verdict, but without effects */
    sluice_status status; /* with a retry: SLUICE_UNAVAILABLE and SLUICE_CONFLICT do not count as an attempt; else SLUICE_OK */
    uint32_t reserved;
    sluice_bytes text;      /* why; may be empty */
    int64_t retry_delay_ms; /* as sluice_fault.retry_delay_ms */
} sluice_ending;

#define SLUICE_METRIC_COUNTER 1u   /* only grows */
#define SLUICE_METRIC_GAUGE 2u     /* as it is now; of several workers the sum is shown */
#define SLUICE_METRIC_HISTOGRAM 3u /* how often each size: 0 .. 2^47, within 2 % */

/* What a handler counts or measures by itself. */
typedef struct sluice_metric {
    uint32_t struct_size;
    uint32_t kind;     /* SLUICE_METRIC_ */
    sluice_bytes name; /* 1 to 64 lower-case letters, digits and '_', a letter first; no other metric of the handler has it */
    sluice_bytes help; /* a sentence for people */
    sluice_bytes unit; /* up to 16 characters: "ns", "us", "ms", "s", "By" for bytes, or what is counted; empty = none */
} sluice_metric;

/* The services. A member that is absent or NULL, or is not offered to this kind of component, answers SLUICE_UNSUPPORTED;
 * log and measure do nothing then. The host holds no lock of its own while a plugin runs, so services may be called from
 * anywhere their tag allows. */
typedef struct sluice_host_api {
    uint32_t struct_size;
    uint32_t reserved;

    /* ---- every kind ---- */
    uint32_t (*log_enabled)(sluice_host* host, uint32_t level); /* [any] 0 or 1 */
    /* [any] the host adds component, pool and worker */
    void (*log)(sluice_host* host, uint32_t level, sluice_bytes text);
    /* [any] absolute path of a folder of this component's own; it exists, but in probe. The workers of a pool share one: a file
     * that belongs to one instance carries setup->worker in its name. */
    sluice_bytes (*state_dir)(sluice_host* host);
    int64_t (*now_ms)(sluice_host* host); /* [any] Unix time, read once per batch */

    /* ---- handlers: databases. In handle() only, unless the tag says more ---- */

    /* [control] or [worker]: the number of a configured database. SLUICE_INVALID names the ones there are. Asked in create, a
     * wrong name is found by `sluice check`. */
    sluice_status (*database)(sluice_host* host, sluice_bytes name, uint32_t* database, sluice_fault* fault);
    /* [control] in start, or [worker]: a statement on this worker's own connection, parameters written `?` in order, and `??`
     * for a question mark of the engine's (see sluice_database.prepare). Numbers live as long as the instance, also over a
     * lost connection. */
    sluice_status (*prepare)(sluice_host* host, uint32_t database, sluice_bytes sql, uint32_t* statement, sluice_fault* fault);
    /* [worker] a write of this message: SLUICE_QUEUED is success; an error of the statement itself arrives when the unit is
     * applied and then ends the message (constraint: reject; conflict or outage: run again, which does not count as an
     * attempt). */
    sluice_status (*execute)(sluice_host* host, sluice_ticket ticket, uint32_t database, uint32_t statement,
                             const sluice_value* values, uint32_t count, sluice_fault* fault);
    /* [worker] rows. With a ticket: inside the unit, sees its writes, which are applied first. With ticket 0: committed data.
     * */
    sluice_status (*query)(sluice_host* host, sluice_ticket ticket, uint32_t database, uint32_t statement,
                           const sluice_value* values, uint32_t count, const sluice_row_sink* sink, sluice_fault* fault);

    /* ---- handlers: publishing ---- */

    /* [control] or [worker]: the number of a configured target. SLUICE_INVALID names the ones there are. */
    sluice_status (*target)(sluice_host* host, sluice_bytes name, uint32_t* target, sluice_fault* fault);
    /* [worker] sent after the commit, and only if the verdict is done. The host copies. */
    sluice_status (*publish)(sluice_host* host, sluice_ticket ticket, uint32_t target, const sluice_outgoing* message,
                             sluice_fault* fault);

    /* ---- handlers: time ---- */

    /* [any] 1 once the handler should give up: return retry, the message goes back. 0 otherwise. */
    uint32_t (*cancelled)(sluice_host* host, sluice_ticket ticket);

    /* ---- everything later: NULL if this host has no such extension. Ids are as those of sluice_handler.extension ---- */
    const void* (*extension)(sluice_host* host, sluice_bytes id); /* [any] */

    /* ---- handlers: time and deferred messages ---- */

    /* [any] Unix time in milliseconds at which cancelled() will say 1; 0 = no such time is set. */
    int64_t (*deadline_ms)(sluice_host* host, sluice_ticket ticket);
    /* [any] Ends a deferred message. May come before handle() has returned SLUICE_DEFER. SLUICE_STALE: there is no such ticket,
     * or it has ended. */
    sluice_status (*complete)(sluice_host* host, sluice_ticket ticket, const sluice_ending* ending);
    /* [any] Has the handler's resume() called for a deferred message, with this cookie. This ticket ends. */
    sluice_status (*resume)(sluice_host* host, sluice_ticket ticket, uint64_t cookie);

    /* ---- handlers: more of databases and messages ---- */

    /* [control] in start, or [worker]: what is known of a statement. SLUICE_UNSUPPORTED: the database does not say. */
    sluice_status (*describe)(sluice_host* host, uint32_t database, uint32_t statement, sluice_statement* description,
                              sluice_fault* fault);
    /* [worker] What a JSON pointer (RFC 6901, "/customer/id") names in the body of the message under way. Of equal member names
     * the first counts; what comes after the value is not examined. Views are valid until handle() or resume() returns.
     * SLUICE_INVALID: that is no pointer; SLUICE_FULL: the strings with escapes that this call has asked for are larger than a
     * message may be. */
    sluice_status (*json)(sluice_host* host, sluice_ticket ticket, sluice_bytes pointer, sluice_json* value,
                          sluice_fault* fault);

    /* ---- every kind: who this host is ---- */

    /* [any] A name that no other running host has, also none on another machine, and no earlier run of this one: for names of
     * consumers and owners of leases. 1 to 64 letters, digits, '-' and '_'; the same for every component and as long as the
     * process lives. */
    sluice_bytes (*instance)(sluice_host* host);

    /* ---- handlers: what they measure, and how far they are ---- */

    /* [control] in create: declares a metric and gives it a number. It is shown in the statistics of the pool, all workers
     * together, from the start on; the instances of a pool declare the same. SLUICE_INVALID: that is none, it is declared
     * twice, there are more than 32 of them or 8 histograms, or create has returned. SLUICE_UNSUPPORTED: there are no metrics
     * here; the handler does without. */
    sluice_status (*metric)(sluice_host* host, const sluice_metric* metric, uint32_t* number, sluice_fault* fault);
    /* [worker] A counter grows by `value`, if that is not negative; a gauge becomes it; a histogram records it. A number that
     * was not given out is ignored. NULL or absent: nothing happens. */
    void (*measure)(sluice_host* host, uint32_t number, int64_t value);
    /* [any] How far a call that takes long is: `n` of whatever it counts, since its begin. Shown where the host says that the
     * call runs (`sluice why`, the log when it takes too long), with the time that has passed since. Its time goes on all the
     * same. SLUICE_OK, also for a deferred message, of which it is not shown; SLUICE_STALE: there is no such ticket, or it has
     * ended. */
    sluice_status (*work_done)(sluice_host* host, sluice_ticket ticket, uint64_t n);
} sluice_host_api;

#define SLUICE_ROLE_HANDLER 1u
#define SLUICE_ROLE_SOURCE 2u /* a queue adapter that is received from */
#define SLUICE_ROLE_TARGET 3u /* a queue adapter that is published to */
#define SLUICE_ROLE_DATABASE 4u

/* What create() receives. The struct is valid until create returns; what it points to lives as long as the instance. */
typedef struct sluice_setup {
    uint32_t struct_size;
    uint32_t role;         /* SLUICE_ROLE_ */
    sluice_bytes name;     /* the component's path in the configuration: "sources.flights", "pools.airports.handler" */
    sluice_bytes identity; /* sources: what positions and deduplication are filed under (`id`, by default the name) */
    const sluice_host_api* api;
    sluice_host* host;
    const sluice_options_api* options_api;
    const sluice_node* options; /* a map */
    uint32_t worker;            /* handlers: index of the worker, 0 .. workers - 1 */
    uint32_t workers;           /* handlers: workers of the pool */
} sluice_setup;

#endif
