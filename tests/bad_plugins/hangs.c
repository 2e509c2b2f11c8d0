/* handle never returns from a message whose body says "hang", though it says that 7 is done. */
#include "bad.h"

static int says_hang(sluice_bytes body) {
    uint64_t at;
    for (at = 0; at + 4 <= body.size; ++at)
        if (memcmp(body.data + at, "hang", 4) == 0) return 1;
    return 0;
}

static const sluice_host_api* api;

static sluice_status create(const sluice_setup* setup, void** self, sluice_fault* fault) {
    (void)fault;
    api = setup->api;
    *self = setup->host; /* all that an instance needs */
    return SLUICE_OK;
}

static sluice_verdict handle(void* self, const sluice_message* message, sluice_ticket ticket, sluice_fault* fault) {
    volatile int forever = says_hang(message->body);
    (void)fault;
    if (forever) (void)api->work_done((sluice_host*)self, ticket, 7);
    while (forever) (void)pause();
    return SLUICE_DONE;
}

static const sluice_handler table = BAD_TABLE(create, handle);

BAD_GOOD_MANIFEST;
BAD_REST(SLUICE_KIND_HANDLER, &table);
