#include "settle/settlement.hpp"

#include "settle/settlement_bench.hpp"

namespace sluice {
namespace {

TEST_F(SettlementTest, OnlyTellsTheSourceOfAMessageThatWasAckedInItsUnit) {
    take(1, Outcome::acked, 1, true);
    take(2, Outcome::acked);
    answer = SLUICE_QUEUED;
    EXPECT_TRUE(submit());
    confirm(1, SLUICE_UNAVAILABLE);
    confirm(2, SLUICE_OK);
    clock.advance(std::chrono::seconds(5));
    answer = SLUICE_OK;
    EXPECT_TRUE(submit());
    EXPECT_EQ(settled, " acked1 ack2 acked1") << "also the second time";
    EXPECT_EQ(settlement.counts().acked, 2u);
    expect_law();
}

TEST_F(SettlementTest, CountsWhatAnotherHostHasAsLostWhateverTheSourceSays) {
    take(1, Outcome::lost_lease);
    take(2, Outcome::lost_lease);
    answer = SLUICE_QUEUED;
    EXPECT_TRUE(submit());
    confirm(1, SLUICE_OK);
    confirm(2, SLUICE_LOST_LEASE);
    EXPECT_EQ(settled, " release1 release2");
    EXPECT_EQ(settlement.counts().lost_lease, 2u);
    EXPECT_EQ(settlement.counts().released, 0u);
    expect_law();
}

// By a source that has said so itself.
TEST_F(SettlementTest, OfAMessageThatWasTakenAwayTellsNobodyAndForgetsItsAge) {
    sluice_incoming incoming{};
    incoming.struct_size = sizeof incoming;
    Message* message = store.create(incoming);
    message->received_ns = clock.now();
    message->withdrawn = Withdrawn::lost;
    message->outcome = Outcome::lost_lease;
    settlement.received(1);
    settlement.ages().received(clock.now(), 1);
    EXPECT_EQ(settlement.ages().oldest_ns(), clock.now());
    settlement.take(message, clock.now());
    EXPECT_TRUE(submit());
    EXPECT_EQ(settled, "");
    EXPECT_EQ(settlement.counts().lost_lease, 1u);
    EXPECT_EQ(settlement.ages().oldest_ns(), 0);
    expect_law();
}

TEST_F(SettlementTest, TellsTheSourceTheEndOfEachMessageAndCountsItInTheWordsOfTheLaw) {
    take(1, Outcome::acked);
    take(2, Outcome::skipped);
    take(3, Outcome::dead_letter);
    take(4, Outcome::dropped);
    take(5, Outcome::released);
    EXPECT_EQ(settlement.in_flight(), 5u);
    expect_law();
    EXPECT_TRUE(submit());
    EXPECT_EQ(settled, " ack1 ack2 ack3 ack4 release5");
    const SourceCounts counts = settlement.counts();
    EXPECT_EQ(counts.acked, 1u);
    EXPECT_EQ(counts.skipped, 1u);
    EXPECT_EQ(counts.dead_lettered, 1u);
    EXPECT_EQ(counts.dropped_by_policy, 1u);
    EXPECT_EQ(counts.released, 1u);
    EXPECT_EQ(settlement.in_flight(), 0u);
    expect_law();
    EXPECT_EQ(settlement.latency().count(), 4u) << "what goes back was not finished";
}

TEST_F(SettlementTest, NeverAcksAMessageOfWhichNobodyHasSaidWhatBecameOfIt) {
    take(1, Outcome::none);
    EXPECT_TRUE(submit());
    EXPECT_EQ(settled, " release1");
    EXPECT_EQ(settlement.counts().released, 1u);
}

TEST_F(SettlementTest, CountsAMessageOnlyWhenTheSourceHasConfirmed) {
    answer = SLUICE_QUEUED;
    take(1, Outcome::acked);
    take(2, Outcome::released);
    EXPECT_TRUE(submit());
    EXPECT_TRUE(settlement.unconfirmed());
    EXPECT_EQ(settlement.in_flight(), 2u);
    EXPECT_EQ(settlement.counts().acked, 0u);
    expect_law();
    confirm(1, SLUICE_OK);
    confirm(2, SLUICE_OK);
    EXPECT_EQ(settlement.counts().acked, 1u);
    EXPECT_EQ(settlement.counts().released, 1u);
    EXPECT_FALSE(settlement.unconfirmed());
    expect_law();
}

TEST_F(SettlementTest, KnowsWhetherAllThatWasReleasedIsBackWithTheSource) {
    answer = SLUICE_QUEUED;
    take(1, Outcome::acked);
    EXPECT_TRUE(settlement.all_went_back());
    take(2, Outcome::released);
    take(3, Outcome::released);
    EXPECT_TRUE(submit());
    EXPECT_FALSE(settlement.all_went_back());
    confirm(3, SLUICE_OK);
    confirm(2, SLUICE_UNAVAILABLE);
    EXPECT_FALSE(settlement.all_went_back()) << "it is tried again";
    clock.advance(std::chrono::seconds(5));
    answer = SLUICE_OK;
    EXPECT_TRUE(submit());
    EXPECT_TRUE(settlement.all_went_back());
    expect_law();
}

TEST_F(SettlementTest, UnderstandsAConfirmationThatComesFromInsideSettle) {
    answer = SLUICE_QUEUED;
    inside_settle = [this](FakeSource::Settlements items) {
        for (const sluice_settlement& item : items) confirm(item.tag, SLUICE_OK);
    };
    take(1, Outcome::acked);
    take(2, Outcome::skipped);
    EXPECT_TRUE(submit());
    EXPECT_EQ(settlement.in_flight(), 0u);
    EXPECT_EQ(settlement.counts().settled(), 2u);
    EXPECT_EQ(log.text(), "");
}

TEST_F(SettlementTest, KeepsWhatTheSourceDoesNotTakeAndTriesAgainLater) {
    answer = SLUICE_UNAVAILABLE;
    take(1, Outcome::acked);
    EXPECT_FALSE(submit());
    take(2, Outcome::released);
    answer = SLUICE_OK;
    EXPECT_FALSE(submit()) << "not before its time";
    EXPECT_EQ(settled, "");
    EXPECT_EQ(settlement.in_flight(), 2u);
    expect_law();
    clock.advance(std::chrono::nanoseconds(settlement.retry_at_ns() - clock.now()));
    EXPECT_TRUE(submit());
    EXPECT_EQ(settled, " ack1 release2");
    expect_law();
}

TEST_F(SettlementTest, WaitsLongerEachTimeAndSaysSoOnce) {
    answer = SLUICE_UNAVAILABLE;
    take(1, Outcome::acked);
    std::int64_t last = 0;
    for (int i = 0; i < 12; ++i) {
        ASSERT_FALSE(submit());
        const std::int64_t wait = settlement.retry_at_ns() - clock.now();
        EXPECT_GE(wait, last);
        EXPECT_LE(wait, 5'000 * ns_per_ms);
        last = wait;
        clock.advance(std::chrono::nanoseconds(wait));
    }
    EXPECT_EQ(last, 5'000 * ns_per_ms);
    answer = SLUICE_OK;
    EXPECT_TRUE(submit());
    const std::string said = log.text();
    EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 2) << said;
}

TEST_F(SettlementTest, SubmitsAgainWhatTheSourceTookAndThenCouldNotSettle) {
    answer = SLUICE_QUEUED;
    take(1, Outcome::acked);
    take(2, Outcome::released);
    EXPECT_TRUE(submit());
    confirm(1, SLUICE_UNAVAILABLE);
    confirm(2, SLUICE_UNAVAILABLE);
    expect_law();
    settled.clear();
    const std::int64_t first_wait = settlement.retry_at_ns() - clock.now();
    clock.advance(std::chrono::nanoseconds(first_wait));
    EXPECT_TRUE(submit());
    EXPECT_EQ(settled, " ack1 release2");
    confirm(1, SLUICE_OK);
    confirm(2, SLUICE_UNAVAILABLE);
    clock.advance(std::chrono::seconds(10));
    EXPECT_TRUE(submit());
    confirm(2, SLUICE_OK);
    EXPECT_EQ(settlement.in_flight(), 0u);
    expect_law();
}

TEST_F(SettlementTest, CountsWhatTheEngineHasGivenToAnotherHost) {
    answer = SLUICE_QUEUED;
    take(1, Outcome::acked);
    EXPECT_TRUE(submit());
    confirm(1, SLUICE_LOST_LEASE);
    EXPECT_EQ(settlement.counts().lost_lease, 1u);
    EXPECT_EQ(settlement.counts().acked, 0u);
    EXPECT_EQ(settlement.in_flight(), 0u);
    expect_law();
}

TEST_F(SettlementTest, IgnoresAConfirmationThatNothingWaitsForAndSaysSo) {
    confirm(77, SLUICE_OK);
    EXPECT_EQ(settlement.counts().settled(), 0u);
    EXPECT_NE(log.text().find("delivery 77"), std::string::npos);
}

TEST_F(SettlementTest, DoesNotSettleAgainWhatTheSourceDoesNotKnowAnyMore) {
    answer = SLUICE_QUEUED;
    take(1, Outcome::acked);
    take(2, Outcome::released);
    EXPECT_TRUE(submit());
    confirm(1, SLUICE_STALE);
    confirm(2, SLUICE_STALE);
    EXPECT_FALSE(settlement.pending());
    EXPECT_EQ(settlement.counts().lost_lease, 2u);
    EXPECT_TRUE(settlement.all_went_back());
    expect_law();
    settled.clear();
    clock.advance(std::chrono::hours(1));
    EXPECT_TRUE(submit());
    EXPECT_EQ(settled, "");
}

TEST_F(SettlementTest, TakesOneAnswerThatEndsSettlementsForAllOfTheCall) {
    for (const sluice_status status : {SLUICE_STALE, SLUICE_LOST_LEASE, SLUICE_INVALID}) {
        answer = status;
        take(1, Outcome::acked);
        take(2, Outcome::released);
        EXPECT_TRUE(submit()) << status;
        EXPECT_FALSE(settlement.pending()) << status;
        EXPECT_TRUE(settlement.all_went_back()) << status;
        expect_law();
    }
    EXPECT_EQ(settlement.counts().lost_lease, 4u);
    EXPECT_EQ(settlement.counts().abandoned, 2u);
}

TEST_F(SettlementTest, AbandonsWhatTheSourceCannotSettleAndSaysSo) {
    answer = SLUICE_QUEUED;
    take(1, Outcome::acked);
    take(2, Outcome::released);
    EXPECT_TRUE(submit());
    confirm(1, SLUICE_INVALID);
    confirm(2, SLUICE_INVALID);
    EXPECT_EQ(settlement.counts().abandoned, 2u);
    EXPECT_FALSE(settlement.pending());
    EXPECT_NE(log.text().find("the source cannot settle 1 messages"), std::string::npos) << log.text();
    expect_law();
}

TEST_F(SettlementTest, TriesAgainAfterTheListedStatusesOnly) {
    for (const sluice_status status : {SLUICE_UNAVAILABLE, SLUICE_CONFLICT, SLUICE_FULL, SLUICE_UNKNOWN}) {
        answer = SLUICE_QUEUED;
        take(1, Outcome::acked);
        EXPECT_TRUE(submit());
        confirm(1, status);
        EXPECT_EQ(settlement.in_flight(), 1u) << status;
        clock.advance(std::chrono::seconds(10));
        answer = status;
        EXPECT_FALSE(submit()) << status;
        EXPECT_EQ(settlement.failed(), "") << status;
        clock.advance(std::chrono::seconds(10));
        answer = SLUICE_OK;
        EXPECT_TRUE(submit()) << status;
        EXPECT_EQ(settlement.in_flight(), 0u) << status;
    }
    EXPECT_EQ(settlement.counts().acked, 4u);
    expect_law();
}

TEST_F(SettlementTest, FailsWithAStatusThatEndsNothing) {
    answer = SLUICE_QUEUED;
    take(1, Outcome::acked);
    EXPECT_TRUE(submit());
    confirm(1, SLUICE_UNSUPPORTED);
    EXPECT_NE(settlement.failed(), "");
    EXPECT_EQ(settlement.in_flight(), 1u) << "it is not lost without a word";
    expect_law();
}

TEST_F(SettlementTest, KeepsTheLawWhenTheSourceGivesOneTagToTwoMessages) {
    answer = SLUICE_QUEUED;
    take(1, Outcome::acked);
    take(1, Outcome::released);
    EXPECT_TRUE(submit());
    expect_law();
    confirm(1, SLUICE_OK);
    confirm(1, SLUICE_OK);
    EXPECT_EQ(settlement.counts().acked, 1u);
    EXPECT_EQ(settlement.counts().abandoned, 1u);
    EXPECT_EQ(settlement.in_flight(), 0u);
    EXPECT_TRUE(settlement.all_went_back());
    expect_law();
    const std::string said = log.text();
    EXPECT_NE(said.find("delivery 1 was given by the source to two messages at a time"), std::string::npos) << said;
    EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << "not a line for each: " << said;
}

TEST_F(SettlementTest, FailsWithAnExceptionOfTheSource) {
    inside_settle = [](FakeSource::Settlements) { throw std::runtime_error("broken pipe"); };
    take(1, Outcome::acked);
    EXPECT_FALSE(submit());
    EXPECT_NE(settlement.failed().find("broken pipe"), std::string::npos) << settlement.failed();
    expect_law();
}

TEST_F(SettlementTest, AbandonsWhatIsInFlight) {
    answer = SLUICE_QUEUED;
    take(1, Outcome::acked);
    EXPECT_TRUE(submit());
    take(2, Outcome::acked);
    settlement.abandon();
    EXPECT_EQ(settlement.counts().abandoned, 2u);
}

TEST_F(SettlementTest, CountsApartWhatWasAckedBecauseItWasRecognised) {
    const auto take_recognised = [this](std::uint64_t tag, Outcome outcome) {
        sluice_incoming incoming{};
        incoming.struct_size = sizeof incoming;
        incoming.tag = tag;
        Message* message = store.create(incoming);
        message->outcome = outcome;
        message->recognised = true;
        settlement.received(1);
        settlement.take(message, clock.now());
    };
    take(1, Outcome::acked);
    take_recognised(2, Outcome::acked);
    take_recognised(3, Outcome::dead_letter);
    EXPECT_TRUE(submit());
    EXPECT_EQ(settlement.counts().acked, 2u);
    EXPECT_EQ(settlement.counts().recognised, 1u);
    answer = SLUICE_QUEUED;
    take_recognised(4, Outcome::acked);
    EXPECT_TRUE(submit());
    EXPECT_EQ(settlement.counts().recognised, 1u) << "not before it is confirmed";
    confirm(4, SLUICE_OK);
    EXPECT_EQ(settlement.counts().recognised, 2u);
    expect_law();
}

TEST_F(SettlementTest, ASourceThatFailedPermanentlyIsNotAskedAgain) {
    answer = SLUICE_CORRUPT;
    take(1, Outcome::acked);
    EXPECT_FALSE(submit());
    EXPECT_NE(settlement.failed(), "");
    answer = SLUICE_OK;
    clock.advance(std::chrono::hours(1));
    EXPECT_FALSE(submit());
    EXPECT_EQ(settled, "");
    expect_law();
}

TEST_F(SettlementTest, ASourceMayFailPermanentlyAfterItTookASettlement) {
    answer = SLUICE_QUEUED;
    take(1, Outcome::acked);
    EXPECT_TRUE(submit());
    confirm(1, SLUICE_FAILED);
    EXPECT_NE(settlement.failed(), "");
    EXPECT_EQ(settlement.in_flight(), 1u);
    expect_law();
}

class TakesNothingBack : public SettlementTest {
protected:
    Settlement make() {
        source.capabilities = 0;
        another = source.create_port();
        return {*another, store, clock, logging.logger("one_way")};
    }
    std::unique_ptr<QueuePort> another;
    Settlement one_way = make();
};

TEST_F(TakesNothingBack, WhatWouldGoBackIsAbandonedAtOnceAndSaidOnce) {
    for (std::uint64_t tag = 1; tag <= 3; ++tag) {
        sluice_incoming incoming{};
        incoming.struct_size = sizeof incoming;
        incoming.tag = tag;
        Message* message = store.create(incoming);
        message->outcome = tag == 2 ? Outcome::acked : Outcome::released;
        one_way.received(1);
        one_way.take(message, clock.now());
    }
    EXPECT_TRUE(one_way.submit(clock.now()));
    EXPECT_EQ(settled, " ack2") << "the source hears nothing that it could not understand";
    EXPECT_EQ(one_way.counts().abandoned, 2u);
    EXPECT_EQ(one_way.counts().acked, 1u);
    EXPECT_EQ(one_way.in_flight(), 0u);
    EXPECT_NE(log.text().find("2 messages were not processed"), std::string::npos) << log.text();
}

}  // namespace
}  // namespace sluice
