/* Of a later version: a component of a kind that this host does not know, and a handler. Its components are larger than
 * today's, which shows that they are asked for one by one; the unknown one is not asked for at all. */
#include "bad.h"

BAD_MANIFEST(SLUICE_ABI_MAJOR, SLUICE_ABI_MINOR, 0, BAD_JSON(BAD_COMPONENT("widget", "") "," BAD_COMPONENT("handler", "")));

struct later_component {
    sluice_component known;
    uint64_t more[3];
};

static const sluice_component* component(uint32_t index) {
    static const struct later_component handler = {{sizeof handler, SLUICE_KIND_HANDLER, BAD_BYTES(BAD_NAME), &bad_good_table},
                                                   {1, 2, 3}};
    return index == 1 ? &handler.known : NULL;
}

BAD_MODULE(BAD_ID, BAD_VERSION, 2, NULL, component);
BAD_ENTRY(0, &bad_module);
