/* A database that says it recognises messages and has no function for it. */
#include "bad_database.h"

static uint64_t capabilities(void* self) {
    (void)self;
    return SLUICE_DATABASE_DEDUPLICATES;
}

static void spoil(sluice_database* table) {
    table->capabilities = capabilities;
}

BAD_DATABASE_REST(spoil);
