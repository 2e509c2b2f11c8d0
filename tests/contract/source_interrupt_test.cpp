// The host waits no longer: what runs or waits in a source ends soon, until the next open.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "source.hpp"
#include "threads.hpp"

namespace sluice::contract {
namespace {

using std::chrono_literals::operator""ms;
using testing::AnyOf;
using testing::SizeIs;

class InterruptedSource : public testing::TestWithParam<const QueueEngine*> {
protected:
    InterruptedSource() {
        if (engine.fill) engine.fill(folder, numbered_bodies());
    }

    const QueueEngine& engine = *GetParam();
    Folder folder;
    Source source{engine, folder};
};

TEST_P(InterruptedSource, EndsAWaitingPoll) {
    ASSERT_TRUE(source.open().ok());
    ASSERT_THAT(source.take(stored), SizeIs(stored));  // in flight, so that it has no end either
    Aside<Answer> polling([this] { return source.poll(1, far_longer); });
    EXPECT_TRUE(polling.is_waiting());
    source.interrupt();
    ASSERT_TRUE(polling.ends_soon());
    EXPECT_EQ(polling.result().status, SLUICE_UNAVAILABLE);
}

TEST_P(InterruptedSource, WaitsInNoPollUntilItIsOpenedAgain) {
    ASSERT_TRUE(source.open().ok());
    ASSERT_THAT(source.take(stored), SizeIs(stored));
    source.interrupt();
    for (int i = 0; i < 3; ++i) {
        const auto begun = Clock::now();
        EXPECT_EQ(source.poll(1, far_longer).status, SLUICE_UNAVAILABLE);
        EXPECT_LT(Clock::now() - begun, soon);
    }
    source.close();
    ASSERT_TRUE(source.open().ok());
    ASSERT_THAT(source.take(stored), SizeIs(stored));
    Aside<Answer> polling([this] { return source.poll(1, far_longer); });
    EXPECT_TRUE(polling.is_waiting());
    source.wake();
    ASSERT_TRUE(polling.ends_soon());
    EXPECT_TRUE(polling.result().ok());
}

TEST_P(InterruptedSource, MayBeInterruptedOftenAndFromManyThreads) {
    ASSERT_TRUE(source.open().ok());
    ASSERT_THAT(source.take(stored), SizeIs(stored));
    Aside<Answer> polling([this] { return source.poll(1, far_longer); });
    const auto interrupt = [this] {
        for (int i = 0; i < 200; ++i) source.interrupt();
        return true;
    };
    Aside<bool> one(interrupt), other(interrupt);
    EXPECT_TRUE(one.result() && other.result());
    ASSERT_TRUE(polling.ends_soon());
    EXPECT_EQ(polling.result().status, SLUICE_UNAVAILABLE);
}

TEST_P(InterruptedSource, ConfirmsNothingThatIsNotDone) {
    ASSERT_TRUE(source.open().ok());
    const auto got = source.take(stored);
    ASSERT_THAT(got, SizeIs(stored));
    source.interrupt();
    std::vector<sluice_settlement> items;
    for (const Delivery& each : got) items.push_back(settlement(each.tag, SLUICE_ACK));
    EXPECT_THAT(source.settle(items).status, AnyOf(SLUICE_OK, SLUICE_QUEUED, SLUICE_UNAVAILABLE));
    EXPECT_THAT(source.flush().status, AnyOf(SLUICE_OK, SLUICE_UNAVAILABLE));
    std::size_t confirmed = 0;
    for (const Delivery& each : got) confirmed += source.settled[each.tag] == std::vector<sluice_status>{SLUICE_OK};
    source.close();
    ASSERT_TRUE(source.open().ok());
    EXPECT_THAT(source.take_what_is_there(), SizeIs(testing::Ge(engine.remembers ? 0 : stored - confirmed)));
    EXPECT_THAT(source.delivered, SizeIs(testing::Le(2 * stored - (engine.remembers ? confirmed : 0))));
}

TEST_P(InterruptedSource, ClosesAndIsDestroyed) {
    ASSERT_TRUE(source.open().ok());
    source.interrupt();
    source.close();
}

INSTANTIATE_TEST_SUITE_P(, InterruptedSource,
                         testing::ValuesIn(queues([](auto& engine) { return engine.source && engine.can_be_interrupted; })),
                         name_of);

// ---- what another program holds up -----------------------------------------------------------------------------------------

class ObstructedSource : public InterruptedSource {};

TEST_P(ObstructedSource, EndsItsOpen) {
    Guard obstructed = engine.obstruct(folder);
    Aside<Answer> opening([this] { return source.open(); });
    EXPECT_TRUE(opening.is_waiting());
    source.interrupt();
    ASSERT_TRUE(opening.ends_soon());
    const Answer opened = opening.result();
    EXPECT_THAT(opened.status, AnyOf(SLUICE_OK, SLUICE_UNAVAILABLE)) << opened;
    obstructed.reset();
    source.close();
    ASSERT_TRUE(source.open().ok());
    EXPECT_THAT(source.take(stored), SizeIs(stored));
}

TEST_P(ObstructedSource, OpensAgainWhenNobodyHoldsItUpAnyMore) {
    Guard obstructed = engine.obstruct(folder);
    Aside<Answer> opening([this] { return source.open(); });
    EXPECT_TRUE(opening.is_waiting());
    obstructed.reset();
    ASSERT_TRUE(opening.ends_soon());
    EXPECT_TRUE(opening.result().ok());
}

TEST_P(ObstructedSource, EndsItsFlush) {
    ASSERT_TRUE(source.open().ok());
    const auto got = source.take(stored);
    Guard obstructed = engine.obstruct(folder);
    EXPECT_TRUE(source.settle({settlement(got[0].tag, SLUICE_ACK)}).is_taken());
    Aside<Answer> flushing([this] { return source.flush(); });
    EXPECT_TRUE(flushing.is_waiting());
    source.interrupt();
    ASSERT_TRUE(flushing.ends_soon());
    EXPECT_EQ(flushing.result().status, SLUICE_UNAVAILABLE);
    obstructed.reset();
    source.close();
    ASSERT_TRUE(source.open().ok());
    EXPECT_THAT(source.take(stored), SizeIs(stored)) << "what was not confirmed comes again";
}

TEST_P(ObstructedSource, EndsItsClose) {
    ASSERT_TRUE(source.open().ok());
    const auto got = source.take(stored);
    const Guard obstructed = engine.obstruct(folder);
    EXPECT_TRUE(source.settle({settlement(got[0].tag, SLUICE_ACK)}).is_taken());
    Aside<bool> closing([this] {
        source.close();
        return true;
    });
    EXPECT_TRUE(closing.is_waiting()) << "close waits for what was submitted";
    source.interrupt();
    EXPECT_TRUE(closing.ends_soon());
}

TEST_P(ObstructedSource, PollsWhatIsThereAllTheSame) {
    ASSERT_TRUE(source.open().ok());
    const Guard obstructed = engine.obstruct(folder);
    EXPECT_THAT(source.take(stored), SizeIs(stored));
}

TEST_P(ObstructedSource, IsProbedAllTheSame) {
    const Guard obstructed = engine.obstruct(folder);
    Facts facts;
    const Answer probed = source.probe(facts);
    EXPECT_TRUE(probed.ok()) << probed;
}

INSTANTIATE_TEST_SUITE_P(, ObstructedSource, testing::ValuesIn(queues([](auto& engine) {
                             return engine.source && engine.can_be_interrupted && engine.obstruct;
                         })),
                         name_of);

}  // namespace
}  // namespace sluice::contract
