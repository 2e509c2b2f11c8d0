#include "tune/advice.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

constexpr std::uint64_t ms = 1'000'000;
using Values = std::vector<std::uint32_t>;

TuneFigures figures(TuneSetting setting, double per_second, std::uint64_t p99_ns) {
    return {setting, 1'000, per_second, p99_ns / 2, p99_ns};
}

TEST(TuneAdvice, TakesTheLowestP99OfTheFastOnes) {
    const TuneFigures all[] = {figures({10, 64, 1000}, 100'000, 80 * ms), figures({10, 64, 100}, 96'000, 9 * ms),
                               figures({10, 16, 100}, 94'000, 2 * ms)};
    EXPECT_EQ(recommended(all).setting, (TuneSetting{10, 64, 100})) << "the last one is more than 5 % slower";
}

TEST(TuneAdvice, TakesFewerWorkersWhereTheyCostLessThanATenth) {
    const TuneFigures all[] = {figures({20, 64, 1000}, 100'000, 20 * ms), figures({5, 64, 1000}, 97'000, 21 * ms),
                               figures({2, 64, 1000}, 98'000, 23 * ms)};
    EXPECT_EQ(recommended(all).setting, (TuneSetting{5, 64, 1000}));
}

TEST(TuneAdvice, TakesTheOnlyOneThereIs) {
    const TuneFigures all[] = {figures({1, 1, 1}, 1, ms)};
    EXPECT_EQ(recommended(all).setting, (TuneSetting{1, 1, 1}));
}

TEST(TuneAdvice, TriesValuesOnBothSidesWithinTheirBounds) {
    EXPECT_EQ(values_around(64, 4, 65'536), (Values{16, 64, 256}));
    EXPECT_EQ(values_around(1, 2, 256), (Values{1, 2})) << "half of one is one, too";
    EXPECT_EQ(values_around(256, 2, 256), (Values{128, 256}));
}

TEST(TuneAdvice, HoldsWhatABurstLeaves) {
    const TuneSetting setting{10, 64, 1000};
    const QueueNeed need = queue_need(50'000, 30'000, 2, setting);
    EXPECT_EQ(need.messages, 40'000u);
    EXPECT_EQ(need.capacity, 4'000u);
    const std::string said = explain(need, 50'000, 30'000, 2, setting);
    EXPECT_NE(said.find("(50.0k/s - 30.0k/s) x 2.00s = 40,000 messages"), std::string::npos) << said;
    EXPECT_NE(said.find("queue.capacity 4000"), std::string::npos) << said;
}

TEST(TuneAdvice, NeedsTwoBatchesWhereNoQueueGrows) {
    const TuneSetting setting{10, 64, 1000};
    const QueueNeed need = queue_need(30'000, 50'000, 2, setting);
    EXPECT_EQ(need.messages, 0u);
    EXPECT_EQ(need.capacity, 128u);
    EXPECT_NE(explain(need, 30'000, 50'000, 2, setting).find("no queue grows"), std::string::npos);
}

TEST(TuneAdvice, SaysWhereABurstIsMoreThanAQueueCanHold) {
    const TuneSetting setting{1, 64, 1000};
    const QueueNeed need = queue_need(1e9, 1, 3600, setting);
    EXPECT_EQ(need.capacity, 1u << 20);
    EXPECT_NE(explain(need, 1e9, 1, 3600, setting).find("as far as a queue can"), std::string::npos);
}

}  // namespace
}  // namespace sluice
