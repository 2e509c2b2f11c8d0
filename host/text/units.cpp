#include "text/units.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>
#include <span>

namespace sluice {
namespace {

struct Scale {
    std::string_view name;
    std::int64_t factor;
};

// Smallest first.
constexpr std::array<Scale, 5> durations{{{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::array<Scale, 5> sizes{
    {{"B", 1}, {"KiB", 1ll << 10}, {"MiB", 1ll << 20}, {"GiB", 1ll << 30}, {"TiB", 1ll << 40}}};

std::optional<std::int64_t> parse(std::string_view text, std::span<const Scale> units, bool unit_needed) {
    if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;  // from_chars would take a minus sign
    std::int64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc()) return std::nullopt;
    const std::string_view name = text.substr(static_cast<std::size_t>(end - text.data()));
    if (name.empty() && !unit_needed) return number;
    for (const Scale& unit : units) {
        if (name != unit.name) continue;
        if (number > std::numeric_limits<std::int64_t>::max() / unit.factor) return std::nullopt;
        return number * unit.factor;
    }
    return std::nullopt;
}

std::string format(std::uint64_t value, std::span<const Scale> units) {
    std::size_t best = 0;
    for (std::size_t i = 0; i < units.size(); ++i)
        if (value != 0 && value % static_cast<std::uint64_t>(units[i].factor) == 0) best = i;
    return fmt::format("{}{}", value / static_cast<std::uint64_t>(units[best].factor), units[best].name);
}

}  // namespace

std::optional<std::int64_t> parse_duration_ms(std::string_view text) {
    return parse(text, durations, true);
}
std::optional<std::int64_t> parse_size_bytes(std::string_view text) {
    return parse(text, sizes, false);
}
std::string format_duration(std::int64_t ms) {
    return format(static_cast<std::uint64_t>(ms), durations);
}
std::string format_size(std::uint64_t bytes) {
    return format(bytes, sizes);
}
std::optional<Rate> parse_rate(std::string_view text) {
    constexpr std::string_view letters = "smh";
    if (text.size() < 3 || text[text.size() - 2] != '/' || letters.find(text.back()) == std::string_view::npos)
        return std::nullopt;
    const auto count = parse(text.substr(0, text.size() - 2), {}, false);
    if (!count || *count < 1 || *count > 1'000'000) return std::nullopt;
    return Rate{static_cast<std::uint64_t>(*count), *parse_duration_ms(std::string("1") + text.back())};
}
std::string format_rate(std::uint64_t count, std::int64_t period_ms) {
    return fmt::format("{}/{}", count, format_duration(period_ms).substr(1));
}
std::string counted(std::size_t count, std::string_view what) {
    return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

}  // namespace sluice
