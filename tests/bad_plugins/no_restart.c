/* A database that cannot begin again after a unit has failed. */
#include "bad_database.h"

static void spoil(sluice_database* table) {
    table->restart = NULL;
}

BAD_DATABASE_REST(spoil);
