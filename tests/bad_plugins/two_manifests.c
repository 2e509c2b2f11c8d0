/* The section holds two manifests, as when two object files each bring one. */
#include "bad.h"

BAD_GOOD_MANIFEST;
#define bad_manifest bad_second_manifest
BAD_GOOD_MANIFEST;
BAD_REST(SLUICE_KIND_HANDLER, &bad_good_table);
