// Saying a thing often enough to be heard and seldom enough to be read.
//
// Threads  one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// A state that is said once when it begins and once when it ends, with a gap between the two so that it does not flicker.
//
//   TwoWayNotice nearly_full(0.8, 0.5);
//   if (nearly_full.update(depth, capacity) == TwoWayNotice::Change::began) …
class TwoWayNotice {
public:
    enum class Change : std::uint8_t { none, began, ended };

    // Begins at or above `high`, ends below `low`; both are shares of the capacity.
    constexpr TwoWayNotice(double high, double low) : high_(high), low_(low) {}

    Change update(std::uint64_t depth, std::uint64_t capacity) {
        const double share = capacity == 0 ? 0.0 : static_cast<double>(depth) / static_cast<double>(capacity);
        if (!on_ && share >= high_) {
            on_ = true;
            return Change::began;
        }
        if (on_ && share < low_) {
            on_ = false;
            return Change::ended;
        }
        return Change::none;
    }
    bool on() const { return on_; }

private:
    const double high_;
    const double low_;
    bool on_ = false;
};

// At most one per period; the one that is said again says how many were not.
//
//   if (const auto left_out = once_a_second.pass(clock.now())) logger.warn("…{}", and_more(*left_out));
class RateLimit {
public:
    explicit constexpr RateLimit(std::int64_t period_ns = 1'000'000'000) : period_ns_(period_ns) {}

    // The number left out since the last one said, or nothing if this one is to be left out.
    std::optional<std::uint64_t> pass(std::int64_t now_ns) {
        if (said_ && now_ns - last_ns_ < period_ns_) {
            ++left_out_;
            return std::nullopt;
        }
        said_ = true;
        last_ns_ = now_ns;
        const std::uint64_t left_out = left_out_;
        left_out_ = 0;
        return left_out;
    }

private:
    const std::int64_t period_ns_;
    std::int64_t last_ns_ = 0;
    std::uint64_t left_out_ = 0;
    bool said_ = false;
};

// " (3 more like this)", or nothing.
inline std::string and_more(std::uint64_t left_out, std::string_view what = "like this") {
    if (left_out == 0) return {};
    return std::string(" (").append(std::to_string(left_out)).append(" more ").append(what).append(")");
}

}  // namespace sluice
