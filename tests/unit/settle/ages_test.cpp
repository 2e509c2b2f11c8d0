#include "settle/ages.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Ages, AreThoseOfTheOldestPollThatHasNotEndedWhole) {
    Ages ages;
    EXPECT_EQ(ages.oldest_ns(), 0);
    ages.received(10, 2);
    ages.received(20, 1);
    ages.received(20, 1);
    ages.received(30, 1);
    EXPECT_EQ(ages.oldest_ns(), 10);
    ages.ended(20, 2);
    EXPECT_EQ(ages.oldest_ns(), 10) << "something newer has ended";
    ages.ended(10, 1);
    EXPECT_EQ(ages.oldest_ns(), 10) << "one of two";
    ages.ended(10, 1);
    EXPECT_EQ(ages.oldest_ns(), 30) << "what came between has ended before";
    ages.ended(30, 1);
    EXPECT_EQ(ages.oldest_ns(), 0);
    ages.received(40, 1);
    EXPECT_EQ(ages.oldest_ns(), 40);
}

TEST(Ages, AreKnownBehindAMessageThatDoesNotEnd) {
    Ages ages;
    ages.received(1, 1);
    for (std::int64_t at = 2; at < 100'000; ++at) {
        ages.received(at, 3);
        if (at > 10) ages.ended(at - 8, 3);
        ASSERT_EQ(ages.oldest_ns(), 1);
    }
    ages.ended(1, 1);
    EXPECT_EQ(ages.oldest_ns(), 2);
    for (std::int64_t at = 2; at < 100'000; ++at) ages.ended(at, 3);
    EXPECT_EQ(ages.oldest_ns(), 0);
}

TEST(Ages, DoNotMindWhatWasNeverReceived) {
    Ages ages;
    ages.ended(5, 1);
    ages.received(10, 1);
    ages.ended(5, 1);
    ages.ended(15, 1);
    EXPECT_EQ(ages.oldest_ns(), 10);
}

}  // namespace
}  // namespace sluice
