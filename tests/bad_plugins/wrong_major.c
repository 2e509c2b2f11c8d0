/* Built for the next major version of the ABI; that its text is written in another way must not matter. */
#include "bad.h"

BAD_MANIFEST(SLUICE_ABI_MAJOR + 1, 4, 2, "no JSON in ABI 2");
BAD_REST(SLUICE_KIND_HANDLER, &bad_good_table);
