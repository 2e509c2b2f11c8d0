// Does a rate allow one more event? Counted over a window that slides in steps of a thirty-second of the period.
//
// Threads      one.
// Units        times in nanoseconds of the monotonic clock, never going back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace sluice {

class SlidingRate {
public:
    // `max` events a `period_ns`; 0 = as many as there are.
    SlidingRate(std::uint64_t max, std::int64_t period_ns)
        : max_(max),
          step_ns_(period_ns / steps > 0 ? period_ns / steps : 1) {}

    void add(std::int64_t now_ns) {
        if (max_ == 0) return;
        slide(now_ns);
        ++counts_[static_cast<std::size_t>(at_ % steps)];
        ++sum_;
    }
    bool allows(std::int64_t now_ns) {
        if (max_ == 0 || sum_ < max_) return true;
        slide(now_ns);
        return sum_ < max_;
    }
    // When the sum may be less than at the last look.
    std::int64_t next_step_ns() const { return (at_ + 1) * step_ns_; }

private:
    static constexpr std::int64_t steps = 32;

    void slide(std::int64_t now_ns) {
        const std::int64_t at = now_ns / step_ns_;
        for (; at_ < at && sum_ != 0; ++at_) {
            std::uint64_t& oldest = counts_[static_cast<std::size_t>((at_ + 1) % steps)];
            sum_ -= oldest;
            oldest = 0;
        }
        at_ = at;
    }

    std::uint64_t max_;
    std::int64_t step_ns_;
    std::array<std::uint64_t, steps> counts_{};
    std::uint64_t sum_ = 0;
    std::int64_t at_ = 0;  // the step that now is in
};

}  // namespace sluice
