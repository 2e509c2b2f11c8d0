/* Not bad at all: built with headers of a later minor, whose table has grown at its tail. This host knows the head of it. */
#include "bad.h"

static const struct {
    sluice_handler known;
    void* later[8];
} table = {
    {sizeof(table), 0x80000000u, bad_create, NULL, bad_handle, NULL, bad_destroy},
    {&bad_instance, &bad_instance, &bad_instance, &bad_instance, &bad_instance, &bad_instance, &bad_instance, &bad_instance}};

BAD_MANIFEST(SLUICE_ABI_MAJOR, SLUICE_ABI_MINOR + 7, 0, BAD_HANDLER_JSON);
BAD_REST(SLUICE_KIND_HANDLER, &table.known);
