// One value of a message's JSON body, as message.json("/customer/id") finds it with the host's parser.
//
//   const auto id = message.json("/customer/id").string();
//   if (!id) return sluice::reject("the order has no /customer/id");
//   const double amount = message.json("/amount").real().value_or(0);
//
// Ownership  a small view; its text is valid until handle() returns.
// Errors     none: what is not of the type that is asked for is no value. A body that is no JSON has no values.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

#include "sluice/sdk/status.hpp"

namespace sluice::inline sdk {

class Json {
public:
    Json() = default;  // missing
    Json(std::uint32_t type, std::string_view text) : type_(type), text_(text) {}

    std::uint32_t type() const { return type_; }  // SLUICE_JSON_
    bool is_missing() const { return type_ == SLUICE_JSON_MISSING; }
    bool is_null() const { return type_ == SLUICE_JSON_NULL; }
    bool is_number() const { return type_ == SLUICE_JSON_NUMBER; }
    bool is_string() const { return type_ == SLUICE_JSON_STRING; }
    bool is_array() const { return type_ == SLUICE_JSON_ARRAY; }
    bool is_object() const { return type_ == SLUICE_JSON_OBJECT; }

    // A string's characters, unescaped.
    std::optional<std::string_view> string() const { return when(is_string(), text_); }
    // Any scalar as text: a string as above, a number exactly as written, "true" or "false".
    std::optional<std::string_view> text() const {
        return when(is_string() || is_number() || type_ == SLUICE_JSON_BOOLEAN, text_);
    }
    // A number that is written as a whole one and fits.
    std::optional<std::int64_t> integer() const { return number<std::int64_t>(); }
    // A number, to the nearest double: zero if it is too small for one. None if it is too large.
    std::optional<double> real() const {
        if (const auto real = number<double>()) return real;
        if (!is_number() || !is_below_one(text_)) return std::nullopt;
        return text_.starts_with('-') ? -0.0 : 0.0;
    }
    std::optional<bool> boolean() const { return when(type_ == SLUICE_JSON_BOOLEAN, text_ == "true"); }

private:
    template <typename Value>
    static std::optional<Value> when(bool is_so, Value value) {
        return is_so ? std::optional<Value>(value) : std::nullopt;
    }
    template <typename Number>
    std::optional<Number> number() const {
        if (!is_number()) return std::nullopt;
        Number value{};
        const char* const end = text_.data() + text_.size();
        const auto [stopped, error] = std::from_chars(text_.data(), end, value);
        return when(error == std::errc() && stopped == end, value);
    }

    // Out of range is said of both ends. Where the first digit that counts stands, seen from the point, tells which it is.
    static bool is_below_one(std::string_view number) {
        const std::size_t mark = std::min(number.find_first_of("eE"), number.size());
        const std::string_view mantissa = number.substr(0, mark);
        const std::size_t first = mantissa.find_first_of("123456789");
        if (first == std::string_view::npos) return true;
        const auto distance =
            static_cast<std::int64_t>(std::min(mantissa.find('.'), mantissa.size())) - static_cast<std::int64_t>(first);
        std::int64_t exponent = 0;
        bool is_negative = false;
        for (const char c : number.substr(mark)) {
            if (c == '-') is_negative = true;
            if (c >= '0' && c <= '9') exponent = std::min<std::int64_t>(exponent * 10 + (c - '0'), exponent_max);
        }
        return distance + (is_negative ? -exponent : exponent) <= 0;
    }
    static constexpr std::int64_t exponent_max = 1'000'000'000'000'000;  // longer than any body

    std::uint32_t type_ = SLUICE_JSON_MISSING;
    std::string_view text_;
};

}  // namespace sluice::inline sdk
