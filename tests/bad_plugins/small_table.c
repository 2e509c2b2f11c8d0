/* The table ends before its mandatory members. */
#include "bad.h"

static const sluice_handler table = {40, 0, bad_create, NULL, bad_handle, NULL, NULL};

BAD_GOOD_MANIFEST;
BAD_REST(SLUICE_KIND_HANDLER, &table);
