#include "later.hpp"

#include <gtest/gtest.h>

#include "sluice/sdk/testing.hpp"

namespace {

TEST(Later, DefersAMessageAndPublishesItWhenTheBellHasRung) {
    sluice::FakeHost host;
    auto handler = host.handler(acme::later, {{"delay", "1ms"}, {"to", "out"}});
    const auto outcome = handler.handle({.body = "wake up", .key = "k"});
    EXPECT_EQ(outcome.verdict, SLUICE_DEFER);
    EXPECT_TRUE(outcome.published.empty());
    const auto ends = host.deferred.wait_for_ends(1);
    ASSERT_EQ(ends.size(), 1u);
    EXPECT_EQ(ends[0].ticket, outcome.ticket);
    EXPECT_EQ(ends[0].verdict, 0u) << "to be resumed";
    const auto resumed = handler.resume(ends[0]);
    EXPECT_EQ(resumed.verdict, SLUICE_DONE);
    ASSERT_EQ(resumed.published.size(), 1u);
    EXPECT_EQ(resumed.published[0].body, "wake up");
    EXPECT_EQ(resumed.published[0].key, "k");
}

TEST(Later, RingsInTheOrderOfTheTimes) {
    sluice::FakeHost host;
    auto slow = host.handler(acme::later, {{"delay", "50ms"}});
    const auto first = slow.handle("1"), second = slow.handle("2");
    const auto ends = host.deferred.wait_for_ends(2);
    ASSERT_EQ(ends.size(), 2u);
    EXPECT_EQ(ends[0].ticket, first.ticket);
    EXPECT_EQ(ends[1].ticket, second.ticket);
    EXPECT_EQ(host.deferred.open(), 0u);
}

TEST(Later, GivesUpAtOnceWhenItIsCancelled) {
    sluice::FakeHost host;
    auto handler = host.handler(acme::later, {{"delay", "1h"}});
    const auto outcome = handler.handle("never");
    host.cancelled = true;
    handler.cancel(outcome.ticket + 1);  // not ours
    handler.cancel(outcome.ticket);
    const auto ends = host.deferred.wait_for_ends(1);
    ASSERT_EQ(ends.size(), 1u);
    EXPECT_EQ(ends[0].verdict, SLUICE_RETRY);
    EXPECT_EQ(ends[0].text, "its time was over before the bell rang");
}

TEST(Later, LeavesWhatStillWaitsWhenItIsStopped) {
    sluice::FakeHost host;
    {
        auto handler = host.handler(acme::later, {{"delay", "1h"}});
        EXPECT_EQ(handler.handle("never").verdict, SLUICE_DEFER);
    }
    EXPECT_EQ(host.deferred.open(), 1u);
}

}  // namespace
