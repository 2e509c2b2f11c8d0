/* Says of each message, for a second after the first, that the service it needs is unreachable; "conflict" in the body: that it
 * was in conflict with something. */
#include <time.h>

#include "bad.h"

static int says(sluice_bytes body, const char* word) {
    const size_t size = strlen(word);
    uint64_t at;
    for (at = 0; at + size <= body.size; ++at)
        if (memcmp(body.data + at, word, size) == 0) return 1;
    return 0;
}

static sluice_verdict handle(void* self, const sluice_message* message, sluice_ticket ticket, sluice_fault* fault) {
    static time_t first;
    (void)self;
    (void)ticket;
    if (first == 0) first = time(NULL);
    if (time(NULL) > first + 1) return SLUICE_DONE;
    bad_fail(fault, says(message->body, "conflict") ? SLUICE_CONFLICT : SLUICE_UNAVAILABLE, "http://shop.example answers 503");
    return SLUICE_RETRY;
}

static const sluice_handler table = BAD_TABLE(bad_create, handle);

BAD_GOOD_MANIFEST;
BAD_REST(SLUICE_KIND_HANDLER, &table);
