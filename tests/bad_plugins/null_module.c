/* The entry says OK and provides no module. */
#include "bad.h"

BAD_GOOD_MANIFEST;
BAD_ENTRY(0, NULL);
