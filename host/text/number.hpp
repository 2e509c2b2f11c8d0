// Numbers of JSON (RFC 8259, section 6) as text, and the one text that equal numbers have in common.
//
// Decimal digits are moved, never converted: integers of 30 digits stay distinct, and no rounding makes two numbers equal.
//
// Threads      any; no state.
// Limits       a canonical form is no longer than the number itself or limits::number_digits_plain digits with sign and point.
//              Exponents of more than 18 digits are left as they are written, so equal numbers of that size may differ.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// `canonical`: its text is its canonical form already, as that of all integers of ordinary length.
enum class NumberForm : std::uint8_t { none, canonical, other };

constexpr bool is_digit(char letter) {
    return letter >= '0' && letter <= '9';
}

NumberForm number_form(std::string_view text);

// The one form of a number: no fraction or exponent that says nothing ("1.50" -> "1.5", "1.0" and "10e-1" -> "1"), no sign of
// zero, and no exponent ("1e3" -> "1000") unless zeros would make it longer than limits::number_digits_plain digits: then the
// digits without trailing zeros and an exponent of ten ("1.0E400" -> "1e400"). A view of `number` or of `scratch`, which are
// different strings.
std::string_view canonical_number(std::string_view number, std::string& scratch);

// The canonical form of a text that is a number and not written so; else nothing.
std::optional<std::string> other_spelling(std::string_view text);

// The nearest real of 64 bits, ties to even; infinite or zero if there is none near.
double real_of(std::string_view number);

}  // namespace sluice
