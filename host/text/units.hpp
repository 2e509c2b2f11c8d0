// Durations, sizes and counts as a person writes them: 250ms, 10s, 5m; 64KiB, 16MiB; 1 source, 2 sources.
//
// Threads      any; no state.
// Limits       a value that does not fit into 63 bits is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

inline constexpr std::string_view duration_form = "a whole number with ms, s, m, h or d, for example 250ms";
inline constexpr std::string_view size_form = "a whole number with B, KiB, MiB, GiB or TiB, for example 64KiB";

inline constexpr std::string_view rate_form = "a whole number, 1 to 1000000, with /s, /m or /h, for example 100/s";

std::optional<std::int64_t> parse_duration_ms(std::string_view text);
std::optional<std::int64_t> parse_size_bytes(std::string_view text);  // digits alone are bytes

struct Rate {
    std::uint64_t count = 0;
    std::int64_t period_ms = 0;
};
// At least 1, at most a million.
std::optional<Rate> parse_rate(std::string_view text);
std::string format_rate(std::uint64_t count, std::int64_t period_ms);

// The shortest text that reads back as the same value.
std::string format_duration(std::int64_t ms);
std::string format_size(std::uint64_t bytes);
// "1 source", "2 sources".
std::string counted(std::size_t count, std::string_view what);

}  // namespace sluice
