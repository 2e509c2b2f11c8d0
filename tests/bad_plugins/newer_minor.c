/* Needs a minor version that this host does not speak yet. */
#include "bad.h"

BAD_MANIFEST(SLUICE_ABI_MAJOR, SLUICE_ABI_MINOR + 5, SLUICE_ABI_MINOR + 3, BAD_HANDLER_JSON);
BAD_REST(SLUICE_KIND_HANDLER, &bad_good_table);
