#include "flow/stages.hpp"

#include <gtest/gtest.h>

#include <array>

namespace sluice {
namespace {

class StagesTest : public testing::Test {
protected:
    StagesTest() {
        for (EventCount& event_count : bells) stages.add(event_count);
    }
    // The source polls and finds nothing; `in_flight`: it has messages that have not ended.
    bool polls_nothing(std::size_t source, bool in_flight = false) {
        seen[source] = stages.begin_poll(source);
        return is_over(source, in_flight);
    }
    bool is_over(std::size_t source, bool in_flight = false) { return stages.is_over(source, seen[source], !in_flight); }

    std::array<EventCount, 3> bells;
    std::array<std::uint64_t, 3> seen{};
    Stages stages;
};

TEST_F(StagesTest, ASourceThatNobodyFeedsIsOverWhenItSaysSo) {
    stages.connect({{}, {}, {}});
    EXPECT_FALSE(stages.is_fed(0));
    EXPECT_TRUE(polls_nothing(0));
}

TEST_F(StagesTest, ASourceIsOverOnceItsFeederIsAndNothingHasBeenStoredSinceItWasPolled) {
    stages.connect({{}, {0}, {}});
    EXPECT_TRUE(stages.is_fed(1));
    EXPECT_FALSE(polls_nothing(1)) << "the feeder has not said anything";
    stages.stored(1);
    EXPECT_TRUE(stages.has_more(1, seen[1]));
    EXPECT_TRUE(polls_nothing(0));
    stages.ended(0);
    EXPECT_FALSE(is_over(1)) << "what has been stored is not polled yet";
    EXPECT_TRUE(polls_nothing(1));
}

TEST_F(StagesTest, AFeederWithMessagesInFlightMayStillPublish) {
    stages.connect({{}, {0}, {}});
    EXPECT_FALSE(polls_nothing(1));
    EXPECT_FALSE(polls_nothing(0, true));
    EXPECT_FALSE(is_over(1));
    EXPECT_TRUE(is_over(0));
    EXPECT_TRUE(is_over(1)) << "the feeder need not have left";
}

TEST_F(StagesTest, AChainEndsFromItsBeginning) {
    stages.connect({{}, {0}, {1}});
    EXPECT_FALSE(polls_nothing(2));
    EXPECT_FALSE(polls_nothing(1));
    EXPECT_FALSE(is_over(2)) << "the first may bring something to the second, and that to the third";
    stages.ended(0);
    EXPECT_TRUE(is_over(1));
    EXPECT_TRUE(is_over(2));
}

TEST_F(StagesTest, ACircleEndsTogether) {
    stages.connect({{1}, {0}, {2}});
    EXPECT_FALSE(polls_nothing(0));
    EXPECT_FALSE(polls_nothing(1, true)) << "its last message is still at work";
    stages.stored(0);
    EXPECT_FALSE(is_over(1)) << "it was published";
    EXPECT_FALSE(polls_nothing(0, true));
    EXPECT_FALSE(is_over(1));
    EXPECT_TRUE(is_over(0));
    EXPECT_TRUE(is_over(1));
    EXPECT_FALSE(polls_nothing(2, true));
    EXPECT_TRUE(is_over(2)) << "one that feeds itself";
}

TEST_F(StagesTest, ASourceThatFailedFeedsNobodyAnyMore) {
    stages.connect({{}, {0}, {}});
    EXPECT_FALSE(polls_nothing(1));
    stages.ended(0);
    EXPECT_TRUE(is_over(1));
}

TEST_F(StagesTest, TellsThoseThatWaitWhenSomethingIsStoredAndWhenAFeederEnds) {
    stages.connect({{}, {0}, {}});
    std::uint64_t version = stages.version();
    stages.stored(1);
    EXPECT_EQ(stages.version(), version) << "it does not wait, it is polled anyway";
    EXPECT_FALSE(polls_nothing(1));
    version = stages.version();
    stages.stored(1);
    EXPECT_NE(stages.version(), version);
    version = stages.version();
    stages.ended(0);
    EXPECT_NE(stages.version(), version);
}

}  // namespace
}  // namespace sluice
