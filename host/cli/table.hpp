// Text in columns, for people.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

using TableRow = std::vector<std::string>;

// Columns as wide as their widest cell, two spaces apart; the last one is left ragged. Columns named in `numbers` are aligned
// to the right. All rows have as many cells as the first.
std::string aligned(const std::vector<TableRow>& rows, const std::vector<std::size_t>& numbers = {});

// Characters of UTF-8, which is what a terminal shows in one cell each, nearly always.
std::size_t shown_width(std::string_view text);
// One line without control characters, cut with an ellipsis where it is wider.
std::string cut_to(std::string_view text, std::size_t width);
// The same, with the ellipsis in the middle: for ids, which differ at their ends.
std::string cut_middle(std::string_view text, std::size_t width);

// "2026-11-22 00:24:46", local time; "-" for 0.
std::string shown_time(std::int64_t unix_ms);
// "3 s", "5 m", "2 h", "4 d": one unit is enough to judge an age.
std::string shown_age(std::int64_t ms);

}  // namespace sluice
