/* create answers a failure. */
#include "bad.h"

static sluice_status create(const sluice_setup* setup, void** self, sluice_fault* fault) {
    (void)setup;
    (void)self;
    return bad_fail(fault, SLUICE_INVALID, "there is no moon on Mondays");
}

static const sluice_handler table = BAD_TABLE(create, bad_handle);

BAD_GOOD_MANIFEST;
BAD_REST(SLUICE_KIND_HANDLER, &table);
