#include "unit/connection.hpp"

#include <utility>

namespace sluice {

Result<void> Connection::open() {
    if (port_ != nullptr) return {};
    auto connected = database().connect(ended_);
    if (!connected) return std::move(connected).error();
    port_ = std::move(connected).value();
    return {};
}

void Connection::note(sluice_status status, std::string_view text) const {
    if (status == SLUICE_UNAVAILABLE)
        circuit().away(text);
    else if (is_for_good(status))
        circuit().fail(text);
}

}  // namespace sluice
