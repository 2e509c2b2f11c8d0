// Failure (of the SDK) with the system's own words.
#pragma once

#include <string>
#include <system_error>

#include "sluice/sdk/status.hpp"

namespace sluice::file {

inline std::string reason(int error) {
    return std::generic_category().message(error);
}

}  // namespace sluice::file
