#include "observe/readable.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace sluice {
namespace {

TEST(Readable, ShowsDurationsWithTheirUnit) {
    EXPECT_EQ(readable_duration(0), "0ns");
    EXPECT_EQ(readable_duration(999), "999ns");
    EXPECT_EQ(readable_duration(1'000), "1.00us");
    EXPECT_EQ(readable_duration(1'234'567), "1.23ms");
    EXPECT_EQ(readable_duration(12'345'678), "12.3ms");
    EXPECT_EQ(readable_duration(123'456'789), "123ms");
    EXPECT_EQ(readable_duration(999'600'000), "1.00s") << "never 1000ms";
    EXPECT_EQ(readable_duration(9'996'000'000), "10.0s") << "never 10.00s";
    EXPECT_EQ(readable_duration(100'000'000'000), "1m 40s");
    EXPECT_EQ(readable_duration(3'599'600'000'000), "1h 0m");
    EXPECT_EQ(readable_duration(7'500'000'000'000), "2h 5m");
}

TEST(Readable, ShowsRates) {
    EXPECT_EQ(readable_rate(0), "0/s");
    EXPECT_EQ(readable_rate(-1), "0/s");
    EXPECT_EQ(readable_rate(std::numeric_limits<double>::quiet_NaN()), "0/s");
    EXPECT_EQ(readable_rate(0.5), "0.50/s");
    EXPECT_EQ(readable_rate(950), "950/s");
    EXPECT_EQ(readable_rate(12'345), "12.3k/s");
    EXPECT_EQ(readable_rate(7'100'000), "7.10M/s");
    EXPECT_EQ(readable_rate(25'000'000), "25.0M/s");
}

TEST(Readable, GroupsThousands) {
    EXPECT_EQ(readable_count(0), "0");
    EXPECT_EQ(readable_count(999), "999");
    EXPECT_EQ(readable_count(1'000), "1,000");
    EXPECT_EQ(readable_count(1'234'567), "1,234,567");
}

}  // namespace
}  // namespace sluice
