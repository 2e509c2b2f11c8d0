/* A source that says it keeps the order of what it takes back, and takes nothing back. */
#include "bad.h"

static uint64_t capabilities(void* self) {
    (void)self;
    return SLUICE_QUEUE_RELEASE_KEEPS_ORDER;
}

static sluice_status open_source(void* self, const sluice_queue_sink* sink, sluice_fault* fault) {
    (void)self;
    (void)sink;
    return bad_fail(fault, SLUICE_FAILED, "opened all the same");
}

static sluice_status poll(void* self, const sluice_poll* asked, sluice_fault* fault) {
    (void)self;
    (void)asked;
    (void)fault;
    return SLUICE_END;
}

static sluice_status settle(void* self, const sluice_settlement* items, uint64_t count, sluice_fault* fault) {
    (void)self;
    (void)items;
    (void)count;
    (void)fault;
    return SLUICE_OK;
}

static const sluice_queue table = {sizeof(table), 0,    bad_create, bad_destroy, capabilities, open_source, poll,
                                   settle,        NULL, NULL,       NULL,        NULL,         bad_destroy};

BAD_MANIFEST(SLUICE_ABI_MAJOR, SLUICE_ABI_MINOR, 0, BAD_JSON(BAD_COMPONENT("queue", ",\"roles\":[\"source\"]")));
BAD_REST(SLUICE_KIND_QUEUE, &table);
