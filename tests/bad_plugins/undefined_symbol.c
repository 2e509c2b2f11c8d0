/* Needs a function that nobody provides; linked without -z defs it shows only when it is loaded. */
#include "bad.h"

extern void sluice_bad_nobody_has_this(void);

static sluice_status init(sluice_fault* fault) {
    (void)fault;
    sluice_bad_nobody_has_this();
    return SLUICE_OK;
}

BAD_GOOD_MANIFEST;
BAD_ONE_COMPONENT(SLUICE_KIND_HANDLER, &bad_good_table)
BAD_MODULE(BAD_ID, BAD_VERSION, 1, init, bad_component);
BAD_ENTRY(0, &bad_module);
