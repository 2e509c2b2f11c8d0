// An exception leaves create.
#include <stdexcept>

#include "bad.h"

static sluice_status create(const sluice_setup*, void**, sluice_fault*) {
    throw std::runtime_error("thrown by create");
}

static const sluice_handler table = BAD_TABLE(create, bad_handle);

BAD_GOOD_MANIFEST;
BAD_REST(SLUICE_KIND_HANDLER, &table);
