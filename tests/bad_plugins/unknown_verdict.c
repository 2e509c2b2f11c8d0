/* handle answers a number that is no verdict. */
#include "bad.h"

static sluice_verdict handle(void* self, const sluice_message* message, sluice_ticket ticket, sluice_fault* fault) {
    (void)self;
    (void)message;
    (void)ticket;
    (void)fault;
    return 4711;
}

static const sluice_handler table = BAD_TABLE(bad_create, handle);

BAD_GOOD_MANIFEST;
BAD_REST(SLUICE_KIND_HANDLER, &table);
