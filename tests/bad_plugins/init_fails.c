/* init answers a failure. fini must not be called then: it would leave without a word. */
#include "bad.h"

static sluice_status init(sluice_fault* fault) {
    return bad_fail(fault, SLUICE_UNAVAILABLE, "the licence server\nis unreachable");
}

static void fini(void) {
    _exit(99);
}

static const sluice_component* component(uint32_t index) {
    (void)index;
    return NULL;
}

BAD_GOOD_MANIFEST;
static const sluice_module module = {sizeof(module), 1, BAD_BYTES(BAD_ID), BAD_BYTES(BAD_VERSION), init, fini, component};
BAD_ENTRY(0, &module);
