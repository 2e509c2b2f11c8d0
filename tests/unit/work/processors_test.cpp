#include "work/processors.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

constexpr std::int64_t ms = 1'000'000;

TEST(Processors, HaveOneFreeUntilTheProcessUsesMoreThanAllButHalfOfOne) {
    Processors two(2);
    EXPECT_TRUE(two.has_free()) << "nothing is known yet";
    two.look(1 * ms, 0);
    two.look(2 * ms, 2 * ms);
    EXPECT_FALSE(two.has_free());
    two.look(3 * ms, 2 * ms + 1'600'000);
    EXPECT_FALSE(two.has_free());
    two.look(4 * ms, 3 * ms + 1'600'000);
    EXPECT_TRUE(two.has_free());
}

TEST(Processors, TakeLooksThatFollowAtOnceForOne) {
    Processors one(1);
    one.look(1 * ms, 0);
    one.look(2 * ms, 1 * ms);
    EXPECT_FALSE(one.has_free());
    one.look(2 * ms + 1'000, 1 * ms);
    EXPECT_FALSE(one.has_free()) << "in a microsecond the process may well have been off the processor";
    one.look(3 * ms, 1 * ms);
    EXPECT_TRUE(one.has_free());
}

}  // namespace
}  // namespace sluice
