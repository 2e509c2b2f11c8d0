// How a test ends a deferred message.
#pragma once

#include <string_view>

#include "sluice/host.h"

namespace sluice {

inline sluice_ending ending(sluice_verdict verdict, sluice_status status = SLUICE_OK, std::string_view text = {}) {
    sluice_ending made{};
    made.struct_size = sizeof made;
    made.verdict = verdict;
    made.status = status;
    made.text = {text.data(), text.size()};
    return made;
}

// Ends it, through the services.
inline sluice_status end(const sluice_host_api& api, sluice_host* host, sluice_ticket ticket, const sluice_ending& how) {
    return api.complete(host, ticket, &how);
}

}  // namespace sluice
