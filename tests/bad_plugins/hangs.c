/* handle never returns from a message whose body says "hang". */
#include "bad.h"

static int says_hang(sluice_bytes body) {
    uint64_t at;
    for (at = 0; at + 4 <= body.size; ++at)
        if (memcmp(body.data + at, "hang", 4) == 0) return 1;
    return 0;
}

static sluice_verdict handle(void* self, const sluice_message* message, sluice_ticket ticket, sluice_fault* fault) {
    volatile int forever = says_hang(message->body);
    (void)self;
    (void)ticket;
    (void)fault;
    while (forever) (void)pause();
    return SLUICE_DONE;
}

static const sluice_handler table = BAD_TABLE(bad_create, handle);

BAD_GOOD_MANIFEST;
BAD_REST(SLUICE_KIND_HANDLER, &table);
