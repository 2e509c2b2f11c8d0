// What must hold of the bytes before yaml-cpp sees them.
//
// yaml-cpp 0.7 takes byte 0x04 for the end of the file and cuts what follows, passes invalid UTF-8 on, and guesses UTF-16
// and UTF-32 from zero bytes. A configuration is UTF-8 without control characters.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "text/node.hpp"
#include "text/problems.hpp"

namespace sluice {

// Line and column, from 1, to a mark.
using MarkMaker = std::function<Mark(std::uint32_t line, std::uint32_t column)>;

// False, and a problem, if the text is too large, is not UTF-8 or has control characters.
bool check_yaml_text(std::string_view text, const MarkMaker& mark_of, Problems& problems);

// yaml-cpp 0.7 takes the end of the file for the end of a quoted text if a line end comes before it, and so swallows all lines
// behind an unclosed quote. False if a quoted text begins at this place and does not end.
bool quote_is_closed(std::string_view text, std::uint32_t line, std::uint32_t column);

// The line itself, without its end; empty behind the last.
std::string_view line_of(std::string_view text, std::uint32_t line);

}  // namespace sluice
