#include "observe/notice.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using Change = TwoWayNotice::Change;

TEST(TwoWayNotice, IsSaidOnceEachWay) {
    TwoWayNotice nearly_full(0.8, 0.5);
    EXPECT_EQ(nearly_full.update(799, 1000), Change::none);
    EXPECT_EQ(nearly_full.update(800, 1000), Change::began);
    EXPECT_EQ(nearly_full.update(1000, 1000), Change::none);
    EXPECT_EQ(nearly_full.update(700, 1000), Change::none) << "between the two marks";
    EXPECT_EQ(nearly_full.update(900, 1000), Change::none) << "has not ended meanwhile";
    EXPECT_EQ(nearly_full.update(500, 1000), Change::none);
    EXPECT_EQ(nearly_full.update(499, 1000), Change::ended);
    EXPECT_EQ(nearly_full.update(0, 1000), Change::none);
    EXPECT_EQ(nearly_full.update(801, 1000), Change::began);
    EXPECT_TRUE(nearly_full.on());
}

TEST(TwoWayNotice, IsSilentAboutACapacityOfNothing) {
    TwoWayNotice notice(0.8, 0.5);
    EXPECT_EQ(notice.update(5, 0), Change::none);
}

TEST(RateLimit, LetsOneASecondPassAndCountsTheRest) {
    RateLimit once_a_second;
    EXPECT_EQ(once_a_second.pass(-7), 0u);
    EXPECT_EQ(once_a_second.pass(0), std::nullopt);
    EXPECT_EQ(once_a_second.pass(999'999'992), std::nullopt);
    EXPECT_EQ(once_a_second.pass(999'999'993), 2u);
    EXPECT_EQ(once_a_second.pass(5'000'000'000), 0u);
}

TEST(AndMore, SaysNothingOfNone) {
    EXPECT_EQ(and_more(0), "");
    EXPECT_EQ(and_more(3), " (3 more like this)");
    EXPECT_EQ(and_more(1, "times"), " (1 more times)");
}

}  // namespace
}  // namespace sluice
