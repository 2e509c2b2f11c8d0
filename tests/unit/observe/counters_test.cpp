#include "observe/counters.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace sluice {
namespace {

TEST(SourceCounts, HoldTheLawWhenEveryMessageIsInExactlyOnePlace) {
    SourceCounts counts{.received = 36,
                        .acked = 8,
                        .dead_lettered = 7,
                        .skipped = 6,
                        .dropped_by_policy = 5,
                        .released = 4,
                        .lost_lease = 3,
                        .abandoned = 2,
                        .in_flight = 1,
                        .retried = 99};
    EXPECT_EQ(counts.settled(), 35u);
    EXPECT_TRUE(counts.law_holds());
    ++counts.acked;
    EXPECT_FALSE(counts.law_holds()) << "counted twice";
    counts.acked -= 2;
    EXPECT_FALSE(counts.law_holds()) << "lost";
}

TEST(SourceCounters, DeriveWhatIsInFlight) {
    SourceCounters counters;
    counters.received.add(10);
    counters.acked.add(3);
    counters.released.add();
    const SourceCounts counts = counters.read();
    EXPECT_EQ(counts.in_flight, 6u);
    EXPECT_TRUE(counts.law_holds());
}

TEST(SourceCounters, NeverShowMoreSettledThanReceivedWhileTheSourceGoesOn) {
    SourceCounters counters;
    constexpr std::uint64_t messages = 300'000;
    std::jthread source([&] {
        for (std::uint64_t i = 0; i < messages; ++i) {
            counters.received.add();
            if (i % 7 == 0)
                counters.skipped.add();
            else
                counters.acked.add();
        }
    });
    for (SourceCounts counts; counts.received < messages;) {
        counts = counters.read();
        ASSERT_LE(counts.settled(), counts.received);
        ASSERT_LE(counts.in_flight, messages) << "wrapped below zero";
    }
}

TEST(WorkerCounters, ReadWhatWasWritten) {
    WorkerCounters counters;
    counters.handled.add(6);
    counters.done.add(1);
    counters.retried.add(2);
    counters.rejected.add(3);
    counters.skipped.add(4);
    counters.misbehaved.add(5);
    counters.units.add(7);
    counters.busy_ns.add(8);
    const WorkerCounts counts = counters.read();
    EXPECT_EQ(counts.handled, 6u);
    EXPECT_EQ(counts.done, 1u);
    EXPECT_EQ(counts.retried, 2u);
    EXPECT_EQ(counts.rejected, 3u);
    EXPECT_EQ(counts.skipped, 4u);
    EXPECT_EQ(counts.misbehaved, 5u);
    EXPECT_EQ(counts.units, 7u);
    EXPECT_EQ(counts.busy_ns, 8u);
}

TEST(Counter, RisesOnlyWhenRaised) {
    Counter counter;
    counter.raise_to(5);
    counter.raise_to(3);
    EXPECT_EQ(counter.load(), 5u);
}

}  // namespace
}  // namespace sluice
