#include "observe/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <thread>

namespace sluice {
namespace {

TEST(Histogram, IsExactOnValuesThatHaveABucketOfTheirOwn) {
    Histogram histogram;
    for (int value = 1; value <= 50; ++value) histogram.record(value);
    const auto snapshot = histogram.snapshot();
    EXPECT_EQ(snapshot.count(), 50u);
    EXPECT_EQ(snapshot.percentile(0), 1u);
    EXPECT_EQ(snapshot.percentile(2), 1u);
    EXPECT_EQ(snapshot.percentile(50), 25u);
    EXPECT_EQ(snapshot.percentile(98), 49u);
    EXPECT_EQ(snapshot.percentile(99), 50u);
    EXPECT_EQ(snapshot.percentile(100), 50u);
    EXPECT_EQ(snapshot.max(), 50u);
}

TEST(Histogram, DoesNotRoundARankUpThatIsWhole) {
    Histogram histogram;
    histogram.record(10, 990);
    histogram.record(20, 10);
    EXPECT_EQ(histogram.snapshot().percentile(99), 10u);
    EXPECT_EQ(histogram.snapshot().percentile(99.1), 20u);
}

TEST(Histogram, HasBucketsWithoutGapsOrOverlaps) {
    for (std::size_t bucket = 0; bucket + 1 < histogram::buckets; ++bucket) {
        EXPECT_EQ(histogram::bucket_of(histogram::lowest_of(bucket)), bucket);
        EXPECT_EQ(histogram::bucket_of(histogram::highest_of(bucket)), bucket);
        EXPECT_EQ(histogram::highest_of(bucket) + 1, histogram::lowest_of(bucket + 1));
    }
    EXPECT_EQ(histogram::bucket_of((1ull << 47) - 1), histogram::buckets - 1);
    EXPECT_EQ(histogram::bucket_of(~0ull), histogram::buckets - 1);
}

TEST(Histogram, IsWithinTwoPercentOfTheTruthFromNanosecondsToHours) {
    std::mt19937_64 random(7);
    std::uniform_real_distribution<double> exponent(0, std::log2(3600e9 * 10));
    std::vector<std::uint64_t> values;
    Histogram histogram;
    for (int i = 0; i < 20'000; ++i) {
        values.push_back(static_cast<std::uint64_t>(std::exp2(exponent(random))));
        histogram.record(static_cast<std::int64_t>(values.back()));
    }
    std::sort(values.begin(), values.end());
    const auto snapshot = histogram.snapshot();
    for (const double percent : {1.0, 10.0, 50.0, 90.0, 99.0, 99.9}) {
        const auto truth = static_cast<double>(values[static_cast<std::size_t>(std::ceil(percent / 100 * 20'000)) - 1]);
        EXPECT_NEAR(static_cast<double>(snapshot.percentile(percent)), truth, truth * 0.016 + 0.5) << percent;
    }
    EXPECT_EQ(snapshot.max(), values.back());
}

TEST(Histogram, CountsWhatIsOutOfRangeAtItsEnds) {
    Histogram histogram;
    histogram.record(-5);
    histogram.record(std::int64_t{1} << 60);
    EXPECT_EQ(histogram.snapshot().count(), 2u);
    EXPECT_EQ(histogram.snapshot().percentile(50), 0u);
    EXPECT_EQ(histogram.snapshot().max(), 1ull << 60);
}

TEST(Histogram, AnswersZeroWhenEmpty) {
    EXPECT_EQ(Histogram().snapshot().percentile(99), 0u);
    EXPECT_EQ(HistogramSnapshot().percentile(99), 0u);
    EXPECT_EQ(HistogramSnapshot().max(), 0u);
}

TEST(Histogram, MergesAsIfOneHadRecordedAll) {
    Histogram low;
    Histogram high;
    low.record(10, 3);
    high.record(40, 1);
    HistogramSnapshot both;
    both.merge(low.snapshot());
    both.merge(high.snapshot());
    both.merge(HistogramSnapshot());
    EXPECT_EQ(both.count(), 4u);
    EXPECT_EQ(both.percentile(75), 10u);
    EXPECT_EQ(both.percentile(76), 40u);
    EXPECT_EQ(both.max(), 40u);
}

TEST(Histogram, TellsWhatWasRecordedSinceAnEarlierSnapshot) {
    Histogram histogram;
    histogram.record(1'000'000);
    const auto earlier = histogram.snapshot();
    EXPECT_EQ(histogram.snapshot().since(earlier).count(), 0u);
    EXPECT_EQ(histogram.snapshot().since(earlier).max(), 0u);
    histogram.record(20, 9);
    histogram.record(30);
    const auto difference = histogram.snapshot().since(earlier);
    EXPECT_EQ(difference.count(), 10u);
    EXPECT_EQ(difference.percentile(90), 20u);
    EXPECT_EQ(difference.max(), 30u) << "not the greatest value from before";
    EXPECT_EQ(histogram.snapshot().since(HistogramSnapshot()).count(), 11u);
}

TEST(Histogram, MayBeReadWhileItIsWritten) {
    Histogram histogram;
    std::jthread writer([&] {
        for (int i = 0; i < 200'000; ++i) histogram.record(i % 60);
    });
    std::uint64_t before = 0;
    while (before < 200'000) {
        const auto snapshot = histogram.snapshot();
        ASSERT_GE(snapshot.count(), before);
        ASSERT_LE(snapshot.percentile(99), snapshot.max());
        before = snapshot.count();
    }
}

}  // namespace
}  // namespace sluice
