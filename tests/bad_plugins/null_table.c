/* The component has no table. */
#include "bad.h"

BAD_GOOD_MANIFEST;
BAD_REST(SLUICE_KIND_HANDLER, NULL);
