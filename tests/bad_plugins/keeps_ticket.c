/* Keeps the ticket of each message after handle has returned, and publishes with it in the next call: the answer must be
 * SLUICE_STALE, and nothing may be published. */
#include "bad.h"

struct instance {
    const sluice_host_api* api;
    sluice_host* host;
    uint32_t target;
    sluice_ticket kept;
};

static sluice_status create(const sluice_setup* setup, void** self, sluice_fault* fault) {
    const sluice_bytes name = BAD_BYTES("out");
    struct instance* instance = calloc(1, sizeof *instance);
    if (instance == NULL) return bad_fail(fault, SLUICE_UNAVAILABLE, "no memory");
    instance->api = setup->api;
    instance->host = setup->host;
    *self = instance;
    return setup->api->target(setup->host, name, &instance->target, fault);
}

static void destroy(void* self) {
    free(self);
}

static sluice_verdict handle(void* self, const sluice_message* message, sluice_ticket ticket, sluice_fault* fault) {
    struct instance* instance = self;
    sluice_outgoing late;
    memset(&late, 0, sizeof late);
    late.struct_size = sizeof late;
    late.body = message->body;
    if (instance->kept != 0) {
        const sluice_status answer = instance->api->publish(instance->host, instance->kept, instance->target, &late, fault);
        if (answer != SLUICE_STALE) {
            bad_fail(fault, SLUICE_CONTRACT, "the host took the ticket of a message that has ended");
            return SLUICE_REJECT;
        }
    }
    instance->kept = ticket;
    return SLUICE_DONE;
}

static const sluice_handler table = {sizeof(table), 0, create, NULL, handle, NULL, destroy};

BAD_GOOD_MANIFEST;
BAD_REST(SLUICE_KIND_HANDLER, &table);
