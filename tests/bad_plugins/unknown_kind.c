/* The manifest offers a component of a kind that this host does not know: nothing of it can be used. */
#include "bad.h"

BAD_MANIFEST(SLUICE_ABI_MAJOR, SLUICE_ABI_MINOR, 0, BAD_JSON(BAD_COMPONENT("widget", "")));
BAD_REST(SLUICE_KIND_HANDLER, &bad_good_table);
