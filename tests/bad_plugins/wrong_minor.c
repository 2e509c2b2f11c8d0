/* Chooses a minor that is not the lower of both sides. */
#include "bad.h"

BAD_GOOD_MANIFEST;
BAD_ONE_COMPONENT(SLUICE_KIND_HANDLER, &bad_good_table)
BAD_MODULE(BAD_ID, BAD_VERSION, 1, NULL, bad_component);
BAD_ENTRY(9, &bad_module);
