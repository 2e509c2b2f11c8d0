#include "settle/known_dead.hpp"

#include <bit>
#include <functional>

namespace sluice {
namespace {

constexpr std::size_t bits_an_id = 16;  // one of 16 other messages is looked for without need

}  // namespace

void KnownDead::add(std::string_view id, std::string_view place) {
    const std::size_t size = id.size() + place.size();
    if (id.size() > UINT16_MAX || place.size() > UINT16_MAX || size > bytes_max_) return;
    if (bytes_.size() + size > bytes_max_) leave_out_older_half();
    letters_.push_back({static_cast<std::uint32_t>(bytes_.size()), static_cast<std::uint16_t>(id.size()),
                        static_cast<std::uint16_t>(place.size())});
    bytes_.append(id).append(place);
}

// The latest are those that a source may not have heard of.
void KnownDead::leave_out_older_half() {
    std::size_t first = letters_.size();
    while (first != 0 && bytes_.size() - letters_[first - 1].at <= bytes_max_ / 2) --first;
    const std::uint32_t from = first == letters_.size() ? static_cast<std::uint32_t>(bytes_.size()) : letters_[first].at;
    left_out_ += first;
    letters_.erase(letters_.begin(), letters_.begin() + static_cast<std::ptrdiff_t>(first));
    bytes_.erase(0, from);
    for (Letter& letter : letters_) letter.at -= from;
}

void KnownDead::finish() {
    std::ranges::sort(letters_, {}, [this](const Letter& letter) { return id_of(letter); });
    bits_.assign(std::bit_ceil(letters_.size() * bits_an_id / 64 + 1), 0);
    for (const Letter& letter : letters_) {
        const std::size_t bit = bit_of(id_of(letter));
        bits_[bit / 64] |= std::uint64_t{1} << (bit % 64);
    }
}

std::size_t KnownDead::bit_of(std::string_view id) const {
    return std::hash<std::string_view>()(id) & (bits_.size() * 64 - 1);
}

}  // namespace sluice
