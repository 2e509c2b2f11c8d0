// Text from and to the bytes of the plugin ABI.
#pragma once

#include <string>
#include <string_view>

#include "core/bytes.hpp"

namespace sluice {

inline std::string text(const sluice_bytes& bytes) {
    return std::string(view_of(bytes));
}

// A view: `text` has to stay.
inline sluice_bytes bytes(std::string_view text) {
    return {text.data(), text.size()};
}

}  // namespace sluice
