// A decimal number that stands in a text: of a thousand in a row only the last three digits differ, and those are looked up.
//
// Threads  one at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sluice::generate {

inline void write_three_digits(char* to, std::uint64_t number) {
    static constexpr auto texts = [] {
        std::array<std::array<char, 3>, 1000> all{};
        for (std::size_t i = 0; i < all.size(); ++i)
            all[i] = {static_cast<char>('0' + i / 100), static_cast<char>('0' + i / 10 % 10), static_cast<char>('0' + i % 10)};
        return all;
    }();
    std::memcpy(to, texts[number].data(), 3);
}

class Decimal {
public:
    Decimal() = default;
    // [text, text + digits) holds `value` already.
    Decimal(char* text, std::size_t digits, std::uint64_t value)
        : end_(text + digits),
          first_(digits > 3    ? value / 1000 * 1000
                 : digits == 3 ? 100
                               : value),
          last_(digits >= 3 ? value / 1000 * 1000 + 999 : value) {}

    // False: other digits than the last three would differ, and the text is to be written anew.
    bool set(std::uint64_t value) {
        if (value < first_ || value > last_) return false;
        if (first_ != last_) write_three_digits(end_ - 3, value % 1000);
        return true;
    }

private:
    char* end_ = nullptr;
    std::uint64_t first_ = 1;  // no number is in between
    std::uint64_t last_ = 0;
};

}  // namespace sluice::generate
