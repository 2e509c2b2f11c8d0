/* A mandatory member is NULL. */
#include "bad.h"

static const sluice_handler table = BAD_TABLE(bad_create, NULL);

BAD_GOOD_MANIFEST;
BAD_REST(SLUICE_KIND_HANDLER, &table);
