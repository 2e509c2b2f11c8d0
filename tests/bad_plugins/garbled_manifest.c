/* The manifest's text is no JSON. */
#include "bad.h"

BAD_MANIFEST(SLUICE_ABI_MAJOR, SLUICE_ABI_MINOR, 0, "{\"id\": \"org.example.garbled\", \"version\"");
BAD_REST(SLUICE_KIND_HANDLER, &bad_good_table);
