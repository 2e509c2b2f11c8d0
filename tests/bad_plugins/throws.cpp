// An exception leaves handle, for one message in three; every third of those is not even a std::exception.
#include <stdexcept>

#include "bad.h"

static sluice_verdict handle(void*, const sluice_message* message, sluice_ticket, sluice_fault*) {
    static thread_local unsigned calls = 0;
    ++calls;
    if (message->body.size != 0 && calls % 9 == 0) throw 42;
    if (message->body.size != 0 && calls % 3 == 0) throw std::runtime_error("thrown by handle");
    return SLUICE_DONE;
}

static const sluice_handler table = BAD_TABLE(bad_create, handle);

BAD_GOOD_MANIFEST;
BAD_REST(SLUICE_KIND_HANDLER, &table);
