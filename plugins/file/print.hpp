// Fingerprints: what a file's bytes are recognised by when its name and number do not tell.
#pragma once

#include <cstdint>
#include <string_view>

#include "position.hpp"

namespace sluice::file {

std::uint64_t hash_of(std::string_view bytes);

// Of the file's first line that is not blank, with all before it, at most 1 KiB: the longest beginning that stays the same
// while the file grows. Only if that line has no end yet, it is of what there is; the position then remembers how much.
Print print_of_beginning(int descriptor);
// Whether that line has its end, or is so long that it does not matter: the print stays the same while the file grows.
bool beginning_is_complete(int descriptor);
// Of the first `size` bytes; of fewer if the file is shorter.
Print print_of_first(int descriptor, std::uint32_t size);
// Of the last bytes before `offset`, at most 64: they tell whether the part that was read is still the same.
Print print_before(int descriptor, std::uint64_t offset);

}  // namespace sluice::file
