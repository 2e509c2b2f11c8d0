// A decimal number that stands in a text and counts up where it stands: of ten steps nine touch one character.
//
// Threads  one at a time.
// Errors   next: false when the number would need another digit; the text is then to be written anew.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice::generate {

class Decimal {
public:
    Decimal() = default;
    // [text, text + digits) holds `value` already.
    Decimal(char* text, std::size_t digits, std::uint64_t value) : first_(text), last_(text + digits - 1), value_(value) {}

    std::uint64_t value() const { return value_; }

    bool next() {
        char* at = last_;
        while (*at == '9') {
            if (at == first_) return false;
            --at;
        }
        ++*at;
        while (at != last_) *++at = '0';
        ++value_;
        return true;
    }

private:
    char* first_ = nullptr;
    char* last_ = nullptr;
    std::uint64_t value_ = 0;
};

}  // namespace sluice::generate
