/* Keeps the view of each message's body after handle has returned, and reads it in the next call. What it reads there is
 * undefined; the host and its messages must not suffer from it. */
#include "bad.h"

static sluice_status create(const sluice_setup* setup, void** self, sluice_fault* fault) {
    (void)setup;
    *self = calloc(1, sizeof(sluice_bytes));
    return *self != NULL ? SLUICE_OK : bad_fail(fault, SLUICE_UNAVAILABLE, "no memory");
}

static void destroy(void* self) {
    free(self);
}

static sluice_verdict handle(void* self, const sluice_message* message, sluice_ticket ticket, sluice_fault* fault) {
    sluice_bytes* kept = self;
    volatile char last = 0;
    uint64_t at;
    (void)ticket;
    (void)fault;
    for (at = 0; at < kept->size; ++at) last = kept->data[at];
    (void)last;
    *kept = message->body;
    return SLUICE_DONE;
}

static const sluice_handler table = {sizeof(table), 0, create, NULL, handle, NULL, destroy};

BAD_GOOD_MANIFEST;
BAD_REST(SLUICE_KIND_HANDLER, &table);
