// Messages that one submitter wants published to one target, in order, and what became of each.
//
// Ownership  the submitter's. From Target::submit() to done() the target has it: the submitter neither reads nor writes it and
//            keeps what the views point to unchanged. done() gives it back, and it may be submitted again.
// Threads    done() is called exactly once per submit, nearly always by the target's thread, and by the submitter's own, from
//            inside submit(), once the target has stopped. It must be light, may call submit(), and may free the batch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sluice/message.h"

namespace sluice {

struct PublishBatch {
    // SLUICE_OK: stored durably. SLUICE_STOPPED, SLUICE_FAILED: not known to be stored, for no fault of its own, so what it
    // belongs to must not be acked. Anything else: the target refuses this message, for the reason in `text`, and trying again
    // would not help. What passes by itself (unavailable, full) is never a result: the target tries again.
    struct Result {
        sluice_status status = SLUICE_OK;
        std::string text;
    };

    // The submitter's.
    std::vector<sluice_outgoing> messages;
    void (*done)(PublishBatch* batch) = nullptr;
    void* context = nullptr;

    // The target's answer, for the submitter to read in and after done().
    std::vector<Result> results;  // one per message
    std::uint32_t failed = 0;     // how many are not SLUICE_OK

    // The target's own.
    PublishBatch* next = nullptr;
    std::uint32_t open = 0;  // messages without a result
};

}  // namespace sluice
