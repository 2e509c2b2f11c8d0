/* How a plugin says what went wrong. The host provides the buffer; the plugin writes into it and keeps nothing. */
#ifndef SLUICE_FAULT_H
#define SLUICE_FAULT_H

#include <string.h>

#include "sluice/abi.h"

typedef struct sluice_fault {
    uint32_t struct_size;
    sluice_status status;   /* what the caller can do next; SLUICE_OK = nothing was said */
    char* text;             /* host's buffer; one clear sentence in UTF-8, without a line end */
    uint32_t text_capacity; /* bytes in the buffer */
    uint32_t text_size;     /* bytes written */
    int64_t retry_delay_ms; /* with a retry verdict: wait this long; 0 = the pool's backoff, SLUICE_AT_ONCE */
} sluice_fault;

/* Sets status and text; a text longer than the buffer is cut. A NULL fault is ignored. Returns status. */
static inline sluice_status sluice_fault_set(sluice_fault* fault, sluice_status status, const char* text, uint64_t size) {
    if (fault == NULL || !SLUICE_HAS(fault, status)) return status;
    fault->status = status;
    if (!SLUICE_HAS(fault, text_size) || fault->text == NULL || fault->text_capacity == 0) return status;
    if (size > fault->text_capacity) size = fault->text_capacity;
    if (size != 0) memcpy(fault->text, text, (size_t)size);
    fault->text_size = (uint32_t)size;
    return status;
}

#endif
