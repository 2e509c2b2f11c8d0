#include "flow/sliding_rate.hpp"

#include <gtest/gtest.h>

#include "core/clock.hpp"

namespace sluice {
namespace {

TEST(SlidingRate, AllowsAsManyWithinThePeriodAsItSays) {
    SlidingRate rate(10, 1'000 * ns_per_ms);
    std::int64_t now = 5'000'000 * ns_per_ms;
    for (int i = 0; i < 10; ++i) {
        EXPECT_TRUE(rate.allows(now));
        rate.add(now += 50 * ns_per_ms);
    }
    EXPECT_FALSE(rate.allows(now));
}

TEST(SlidingRate, ForgetsWhatIsOlderThanThePeriod) {
    SlidingRate rate(2, 1'000 * ns_per_ms);
    const std::int64_t start = 7 * ns_per_ms;
    rate.add(start);
    rate.add(start + 900 * ns_per_ms);
    EXPECT_FALSE(rate.allows(start + 960 * ns_per_ms));
    EXPECT_TRUE(rate.allows(start + 1'001 * ns_per_ms));
    rate.add(start + 1'002 * ns_per_ms);
    EXPECT_FALSE(rate.allows(start + 1'002 * ns_per_ms));
    EXPECT_TRUE(rate.allows(start + 3'600'000 * ns_per_ms));
}

TEST(SlidingRate, SaysWhenTheSumMayBeLess) {
    SlidingRate rate(1, 320 * ns_per_ms);
    std::int64_t now = 100 * ns_per_ms;
    rate.add(now);
    int steps = 0;
    for (; !rate.allows(now); ++steps) {
        ASSERT_GT(rate.next_step_ns(), now);
        now = rate.next_step_ns();
    }
    EXPECT_EQ(steps, 32);
    EXPECT_EQ(now, 420 * ns_per_ms);
}

TEST(SlidingRate, OfZeroAllowsAll) {
    SlidingRate rate(0, ns_per_ms);
    for (int i = 0; i < 1'000; ++i) rate.add(1);
    EXPECT_TRUE(rate.allows(1));
}

}  // namespace
}  // namespace sluice
