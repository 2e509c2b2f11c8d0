/* Has a manifest, but no entry. */
#include "bad.h"

BAD_GOOD_MANIFEST;
