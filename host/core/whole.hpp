// A struct that a plugin hands over, in this host's size.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace sluice {

// A plugin that was built against an older minor version may have a shorter struct, one built against a newer version a longer
// one: what it lacks is zero, what it has beyond is left out.
template <typename Struct>
Struct whole(const Struct& given) {
    Struct copy{};
    std::memcpy(&copy, &given, std::min<std::size_t>(given.struct_size, sizeof copy));
    return copy;
}

// Out of line: room for the copy is made only where there is one.
template <typename Struct, typename Use>
[[gnu::noinline]] auto with_whole_copy(const Struct& given, Use& use) {
    return use(whole(given));
}

// Calls `use` with the struct itself, or with such a copy of a shorter one.
template <typename Struct, typename Use>
auto with_whole(const Struct& given, Use&& use) {
    return given.struct_size >= sizeof given ? use(given) : with_whole_copy(given, use);
}

}  // namespace sluice
