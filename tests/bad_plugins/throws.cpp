// An exception leaves handle at the first attempt of a message that says so in its body: "throw" a std::exception, "junk" an
// int.
#include <stdexcept>
#include <string_view>

#include "bad.h"

static sluice_verdict handle(void*, const sluice_message* message, sluice_ticket, sluice_fault*) {
    const std::string_view body(message->body.data, message->body.size);
    if (message->attempt == 1 && body.find("throw") != body.npos) throw std::runtime_error("thrown by handle");
    if (message->attempt == 1 && body.find("junk") != body.npos) throw 42;
    return SLUICE_DONE;
}

static const sluice_handler table = BAD_TABLE(bad_create, handle);

BAD_GOOD_MANIFEST;
BAD_REST(SLUICE_KIND_HANDLER, &table);
