#include "number.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace sluice::sql {
namespace {

constexpr std::int64_t exponent_max = 1'000'000'000'000;  // further out than any body has digits

std::size_t digits(std::string_view text) {
    return std::min(text.find_first_not_of("0123456789"), text.size());
}

// RFC 8259, section 6, in its parts; `valid` if nothing else stands there.
struct Parts {
    std::string_view whole, fraction;
    std::int64_t exponent = 0;  // cut at exponent_max
    bool is_integer = true;
    bool valid = false;

    explicit Parts(std::string_view text) {
        if (text.starts_with('-')) text.remove_prefix(1);
        whole = take_digits(text);
        if (whole.empty() || (whole.size() > 1 && whole[0] == '0')) return;
        if (text.starts_with('.')) {
            text.remove_prefix(1);
            is_integer = false;
            fraction = take_digits(text);
            if (fraction.empty()) return;
        }
        if (text.starts_with('e') || text.starts_with('E')) {
            text.remove_prefix(1);
            is_integer = false;
            const bool negative = text.starts_with('-');
            if (negative || text.starts_with('+')) text.remove_prefix(1);
            const std::string_view power = take_digits(text);
            if (power.empty()) return;
            for (const char digit : power) exponent = std::min(exponent * 10 + (digit - '0'), exponent_max);
            if (negative) exponent = -exponent;
        }
        valid = text.empty();
    }

    // Of a number that is not zero: is it less than 1?
    bool is_small() const {
        const auto size = static_cast<std::int64_t>(whole.size());
        if (whole[0] != '0') return size + exponent <= 0;
        return exponent <= static_cast<std::int64_t>(std::min(fraction.find_first_not_of('0'), fraction.size()));
    }

private:
    static std::string_view take_digits(std::string_view& text) {
        const std::string_view taken = text.substr(0, digits(text));
        text.remove_prefix(taken.size());
        return taken;
    }
};

}  // namespace

Number read_number(std::string_view token) {
    Number number;
    const Parts parts(token);
    const char* const end = token.data() + token.size();
    if (!parts.valid) {
        number.wrong = "is no number of JSON";
    } else if (parts.is_integer) {
        number.value.type = SLUICE_VALUE_INTEGER;
        if (std::from_chars(token.data(), end, number.value.as.integer).ec != std::errc())
            number.wrong = "is an integer of more than 64 bits, which reach from -9223372036854775808 to 9223372036854775807";
    } else {
        number.value.type = SLUICE_VALUE_REAL;
        // Out of range is said of what is too small, too; the value is left alone then.
        number.value.as.real = token[0] == '-' ? -0.0 : 0.0;
        if (std::from_chars(token.data(), end, number.value.as.real).ec != std::errc() && !parts.is_small())
            number.wrong = "is larger than a number of 64 bits can be, about 1.8e308";
    }
    return number;
}

}  // namespace sluice::sql
