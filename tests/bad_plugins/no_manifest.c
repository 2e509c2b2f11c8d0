/* Works, but carries no manifest. */
#include "bad.h"

BAD_REST(SLUICE_KIND_HANDLER, &bad_good_table);
