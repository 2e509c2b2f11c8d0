/* Its component is smaller than its mandatory members; the table beyond its end must not be looked at. */
#include "bad.h"

static const sluice_component* component(uint32_t index) {
    static const sluice_component small = {offsetof(sluice_component, table), SLUICE_KIND_HANDLER, BAD_BYTES(BAD_NAME),
                                           &bad_good_table};
    return index == 0 ? &small : NULL;
}

BAD_GOOD_MANIFEST;
BAD_MODULE(BAD_ID, BAD_VERSION, 1, NULL, component);
BAD_ENTRY(0, &bad_module);
