#include "run/processors.hpp"

#include <gtest/gtest.h>

#include "core/clock.hpp"

namespace sluice {
namespace {

TEST(Processors, HaveOneFreeUntilTheProcessUsesMoreThanAllButHalfOfOne) {
    Processors two(2);
    EXPECT_TRUE(two.has_free()) << "nothing is known yet";
    two.look(1 * ns_per_ms, 0);
    two.look(2 * ns_per_ms, 2 * ns_per_ms);
    EXPECT_FALSE(two.has_free());
    two.look(3 * ns_per_ms, 2 * ns_per_ms + 1'600'000);
    EXPECT_FALSE(two.has_free());
    two.look(4 * ns_per_ms, 3 * ns_per_ms + 1'600'000);
    EXPECT_TRUE(two.has_free());
}

TEST(Processors, TakeLooksThatFollowAtOnceForOne) {
    Processors one(1);
    one.look(1 * ns_per_ms, 0);
    one.look(2 * ns_per_ms, 1 * ns_per_ms);
    EXPECT_FALSE(one.has_free());
    one.look(2 * ns_per_ms + 1'000, 1 * ns_per_ms);
    EXPECT_FALSE(one.has_free()) << "in a microsecond the process may well have been off the processor";
    one.look(3 * ns_per_ms, 1 * ns_per_ms);
    EXPECT_TRUE(one.has_free());
}

}  // namespace
}  // namespace sluice
