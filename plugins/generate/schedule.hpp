// When each message is due: in bursts, at fixed times from the start, whatever was late before.
//
// Invariants  constant after construction; due() never falls
#pragma once

#include <cstdint>
#include <limits>

namespace sluice::generate {

class Schedule {
public:
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

    // rate 0: all is due at once.
    Schedule(double rate, std::uint64_t burst, std::int64_t start_ns)
        : interval_ns_(rate > 0 ? static_cast<double>(burst) * 1e9 / rate : 0),
          burst_(burst),
          start_ns_(start_ns) {}

    bool paced() const { return interval_ns_ > 0; }
    std::int64_t due_ns(std::uint64_t sequence) const {
        const double after = static_cast<double>(sequence / burst_) * interval_ns_;
        return after < 9e18 ? start_ns_ + static_cast<std::int64_t>(after) : never;
    }

private:
    double interval_ns_;
    std::uint64_t burst_;
    std::int64_t start_ns_;
};

}  // namespace sluice::generate
