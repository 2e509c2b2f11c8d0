#include "core/saturating.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

TEST(Saturating, AddsAndSubtractsWhatFits) {
    EXPECT_EQ(saturating_add(2, 3), 5);
    EXPECT_EQ(saturating_add(-2, 3), 1);
    EXPECT_EQ(saturating_subtract(2, 3), -1);
    EXPECT_EQ(saturating_subtract(-2, -3), 1);
    EXPECT_EQ(saturating_subtract(most, most), 0);
    EXPECT_EQ(saturating_subtract(least, least), 0);
}

TEST(Saturating, StopsAtTheEndsInsteadOfWrappingRound) {
    EXPECT_EQ(saturating_add(1, most), most);
    EXPECT_EQ(saturating_add(most, 1), most);
    EXPECT_EQ(saturating_add(-1, least), least);
    EXPECT_EQ(saturating_add(least, -1), least);
    EXPECT_EQ(saturating_subtract(0, least), most);
    EXPECT_EQ(saturating_subtract(1'700'000'000'000, least), most);
    EXPECT_EQ(saturating_subtract(-2, most), least);
}

}  // namespace
}  // namespace sluice
