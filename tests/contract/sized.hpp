// Structs of the ABI as a host of another age would hand them over: shorter than this header knows them, or longer.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <typeindex>

#include "page.hpp"

namespace sluice::contract {

struct Size {
    std::uint32_t cut = 0;  // ends there; 0: where the header ends it
    bool is_larger = false;

    static constexpr std::uint32_t tail = 64;

    template <typename Struct>
    std::uint32_t bytes() const {
        return is_larger ? sizeof(Struct) + tail : cut != 0 ? cut : static_cast<std::uint32_t>(sizeof(Struct));
    }
};

// Which structs cross in a size that is not the header's.
class Sizes {
public:
    static Sizes all_larger() {
        Sizes sizes;
        sizes.otherwise_.is_larger = true;
        return sizes;
    }
    template <typename Struct>
    static Sizes cut(std::uint32_t at) {
        Sizes sizes;
        sizes.by_type_[typeid(Struct)].cut = at;
        return sizes;
    }
    template <typename Struct>
    Size of() const {
        const auto found = by_type_.find(typeid(Struct));
        return found == by_type_.end() ? otherwise_ : found->second;
    }

private:
    std::map<std::type_index, Size> by_type_;
    Size otherwise_;
};

// One struct, which ends at the end of a page. What a larger one has beyond the header is garbage.
template <typename Struct>
class Sized {
public:
    explicit Sized(const Struct& value, Size size = {}) : bytes_(size.bytes<Struct>()), page_(bytes_) {
        std::memset(page_.begin(), garbage, bytes_);
        std::memcpy(page_.begin(), &value, std::min<std::size_t>(bytes_, sizeof value));
        std::memcpy(page_.begin(), &bytes_, sizeof bytes_);  // struct_size is the first member of each
    }
    Sized(const Struct& value, const Sizes& sizes) : Sized(value, sizes.of<Struct>()) {}

    Struct* get() const { return reinterpret_cast<Struct*>(page_.begin()); }
    // What is in it; what it lacks is zero.
    Struct value() const {
        Struct value{};
        std::memcpy(&value, page_.begin(), std::min<std::size_t>(bytes_, sizeof value));
        return value;
    }
    // Whether the callee has kept its hands off what it cannot know.
    bool is_intact() const {
        std::uint32_t size = 0;
        std::memcpy(&size, page_.begin(), sizeof size);
        bool is_intact = size == bytes_;
        for (std::size_t at = sizeof(Struct); at < bytes_; ++at) is_intact &= page_.begin()[at] == garbage;
        return is_intact;
    }

private:
    static constexpr char garbage = '\x5a';

    const std::uint32_t bytes_;
    const Page page_;
};

}  // namespace sluice::contract
