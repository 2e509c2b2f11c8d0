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
};

Result<DeadLetter> read_dead_letter(std::string_view record);

}  // namespace sluice
