// A database that throws when it is asked what it can do.
#include <stdexcept>

#include "bad_database.h"

static uint64_t capabilities(void*) {
    throw std::runtime_error("nothing at all");
}

static void spoil(sluice_database* table) {
    table->capabilities = capabilities;
}

BAD_DATABASE_REST(spoil);
