/* Handlers: the code that processes a message. One instance a worker, so a handler needs no lock. */
#ifndef SLUICE_HANDLER_H
#define SLUICE_HANDLER_H

#include "sluice/host.h"

/* The verdict on a message. Any other number is taken as retry and counted as misbehaviour of the plugin. */
typedef uint32_t sluice_verdict;
#define SLUICE_DONE ((sluice_verdict)1)   /* effects are committed, publishes sent, the message acked */
#define SLUICE_RETRY ((sluice_verdict)2)  /* no effects; again after the backoff, until the attempts are used up */
#define SLUICE_REJECT ((sluice_verdict)3) /* no effects; a dead letter now */
#define SLUICE_SKIP ((sluice_verdict)4)   /* no effects; acked and counted */
/* 5 is reserved for defer. */

/* The handler's libraries keep state in thread-locals: always run an instance on the same thread. */
#define SLUICE_HANDLER_THREAD_AFFINE 1u

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
} sluice_handler;
SLUICE_LAYOUT_SIZE(sluice_handler, 48);
SLUICE_LAYOUT_MEMBER(sluice_handler, create, 8);
SLUICE_LAYOUT_MEMBER(sluice_handler, destroy, 40);

#endif
