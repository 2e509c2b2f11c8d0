/* The module's component has another name than the manifest's. */
#include "bad.h"

BAD_GOOD_MANIFEST;

static const sluice_component* component(uint32_t index) {
    static const sluice_component it = {sizeof(it), SLUICE_KIND_HANDLER, BAD_BYTES("somebody\x1b[31melse"), &bad_good_table};
    return index == 0 ? &it : NULL;
}

BAD_MODULE(BAD_ID, BAD_VERSION, 1, NULL, component);
BAD_ENTRY(0, &bad_module);
