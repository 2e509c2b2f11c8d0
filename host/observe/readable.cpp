#include "observe/readable.hpp"

#include <fmt/format.h>

#include <cmath>

namespace sluice {
namespace {

// 1.23, 12.3, 123
std::string three_digits(double value) {
    if (value < 9.995) return fmt::format("{:.2f}", value);
    if (value < 99.95) return fmt::format("{:.1f}", value);
    return fmt::format("{:.0f}", value);
}

}  // namespace

std::string readable_duration(std::uint64_t ns) {
    const double value = static_cast<double>(ns);
    if (value < 999.5) return fmt::format("{}ns", ns);
    if (value < 999.5e3) return three_digits(value / 1e3) + "us";
    if (value < 999.5e6) return three_digits(value / 1e6) + "ms";
    if (value < 99.95e9) return three_digits(value / 1e9) + "s";
    const std::uint64_t seconds = static_cast<std::uint64_t>(std::llround(value / 1e9));
    if (seconds < 3600) return fmt::format("{}m {}s", seconds / 60, seconds % 60);
    return fmt::format("{}h {}m", seconds / 3600, seconds % 3600 / 60);
}

std::string readable_rate(double per_second) {
    if (per_second <= 0 || !std::isfinite(per_second)) return "0/s";
    if (per_second < 99.95) return three_digits(per_second) + "/s";
    if (per_second < 999.5) return fmt::format("{:.0f}/s", per_second);
    if (per_second < 999.5e3) return three_digits(per_second / 1e3) + "k/s";
    return three_digits(per_second / 1e6) + "M/s";
}

std::string readable_count(std::uint64_t count) {
    std::string text = fmt::format_int(count).str();
    for (std::size_t at = text.size(); at > 3;) {
        at -= 3;
        text.insert(at, ",");
    }
    return text;
}

}  // namespace sluice
