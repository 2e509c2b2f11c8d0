// C++ values as parameters of a statement, and the columns of a row.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include "sluice/sdk/status.hpp"

namespace sluice::inline sdk {

// Integers, reals, booleans, anything that is a string_view (text), std::span<const std::byte> (blob), nullptr and std::nullopt
// (NULL), std::optional of all these. The bytes of texts and blobs are viewed, not copied.
inline sluice_value value(const sluice_value& given) {
    return given;
}

inline sluice_value value(std::nullptr_t) {
    return {SLUICE_VALUE_NULL, SLUICE_LIFE_CALL, {.integer = 0}};
}
inline sluice_value value(std::nullopt_t) {
    return value(nullptr);
}

template <std::same_as<bool> Boolean>
sluice_value value(Boolean given) {
    return {SLUICE_VALUE_BOOLEAN, SLUICE_LIFE_CALL, {.integer = given ? 1 : 0}};
}

template <std::integral Integer>
requires(!std::same_as<Integer, bool> && !std::same_as<Integer, char>) sluice_value value(Integer given) {
    if constexpr (std::unsigned_integral<Integer> && sizeof(Integer) >= sizeof(std::int64_t)) {
        if (given > static_cast<Integer>(std::numeric_limits<std::int64_t>::max()))
            throw Failure(SLUICE_INVALID, "a number is too large for a column: " + std::to_string(given));
    }
    return {SLUICE_VALUE_INTEGER, SLUICE_LIFE_CALL, {.integer = static_cast<std::int64_t>(given)}};
}

template <std::floating_point Real>
sluice_value value(Real given) {
    return {SLUICE_VALUE_REAL, SLUICE_LIFE_CALL, {.real = static_cast<double>(given)}};
}

template <typename Text>
requires std::convertible_to<const Text&, std::string_view> &&(!std::same_as<Text, std::nullptr_t>)sluice_value
    value(const Text& given) {
    return {SLUICE_VALUE_TEXT, SLUICE_LIFE_CALL, {.bytes = bytes(std::string_view(given))}};
}

inline sluice_value value(std::span<const std::byte> given) {
    return {SLUICE_VALUE_BLOB, SLUICE_LIFE_CALL, {.bytes = {reinterpret_cast<const char*>(given.data()), given.size()}}};
}

template <typename Inner>
sluice_value value(const std::optional<Inner>& given) {
    return given ? value(*given) : value(nullptr);
}

// One row of a query; valid inside the callback only.
class Row {
public:
    Row(const sluice_value* columns, std::uint32_t count) : columns_(columns), count_(count) {}

    std::uint32_t size() const { return count_; }
    const sluice_value& operator[](std::uint32_t column) const {
        if (column >= count_)
            throw Failure(SLUICE_INVALID, "the row has " + std::to_string(count_) + " columns, column " +
                                              std::to_string(column) + " was asked for");
        return columns_[column];
    }

    bool is_null(std::uint32_t column) const { return (*this)[column].type == SLUICE_VALUE_NULL; }
    std::int64_t integer(std::uint32_t column) const {  // of a real its whole part, or the nearest number of 64 bits
        const sluice_value& found = (*this)[column];
        if (found.type == SLUICE_VALUE_INTEGER || found.type == SLUICE_VALUE_BOOLEAN) return found.as.integer;
        return found.type == SLUICE_VALUE_REAL ? whole(found.as.real) : 0;
    }
    double real(std::uint32_t column) const {
        const sluice_value& found = (*this)[column];
        if (found.type == SLUICE_VALUE_REAL) return found.as.real;
        return found.type == SLUICE_VALUE_INTEGER ? static_cast<double>(found.as.integer) : 0;
    }
    std::string_view text(std::uint32_t column) const {  // blobs as well
        const sluice_value& found = (*this)[column];
        return found.type == SLUICE_VALUE_TEXT || found.type == SLUICE_VALUE_BLOB ? view(found.as.bytes) : std::string_view();
    }

private:
    static std::int64_t whole(double real) {
        constexpr double beyond = 9223372036854775808.0;  // 2^63, the first that does not fit
        if (real >= beyond) return std::numeric_limits<std::int64_t>::max();
        return real >= -beyond ? static_cast<std::int64_t>(real) : real < 0 ? std::numeric_limits<std::int64_t>::min() : 0;
    }

    const sluice_value* columns_;
    std::uint32_t count_;
};

}  // namespace sluice::inline sdk
