#include "text/units.hpp"

#include <gtest/gtest.h>

#include <tuple>
#include <utility>

namespace sluice {
namespace {

TEST(Durations, AreAWholeNumberWithAUnit) {
    for (const auto& [text, ms] :
         {std::pair{"250ms", 250}, {"10s", 10'000}, {"5m", 300'000}, {"2h", 7'200'000}, {"1d", 86'400'000}, {"0s", 0}})
        EXPECT_EQ(parse_duration_ms(text), ms) << text;
}

TEST(Durations, NeedTheUnitAndNothingElse) {
    for (const auto* text : {"", "10", "s", "-1s", "+1s", "1.5s", "1 s", "10sec", "1us", "1m30s", "0x1s", "1S"})
        EXPECT_EQ(parse_duration_ms(text), std::nullopt) << text;
}

TEST(Durations, ThatDoNotFitIntoAnIntegerAreRefused) {
    EXPECT_EQ(parse_duration_ms("9223372036854775807ms"), INT64_MAX);
    EXPECT_EQ(parse_duration_ms("9223372036854775808ms"), std::nullopt);
    EXPECT_EQ(parse_duration_ms("9223372036854775807s"), std::nullopt);
}

TEST(Sizes, AreAWholeNumberOfBytesOrWithABinaryUnit) {
    for (const auto& [text, bytes] : {std::pair{"64KiB", 65'536ll},
                                      {"16MiB", 16'777'216ll},
                                      {"1GiB", 1ll << 30},
                                      {"2TiB", 2ll << 40},
                                      {"7B", 7ll},
                                      {"4096", 4096ll}})
        EXPECT_EQ(parse_size_bytes(text), bytes) << text;
}

TEST(Sizes, HaveNoDecimalUnits) {
    for (const auto* text : {"", "KiB", "64KB", "64k", "64 KiB", "-1B", "1.5MiB", "9999999TiB"})
        EXPECT_EQ(parse_size_bytes(text), std::nullopt) << text;
}

TEST(Rates, AreAWholeNumberAndAPeriod) {
    for (const auto& [text, count, period_ms] :
         {std::tuple{"100/s", 100u, 1'000}, {"50/m", 50u, 60'000}, {"1000000/h", 1'000'000u, 3'600'000}}) {
        const auto rate = parse_rate(text);
        ASSERT_TRUE(rate) << text;
        EXPECT_EQ(rate->count, count);
        EXPECT_EQ(rate->period_ms, period_ms);
        EXPECT_EQ(format_rate(rate->count, rate->period_ms), text);
    }
    for (const auto* text :
         {"", "/s", "100", "100/", "100/d", "100 /s", "100s", "0/s", "-1/s", "1.5/s", "1000001/s", "x/s", "1/ms"})
        EXPECT_FALSE(parse_rate(text)) << text;
}

TEST(Units, AreWrittenAsShortAsTheyReadBackEqual) {
    for (const auto* text : {"0ms", "250ms", "10s", "90s", "5m", "2h", "1d"})
        EXPECT_EQ(format_duration(*parse_duration_ms(text)), text);
    EXPECT_EQ(format_duration(120'000), "2m");
    for (const auto* text : {"0B", "1000B", "64KiB", "1025KiB", "16MiB", "1TiB"})
        EXPECT_EQ(format_size(static_cast<std::uint64_t>(*parse_size_bytes(text))), text);
}

}  // namespace
}  // namespace sluice
