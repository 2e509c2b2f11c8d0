// A source that throws when it is asked what it lives in, and has no message.
#include <stdexcept>

#include "bad.h"

static uint64_t capabilities(void*) {
    return SLUICE_QUEUE_FINITE;
}

static sluice_bytes thrown(void*) {
    throw std::runtime_error("thrown by resource_id");
}

static sluice_status open_source(void*, const sluice_queue_sink*, sluice_fault*) {
    return SLUICE_OK;
}

static sluice_status poll(void*, const sluice_poll*, sluice_fault*) {
    return SLUICE_END;
}

static sluice_status settle(void*, const sluice_settlement*, uint64_t, sluice_fault*) {
    return SLUICE_OK;
}

static sluice_queue make_table() {
    sluice_queue table{};
    table.struct_size = sizeof table;
    table.create = bad_create;
    table.destroy = bad_destroy;
    table.capabilities = capabilities;
    table.open_source = open_source;
    table.poll = poll;
    table.settle = settle;
    table.close = bad_destroy;
    table.resource_id = thrown;
    table.name_in_unit = thrown;
    return table;
}

static const sluice_queue table = make_table();

BAD_MANIFEST(SLUICE_ABI_MAJOR, SLUICE_ABI_MINOR, 0, BAD_JSON(BAD_COMPONENT("queue", ",\"roles\":[\"source\"]")));
BAD_REST(SLUICE_KIND_QUEUE, &table);
