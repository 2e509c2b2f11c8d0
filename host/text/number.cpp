#include "text/number.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "core/limits.hpp"

namespace sluice {
namespace {

constexpr std::size_t exponent_digits_max = 18;  // then sums with it fit 64 bits

std::size_t digits(std::string_view text, std::size_t at) {
    std::size_t count = 0;
    while (at + count < text.size() && is_digit(text[at + count])) ++count;
    return count;
}

// What stands behind the "e"; nothing if it has too many digits.
std::optional<std::int64_t> exponent_of(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    while (text.starts_with('0')) text.remove_prefix(1);
    if (text.size() > exponent_digits_max) return std::nullopt;
    std::int64_t exponent = 0;
    for (const char digit : text) exponent = exponent * 10 + (digit - '0');
    return negative ? -exponent : exponent;
}

}  // namespace

NumberForm number_form(std::string_view text) {
    std::size_t at = text.starts_with('-') ? 1 : 0;
    const std::size_t whole = digits(text, at);
    if (whole == 0 || (whole > 1 && text[at] == '0')) return NumberForm::none;
    const bool zero = text[at] == '0';
    at += whole;
    // Longer integers may end in zeros that are written as an exponent.
    if (at == text.size())
        return (zero && whole != at) || whole > limits::number_digits_plain ? NumberForm::other : NumberForm::canonical;
    if (text[at] == '.') {
        const std::size_t fraction = digits(text, ++at);
        if (fraction == 0) return NumberForm::none;
        at += fraction;
    }
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        ++at;
        if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
        const std::size_t exponent = digits(text, at);
        if (exponent == 0) return NumberForm::none;
        at += exponent;
    }
    return at == text.size() ? NumberForm::other : NumberForm::none;
}

std::string_view canonical_number(std::string_view number, std::string& scratch) {
    const bool negative = number.starts_with('-');
    const std::string_view mantissa = number.substr(negative, number.find_first_of("eE") - negative);
    const std::size_t exponent_at = negative + mantissa.size();
    const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
    const std::size_t first = mantissa.find_first_of("123456789");
    if (first == std::string_view::npos) return "0";
    const std::size_t last = mantissa.find_last_of("123456789");
    const auto exponent =
        exponent_at < number.size() ? exponent_of(number.substr(exponent_at + 1)) : std::optional<std::int64_t>(0);
    if (!exponent) return number;

    // The number is its significant digits, times ten to the power of `power`.
    scratch.assign(negative ? "-" : "");
    const std::size_t start = scratch.size();
    for (std::size_t at = first; at <= last; ++at)
        if (mantissa[at] != '.') scratch += mantissa[at];
    const auto size = static_cast<std::int64_t>(scratch.size() - start);
    const std::int64_t behind_point =
        static_cast<std::int64_t>(last) - static_cast<std::int64_t>(point) + (last < point ? 1 : 0);
    const std::int64_t power = *exponent - behind_point;
    const std::int64_t zeros = power >= 0 ? power : std::max<std::int64_t>(0, -power - size);
    if (zeros != 0 && size + zeros > static_cast<std::int64_t>(limits::number_digits_plain))
        return scratch.append("e").append(std::to_string(power));
    if (power >= 0) return scratch.append(static_cast<std::size_t>(power), '0');
    if (-power >= size) scratch.insert(start, static_cast<std::size_t>(zeros + 1), '0');  // one stands before the point
    return scratch.insert(scratch.size() - static_cast<std::size_t>(-power), 1, '.');
}

std::optional<std::string> other_spelling(std::string_view text) {
    std::string scratch;
    if (number_form(text) != NumberForm::other) return std::nullopt;
    std::string canonical(canonical_number(text, scratch));
    return canonical == text ? std::nullopt : std::optional(std::move(canonical));
}

double real_of(std::string_view number) {
    double real = 0;
    if (std::from_chars(number.data(), number.data() + number.size(), real).ec == std::errc()) return real;
    // Out of range is said of both ends; what is too small has a negative exponent in its canonical form.
    std::string scratch;
    const std::string_view form = canonical_number(number, scratch);
    const std::size_t exponent = form.find_first_of("eE");
    real = exponent != std::string_view::npos && form[exponent + 1] == '-' ? 0 : std::numeric_limits<double>::infinity();
    return number.starts_with('-') ? -real : real;
}

}  // namespace sluice
