// What a message must be like to be published: found out when a handler publishes it, where it still fails alone and before
// anything is committed.
//
// Threads  any; no state.
#pragma once

#include <cstdint>
#include <string>

#include "sluice/message.h"

namespace sluice {

// Why it cannot be; empty: it can. `target`: its name. `bytes_max`: of body, key, id and headers together, as the target said;
// 0 = it knows of no bound.
std::string why_not_publishable(const sluice_outgoing& message, const std::string& target, std::uint64_t bytes_max);

}  // namespace sluice
