/* Keeps the ticket and the view of each message after handle has returned, and uses both in the next call. */
#include "bad.h"

struct instance {
    const sluice_host_api* api;
    sluice_host* host;
    sluice_ticket kept_ticket;
};

static sluice_status create(const sluice_setup* setup, void** self, sluice_fault* fault) {
    struct instance* instance = calloc(1, sizeof *instance);
    if (instance == NULL) return bad_fail(fault, SLUICE_UNAVAILABLE, "no memory");
    instance->api = setup->api;
    instance->host = setup->host;
    *self = instance;
    return SLUICE_OK;
}

static void destroy(void* self) {
    free(self);
}

/* What is done with the ticket of a message that has ended must be answered SLUICE_STALE and harm nothing. */
static sluice_verdict handle(void* self, const sluice_message* message, sluice_ticket ticket, sluice_fault* fault) {
    struct instance* instance = self;
    const sluice_outgoing outgoing = {sizeof(outgoing), 0, BAD_BYTES("late"), {NULL, 0}, {NULL, 0}, NULL, 0};
    (void)message;
    if (instance->kept_ticket != 0) {
        const sluice_status late = instance->api->publish(instance->host, instance->kept_ticket, 0, &outgoing, fault);
        if (late != SLUICE_STALE)
            return bad_fail(fault, SLUICE_CONTRACT, "the host took a ticket that has ended"), SLUICE_REJECT;
    }
    instance->kept_ticket = ticket;
    return SLUICE_DONE;
}

static const sluice_handler table = {sizeof(table), 0, create, NULL, handle, NULL, destroy};

BAD_GOOD_MANIFEST;
BAD_REST(SLUICE_KIND_HANDLER, &table);
