// A dead letter as one line of JSON, from which the message can be made again to the byte. docs/reference/dead-letters.md
// describes the format, which later versions may only add to.
//
// Threads  any; no state.
// Limits   at most about 4/3 of the message's bytes and a kilobyte: text that would grow more by escaping is written in base64.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/message.h"

namespace sluice {

// What the host knows of the end of a message, beside the message.
struct DeadLetterFacts {
    std::string_view pool;                // empty: no pool took it
    std::optional<std::uint32_t> worker;  // none: it met no worker
    bool has_key = false;                 // message.key is one, be it empty
    std::string_view error;               // cut at limits::fault_text_bytes
    std::uint32_t attempts = 0;           // times the handler was called for it
    std::int64_t first_received_ms = 0;   // Unix time
    std::int64_t dead_ms = 0;             // Unix time
    // Where it stood in its source, see sluice_identity; stream_size 0: the source has no positions, or tells none beyond
    // INT64_MAX.
    std::uint32_t stream_size = 0;
    std::uint64_t position = 0;
    std::uint64_t position_end = 0;
    bool has_ended = false;  // under this position its effects are committed, or its end is confirmed: a replay makes none
    std::string_view unpublished = {};  // as Failure::owed: a replay publishes this and does no more
};

// Without a line end, and with none inside. Of the message: id, source, key, message_key, subject, headers, body and
// enqueued_ms are read.
std::string dead_letter_record(const sluice_message& message, const DeadLetterFacts& facts);

}  // namespace sluice
