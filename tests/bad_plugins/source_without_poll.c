/* A queue whose manifest says that it can be received from, and whose table cannot. */
#include "bad.h"

static sluice_status open_target(void* self, const sluice_target_sink* sink, sluice_fault* fault) {
    (void)self;
    (void)sink;
    (void)fault;
    return SLUICE_OK;
}

static sluice_status publish(void* self, const sluice_outgoing* const* messages, uint64_t count, uint64_t first_token,
                             sluice_fault* fault) {
    (void)self;
    (void)messages;
    (void)count;
    (void)first_token;
    (void)fault;
    return SLUICE_OK;
}

static const sluice_queue table = {sizeof(table), 0,    bad_create, bad_destroy, NULL,    NULL,       NULL,
                                   NULL,          NULL, NULL,       open_target, publish, bad_destroy};

BAD_MANIFEST(SLUICE_ABI_MAJOR, SLUICE_ABI_MINOR, 0, BAD_JSON(BAD_COMPONENT("queue", ",\"roles\":[\"source\",\"target\"]")));
BAD_REST(SLUICE_KIND_QUEUE, &table);
