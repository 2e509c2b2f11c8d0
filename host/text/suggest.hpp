// "did you mean ...?": the nearest of the names there are.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sluice {

// The candidate that is a slip of the pen away from `name` (letters left out, added, changed or swapped, more of them the
// longer the name), or an empty text.
std::string nearest(std::string_view name, std::span<const std::string> candidates);

// "; did you mean "workers"?", or an empty text if nothing is near.
std::string did_you_mean(std::string_view name, std::span<const std::string> candidates);

// As did_you_mean, but if nothing is near: "; there are a, b and c" or "; there are none".
std::string did_you_mean_or_list(std::string_view name, std::span<const std::string> candidates);

// "a, b and c"
std::string spoken_list(std::span<const std::string> names, std::string_view last_word = "and");

}  // namespace sluice
