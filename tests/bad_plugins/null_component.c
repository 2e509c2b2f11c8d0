/* Promises a component and answers NULL for it. */
#include "bad.h"

static const sluice_component* component(uint32_t index) {
    (void)index;
    return NULL;
}

BAD_GOOD_MANIFEST;
BAD_MODULE(BAD_ID, BAD_VERSION, 1, NULL, component);
BAD_ENTRY(0, &bad_module);
