// What is released comes again: as it was, in its order where that is promised, once, and not before its time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "source_settle.hpp"

namespace sluice::contract {
namespace {

using std::chrono_literals::operator""ms;
using testing::AnyOf;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// ---- released --------------------------------------------------------------------------------------------------------------

class ReleasedDeliveries : public SourceSettle {};

TEST_P(ReleasedDeliveries, ComeAgainAsTheyWere) {
    source.release({got[3]});
    const auto again = source.take(1);
    ASSERT_THAT(again, SizeIs(1));
    EXPECT_EQ(again[0].body, got[3].body);
    EXPECT_EQ(again[0].id, got[3].id);
    EXPECT_EQ(again[0].stream, got[3].stream);
    EXPECT_EQ(again[0].position, got[3].position);
    EXPECT_EQ(again[0].position_end, got[3].position_end);
    EXPECT_EQ(again[0].headers, got[3].headers);
    EXPECT_EQ(again[0].message_key, got[3].message_key);
    EXPECT_EQ(again[0].subject, got[3].subject);
    EXPECT_EQ(again[0].attempt, got[3].attempt) << "a release says nothing about the message";
    EXPECT_GE(again[0].deliveries, got[3].deliveries);
    source.ack(again);
    EXPECT_THAT(source.take_what_is_there(), IsEmpty());
}

TEST_P(ReleasedDeliveries, ComeAgainAsOftenAsTheyAreReleased) {
    std::vector<Delivery> last{got[0]};
    for (int i = 0; i < 5; ++i) {
        source.release(last);
        last = source.take(1);
        ASSERT_THAT(last, SizeIs(1));
        EXPECT_EQ(last[0].body, got[0].body);
    }
    source.ack(last);
    source.ack(from_to(1, stored));
    expect_after_a_reopen({});
}

TEST_P(ReleasedDeliveries, AllAtOnceComeAgain) {
    source.release(got);
    const auto again = source.take(stored);
    EXPECT_THAT(bodies_of(again), testing::UnorderedElementsAreArray(bodies_of(got)));
    source.ack(again);
    expect_after_a_reopen({});
}

TEST_P(ReleasedDeliveries, AreNotPushedIntoAHostWithoutRoom) {
    source.release(got);
    source.room = 0;
    (void)source.poll();
    source.room = 3;
    (void)source.poll();
    EXPECT_THAT(source.delivered, SizeIs(stored + 3));
    source.room.reset();
    (void)source.take(stored - 3);
    EXPECT_THAT(source.delivered, SizeIs(2 * stored));
}

TEST_P(ReleasedDeliveries, WithADelayComeNotBeforeThat) {
    const auto begun = Clock::now();
    EXPECT_EQ(source.end_of(settlement(got[0].tag, SLUICE_RELEASE, 80ms)), SLUICE_OK);
    std::vector<Delivery> again;
    for (const auto deadline = Clock::now() + soon; again.empty() && Clock::now() < deadline;) {
        ASSERT_THAT(source.poll(1, 1'000ms).status, AnyOf(SLUICE_OK, SLUICE_END));
        again.assign(source.delivered.begin() + stored, source.delivered.end());
    }
    ASSERT_THAT(again, SizeIs(1));
    EXPECT_EQ(again[0].body, got[0].body);
    EXPECT_GE(Clock::now() - begun, 78ms);  // the clocks of engines count whole milliseconds
    source.ack(again);
}

TEST_P(ReleasedDeliveries, WithALongDelayAreNotLostByAReopen) {
    EXPECT_EQ(source.end_of(settlement(got[0].tag, SLUICE_RELEASE, 50ms)), SLUICE_OK);
    source.close();
    ASSERT_TRUE(source.open().ok());
    EXPECT_THAT(bodies_of(source.take(stored)), testing::UnorderedElementsAreArray(bodies_of(got)));
}

TEST_P(ReleasedDeliveries, WithAHugeDelayDoNotComeNow) {
    EXPECT_EQ(source.end_of(settlement(got[0].tag, SLUICE_RELEASE, Milliseconds(INT64_MAX))), SLUICE_OK);
    EXPECT_THAT(source.take_what_is_there(), IsEmpty());
    source.ack(from_to(1, stored));
}

TEST_P(ReleasedDeliveries, SaidAgainComeOnce) {
    source.release({got[2]});
    EXPECT_THAT(source.end_of(settlement(got[2].tag, SLUICE_RELEASE)), AnyOf(SLUICE_OK, SLUICE_STALE));
    EXPECT_THAT(source.take_what_is_there(), SizeIs(1));
}

TEST_P(ReleasedDeliveries, TwiceInACallComeOnce) {
    (void)source.settle({settlement(got[2].tag, SLUICE_RELEASE), settlement(got[2].tag, SLUICE_RELEASE)});
    EXPECT_TRUE(source.flush().ok());
    EXPECT_THAT(source.settled[got[2].tag], SizeIs(2));
    EXPECT_THAT(source.take_what_is_there(), SizeIs(1));
}

TEST_P(ReleasedDeliveries, OfATagThatWasNeverGivenBringNothing) {
    EXPECT_EQ(source.end_of(settlement(never_given(), SLUICE_RELEASE)), SLUICE_STALE);
    EXPECT_THAT(source.take_what_is_there(), IsEmpty());
    source.ack(got);
    EXPECT_THAT(source.take_what_is_there(), IsEmpty());
}

TEST_P(ReleasedDeliveries, AfterTheirAckBringNothing) {
    if (!engine.remembers) GTEST_SKIP() << "it does not remember what was acked";
    source.ack({got[4]});
    EXPECT_THAT(source.end_of(settlement(got[4].tag, SLUICE_RELEASE)), AnyOf(SLUICE_OK, SLUICE_STALE));
    EXPECT_THAT(source.take_what_is_there(), IsEmpty());
}

TEST_P(ReleasedDeliveries, BesideAcksInOneCallAreToldApart) {
    std::vector<sluice_settlement> items;
    for (std::size_t i = 0; i < stored; ++i) items.push_back(settlement(got[i].tag, i % 2 == 0 ? SLUICE_ACK : SLUICE_RELEASE));
    EXPECT_TRUE(source.settle(items).is_taken());
    EXPECT_TRUE(source.flush().ok());
    const auto again = source.take(stored / 2);
    EXPECT_THAT(bodies_of(again), testing::UnorderedElementsAre(got[1].body, got[3].body, got[5].body, got[7].body));
    expect_after_a_reopen({got[1], got[3], got[5], got[7]});
}

INSTANTIATE_TEST_SUITE_P(, ReleasedDeliveries, testing::ValuesIn(queues([](auto& engine) {
                             return engine.source && (engine.capabilities & SLUICE_QUEUE_TAKES_BACK) != 0;
                         })),
                         name_of);

// ---- the order of what is released -----------------------------------------------------------------------------------------

class ReleasedInOrder : public testing::TestWithParam<const QueueEngine*> {
protected:
    ReleasedInOrder() {
        if (engine.fill) engine.fill(folder, numbered_bodies());
        {
            Source first(engine, folder);
            EXPECT_TRUE(first.open().ok());
            wanted = bodies_of(first.take(stored));
        }
        EXPECT_TRUE(source.open().ok());
        got = source.take(5);
        EXPECT_THAT(got, SizeIs(5));
    }

    const QueueEngine& engine = *GetParam();
    Folder folder;
    Source source{engine, folder};
    std::vector<std::string> wanted;
    std::vector<Delivery> got;
};

TEST_P(ReleasedInOrder, ComeBeforeWhatWasNotDeliveredYet) {
    source.release({got[1], got[2], got[4]});
    const auto next = bodies_of(source.take(6));
    EXPECT_THAT(next, ElementsAre(wanted[1], wanted[2], wanted[4], wanted[5], wanted[6], wanted[7]));
}

TEST_P(ReleasedInOrder, ComeInTheirOldOrderHoweverTheyWereReleased) {
    source.release({got[4]});
    source.release({got[2], got[0]});
    source.release({got[3], got[1]});
    EXPECT_EQ(bodies_of(source.take(stored)), wanted);
}

TEST_P(ReleasedInOrder, ComeOneByOneInOrder) {
    source.release(got);
    EXPECT_EQ(bodies_of(source.take(stored, 1)), wanted);
}

TEST_P(ReleasedInOrder, ComeBeforeOthersAlsoToAHostThatHadNoRoom) {
    source.release({got[2]});
    source.room = 0;
    (void)source.poll();
    source.room.reset();
    EXPECT_THAT(bodies_of(source.take(2)), ElementsAre(wanted[2], wanted[5]));
}

INSTANTIATE_TEST_SUITE_P(, ReleasedInOrder, testing::ValuesIn(queues([](auto& engine) {
                             return engine.source && (engine.capabilities & SLUICE_QUEUE_RELEASE_KEEPS_ORDER) != 0;
                         })),
                         name_of);

}  // namespace
}  // namespace sluice::contract
