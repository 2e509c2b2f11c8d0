// What the operator wrote about the way of messages: as the configuration reads it and as the router takes it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

// least_loaded: no key, as with round_robin; which worker has the fewest messages only the dispatcher knows.
enum class RouteBy : std::uint8_t { pointer, header, id, body, message_key, round_robin, least_loaded };

// What happens to a message without the key.
struct MissingKey {
    enum class Then : std::uint8_t { round_robin, dead_letter, worker } then = Then::round_robin;
    std::uint32_t worker = 0;  // with Then::worker
};

struct RouteRules {
    RouteBy by = RouteBy::round_robin;
    std::string key;                                             // JSON pointer (RFC 6901), or the header's name
    std::vector<std::pair<std::string, std::uint32_t>> workers;  // key -> worker; others by hash
    std::uint32_t worker_count = 1;
    MissingKey missing;
};

// One pool of a source. It takes a message if all of `when` hold: JSON pointer -> the scalar's text, or an equal number.
struct PoolRules {
    std::vector<std::pair<std::string, std::string>> when;
    RouteRules route;
};

}  // namespace sluice
