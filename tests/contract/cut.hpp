// A struct of the ABI that ends before one of its members.
#pragma once

#include <cstddef>
#include <ostream>

#include "sized.hpp"

namespace sluice::contract {

// What a test expects besides that nothing crashes: whether all works without what is missing.
struct Cut {
    const char* name;
    Sizes sizes;
    bool works = true;
};
inline std::ostream& operator<<(std::ostream& out, const Cut& cut) {
    return out << cut.name;
}
template <typename Struct>
Cut cut_at(const char* name, std::size_t at, bool works = true) {
    return {name, Sizes::cut<Struct>(static_cast<std::uint32_t>(at)), works};
}

#define CUT_BEFORE(type, member) cut_at<type>(#type "_before_" #member, offsetof(type, member))
#define CUT_SHORT(type, member) cut_at<type>(#type "_before_" #member, offsetof(type, member), false)

}  // namespace sluice::contract
