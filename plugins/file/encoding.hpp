// Input that no line can be read from as it is: compressed, or in an encoding whose line ends are other bytes.
#pragma once

#include <string>
#include <string_view>

#include "sluice/sdk/status.hpp"

namespace sluice::file {

inline constexpr std::size_t telling_bytes = 16;  // of a beginning: enough to know all of them by

// Throws Failure(status) with the remedy if the input that begins like this is one of them. `name` = of the input, for people.
void refuse_foreign(std::string_view beginning, const std::string& name, sluice_status status);
// The same for a file.
bool is_foreign_file(int descriptor);
void refuse_foreign_file(int descriptor, const std::string& name, sluice_status status);

}  // namespace sluice::file
