/* Nothing is wrong with this one: tests cut copies of it off, make them writable, rename them. */
#include "bad.h"

BAD_GOOD_MANIFEST;
BAD_REST(SLUICE_KIND_HANDLER, &bad_good_table);
