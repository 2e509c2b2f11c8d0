// A dead letter's record read back: the message to the byte, and what the host knew of its end.
//
// Threads      any; no state.
// Errors       invalid: it is no record, says which member is wrong.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.hpp"

namespace sluice {

struct DeadLetter {
    // Where the message stood in a stream of its source, see sluice_identity.
    struct Delivery {
        std::uint32_t stream_size = 0;  // of the id, never more than there is
        std::uint64_t position = 0;
        std::uint64_t position_end = 0;
        bool has_ended = false;  // when it became a dead letter, its effects were committed or its end was confirmed
    };

    std::string id;
    std::string source;
    std::string pool;                     // empty: no pool took it
    std::optional<std::uint32_t> worker;  // none: it met no worker
    std::optional<std::string> key;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::string error;
    std::uint32_t attempts = 0;
    std::int64_t enqueued_ms = 0;
    std::int64_t first_received_ms = 0;
    std::int64_t dead_ms = 0;
    std::optional<Delivery> delivery{};  // none: its source has no positions, or an older version stored it
    std::string unpublished{};           // as Failure::owed
    std::string message_key{};           // the engine's own; empty: it had none
    std::string subject{};               // by which it came; empty: none is known
};

Result<DeadLetter> read_dead_letter(std::string_view record);

}  // namespace sluice
