// What becomes of deliveries: acked or failed; late, twice, in any order, and of tags that nobody has given.
#include "source_settle.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace sluice::contract {
namespace {

using std::chrono_literals::operator""ms;
using testing::AnyOf;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST_P(SourceSettle, ConfirmsAcksOnceAndDoesNotDeliverAgain) {
    source.ack(got);
    EXPECT_THAT(source.take_what_is_there(), IsEmpty());
    expect_after_a_reopen({});
}

TEST_P(SourceSettle, ConfirmsAcksOneByOneAndInReverse) {
    for (auto each = got.rbegin(); each != got.rend(); ++each) source.ack({*each});
    expect_after_a_reopen({});
}

TEST_P(SourceSettle, RemembersWhichWereAckedBetweenOthers) {
    source.ack({got[1], got[2], got[5]});
    expect_after_a_reopen({got[0], got[3], got[4], got[6], got[7]});
}

TEST_P(SourceSettle, RemembersWhatWasAckedOutOfOrder) {
    source.ack({got[7], got[0], got[4]});
    expect_after_a_reopen({got[1], got[2], got[3], got[5], got[6]});
}

TEST_P(SourceSettle, TheAcksOfSeveralCallsAreConfirmedByOneFlush) {
    for (const Delivery& each : got) EXPECT_TRUE(source.settle({settlement(each.tag, SLUICE_ACK)}).is_taken());
    EXPECT_TRUE(source.flush().ok());
    for (const Delivery& each : got) EXPECT_THAT(source.settled[each.tag], ElementsAre(SLUICE_OK));
}

TEST_P(SourceSettle, TakesASettlementOfNothing) {
    EXPECT_TRUE(source.settle({}).is_taken());
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(source.flush().ok());
    source.ack(got);
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(source.flush().ok());
}

TEST_P(SourceSettle, AnAckSaidAgainIsConfirmedOrStale) {
    source.ack({got[0]});
    EXPECT_THAT(source.end_of(settlement(got[0].tag, SLUICE_ACK)), AnyOf(SLUICE_OK, SLUICE_STALE));
    source.ack(from_to(1, stored));
    expect_after_a_reopen({});
}

TEST_P(SourceSettle, AnAckOfATagThatWasNeverGivenHarmsNothing) {
    EXPECT_THAT(source.end_of(settlement(never_given(), SLUICE_ACK)), AnyOf(SLUICE_OK, SLUICE_STALE));
    EXPECT_THAT(source.take_what_is_there(), IsEmpty());
    source.ack({got[3]});
    expect_after_a_reopen({got[0], got[1], got[2], got[4], got[5], got[6], got[7]});
}

TEST_P(SourceSettle, OneTagTwiceInACallIsAnsweredTwice) {
    const std::uint64_t tag = got[0].tag;
    EXPECT_TRUE(source.settle({settlement(tag, SLUICE_ACK), settlement(got[1].tag, SLUICE_ACK), settlement(tag, SLUICE_ACK)})
                    .is_taken());
    EXPECT_TRUE(source.flush().ok());
    EXPECT_THAT(source.settled[tag], SizeIs(2));
    EXPECT_THAT(source.settled[tag], Each(AnyOf(SLUICE_OK, SLUICE_STALE, SLUICE_INVALID)));
    EXPECT_THAT(source.settled[tag], testing::Contains(SLUICE_OK));
    EXPECT_THAT(source.settled[got[1].tag], ElementsAre(SLUICE_OK));
    source.ack(from_to(2, stored));
    expect_after_a_reopen({});
}

TEST_P(SourceSettle, WhatItDoesNotKnowIsInvalidAndSettlesNothing) {
    for (const std::uint32_t action : {0u, 3u, 77u}) EXPECT_EQ(source.end_of(settlement(got[0].tag, action)), SLUICE_INVALID);
    source.ack(from_to(1, stored));
    source.ack({got[0]});
    expect_after_a_reopen({});
}

TEST_P(SourceSettle, WhatItDoesNotKnowIsStillThereAfterAReopen) {
    EXPECT_EQ(source.end_of(settlement(got[2].tag, 77u)), SLUICE_INVALID);
    expect_after_a_reopen(got);
}

TEST_P(SourceSettle, WhatItDoesNotKnowSpoilsNothingBesideIt) {
    EXPECT_TRUE(
        source.settle({settlement(got[0].tag, SLUICE_ACK), settlement(got[1].tag, 77u), settlement(got[2].tag, SLUICE_ACK)})
            .is_taken());
    EXPECT_TRUE(source.flush().ok());
    EXPECT_THAT(source.settled[got[0].tag], ElementsAre(SLUICE_OK));
    EXPECT_THAT(source.settled[got[1].tag], ElementsAre(SLUICE_INVALID));
    EXPECT_THAT(source.settled[got[2].tag], ElementsAre(SLUICE_OK));
    expect_after_a_reopen({got[1], got[3], got[4], got[5], got[6], got[7]});
}

TEST_P(SourceSettle, ALateTagOfTheOpenBeforeSettlesNothingOfThisOne) {
    const std::uint64_t late = got[0].tag;
    const auto again = after_a_reopen();
    ASSERT_THAT(again, SizeIs(stored));
    const bool is_given_again = std::ranges::any_of(again, [&](const Delivery& each) { return each.tag == late; });
    if (!is_given_again) {
        EXPECT_THAT(source.end_of(settlement(late, SLUICE_ACK)), AnyOf(SLUICE_OK, SLUICE_STALE));
    }
    source.ack(again);
}

TEST_P(SourceSettle, CloseWaitsForWhatWasSettled) {
    std::vector<sluice_settlement> items;
    for (const Delivery& each : got) items.push_back(settlement(each.tag, SLUICE_ACK));
    EXPECT_TRUE(source.settle(items).is_taken());
    // Whether that was confirmed or not, what comes again is whole.
    for (const Delivery& each : after_a_reopen()) EXPECT_THAT(bodies_of(got), testing::Contains(each.body));
}

TEST_P(SourceSettle, WhatIsConfirmedOfAStreamIsNotBeyondItsEnd) {
    source.ack(got);
    // A source may tell it from time to time only, or never.
    for (const auto deadline = Clock::now() + 400ms; source.confirmed.empty() && Clock::now() < deadline;) {
        if (source.poll(1, 20ms).status != SLUICE_OK) break;
        (void)source.flush();
    }
    for (const auto& [stream, below] : source.confirmed) EXPECT_LE(below, got.back().position_end);
}

INSTANTIATE_TEST_SUITE_P(, SourceSettle, testing::ValuesIn(queues([](auto& engine) { return bool(engine.source); })), name_of);

// ---- attempts --------------------------------------------------------------------------------------------------------------

class KeptAttempts : public SourceSettle {
protected:
    sluice_settlement attempted(std::size_t index, std::uint32_t attempt) {
        sluice_settlement item = settlement(got[index].tag, SLUICE_ATTEMPTED, {}, attempt);
        item.reason = bytes("the handler has said so");
        return item;
    }
};

TEST_P(KeptAttempts, BeginWithTheFirst) {
    for (const Delivery& each : got) EXPECT_EQ(each.attempt, 1u);
}

TEST_P(KeptAttempts, AreDeliveredAfterAReopenAndNeverAnswered) {
    EXPECT_TRUE(source.settle({attempted(0, 3), attempted(5, 2)}).is_taken());
    EXPECT_TRUE(source.flush().ok());
    EXPECT_THAT(source.settled, IsEmpty());
    const auto again = after_a_reopen();
    ASSERT_THAT(again, SizeIs(stored));
    for (std::size_t i = 0; i < stored; ++i) EXPECT_EQ(again[i].attempt, i == 0 ? 3u : i == 5 ? 2u : 1u);
}

TEST_P(KeptAttempts, StayWithTheHostUntilItSettles) {
    EXPECT_TRUE(source.settle({attempted(0, 2)}).is_taken());
    EXPECT_TRUE(source.flush().ok());
    EXPECT_THAT(source.take_what_is_there(), IsEmpty());
    source.ack(got);
    EXPECT_THAT(after_a_reopen(), IsEmpty());
}

TEST_P(KeptAttempts, RiseFromCallToCallAndTheLastCounts) {
    for (std::uint32_t attempt = 2; attempt < 6; ++attempt) EXPECT_TRUE(source.settle({attempted(1, attempt)}).is_taken());
    EXPECT_TRUE(source.flush().ok());
    EXPECT_EQ(after_a_reopen().at(1).attempt, 5u);
}

TEST_P(KeptAttempts, OfADeliveryThatIsGoneHarmNothing) {
    source.ack({got[0]});
    EXPECT_TRUE(source.settle({attempted(0, 2), settlement(never_given(), SLUICE_ATTEMPTED, {}, 2)}).is_taken());
    EXPECT_TRUE(source.flush().ok());
    EXPECT_THAT(after_a_reopen(), SizeIs(stored - 1));
}

TEST_P(KeptAttempts, GoWithARelease) {
    EXPECT_EQ(source.end_of(settlement(got[0].tag, SLUICE_RELEASE, {}, 4)), SLUICE_OK);
    const auto again = source.take(1);
    ASSERT_THAT(again, SizeIs(1));
    EXPECT_EQ(again[0].attempt, 4u);
    source.release(again);
    EXPECT_EQ(source.take(1).at(0).attempt, 4u) << "0 is as delivered";
}

TEST_P(KeptAttempts, GoWithADelayedRelease) {
    EXPECT_EQ(source.end_of(settlement(got[0].tag, SLUICE_RELEASE, 20ms, 2)), SLUICE_OK);
    const auto again = source.take(1);
    ASSERT_THAT(again, SizeIs(1));
    EXPECT_EQ(again[0].attempt, 2u);
}

INSTANTIATE_TEST_SUITE_P(, KeptAttempts, testing::ValuesIn(queues([](auto& engine) {
                             return engine.source && (engine.capabilities & SLUICE_QUEUE_KEEPS_ATTEMPTS) != 0;
                         })),
                         name_of);

}  // namespace
}  // namespace sluice::contract
