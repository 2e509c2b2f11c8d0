// The one form of sentence in which a plugin is refused: its path, the reason, the remedy.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <string_view>

#include "core/error.hpp"

namespace sluice {

// `why` holds reason and remedy: "it is empty; build or copy it again".
inline Error refused(const std::filesystem::path& file, std::string_view why, ErrorKind kind = ErrorKind::invalid) {
    return {kind, fmt::format("plugin {} is refused: {}", file.native(), why)};
}

}  // namespace sluice
