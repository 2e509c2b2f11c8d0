#include "core/clock.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(FakeClock, StandsStillUntilItIsMovedAndMovesBothReadings) {
    FakeClock clock(5, 1000);
    EXPECT_EQ(clock.now(), 5);
    EXPECT_EQ(clock.wall_ms(), 1000);
    clock.advance(std::chrono::milliseconds(7));
    EXPECT_EQ(clock.now(), 7'000'005);
    EXPECT_EQ(clock.wall_ms(), 1007);
}

TEST(SystemClock, NeverGoesBackAndKnowsTheYear) {
    const SystemClock clock;
    const auto before = clock.now();
    EXPECT_GE(clock.now(), before);
    EXPECT_GT(clock.wall_ms(), 1'600'000'000'000);
}

}  // namespace
}  // namespace sluice
