/* The module says something else than the manifest: built four times, with ID, VERSION, COUNT or KIND wrong. */
#include "bad.h"

#ifndef MODULE_ID
#define MODULE_ID BAD_ID
#endif
#ifndef MODULE_VERSION
#define MODULE_VERSION BAD_VERSION
#endif
#ifndef MODULE_COUNT
#define MODULE_COUNT 1
#endif
#ifndef MODULE_KIND
#define MODULE_KIND SLUICE_KIND_HANDLER
#endif

BAD_GOOD_MANIFEST;
BAD_ONE_COMPONENT(MODULE_KIND, &bad_good_table)
BAD_MODULE(MODULE_ID, MODULE_VERSION, MODULE_COUNT, NULL, bad_component);
BAD_ENTRY(0, &bad_module);
