// What the operator wrote about the way of messages, as the router takes it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

struct RouteRules {
    enum class By : std::uint8_t { pointer, header, id, body, message_key, round_robin };
    enum class Missing : std::uint8_t { round_robin, dead_letter, worker };

    By by = By::round_robin;
    std::string key;                                             // JSON pointer, or the header's name
    std::vector<std::pair<std::string, std::uint32_t>> workers;  // key -> worker; others by hash
    std::uint32_t worker_count = 1;
    Missing missing = Missing::round_robin;
    std::uint32_t missing_worker = 0;  // with Missing::worker
};

// One pool of a source. It takes a message if all of `when` hold: JSON pointer -> the scalar's text, or an equal number.
struct PoolRules {
    std::vector<std::pair<std::string, std::string>> when;
    RouteRules route;
};

}  // namespace sluice
