/* The module is smaller than its mandatory members. */
#include "bad.h"

BAD_GOOD_MANIFEST;
static const sluice_module module = {40, 1, BAD_BYTES(BAD_ID), BAD_BYTES(BAD_VERSION), NULL, NULL, NULL};
BAD_ENTRY(0, &module);
