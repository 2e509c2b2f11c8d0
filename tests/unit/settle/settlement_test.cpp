#include "settle/settlement.hpp"

#include <gtest/gtest.h>

#include <string>

#include "core/clock.hpp"
#include "observe/memory_log.hpp"
#include "source/fake_source.hpp"

namespace sluice {
namespace {

class SettlementTest : public testing::Test {
protected:
    SettlementTest() {
        source.on_settle = [this](FakeSource::Settlements items) {
            if (inside_settle) inside_settle(items);
            if (answer == SLUICE_OK || answer == SLUICE_QUEUED)
                for (const sluice_settlement& item : items)
                    settled += (item.action == SLUICE_ACK             ? " ack"
                                : item.action == SLUICE_NACK          ? " nack"
                                : item.action == SLUICE_ACKED_IN_UNIT ? " acked"
                                                                      : " attempted") +
                               std::to_string(item.tag) + (item.attempt == 0 ? "" : "#" + std::to_string(item.attempt));
            return answer;
        };
    }
    // A message that was received and has ended so.
    void take(std::uint64_t tag, Outcome outcome, std::uint32_t attempt = 1, bool acked_in_unit = false) {
        sluice_incoming incoming{};
        incoming.struct_size = sizeof incoming;
        incoming.tag = tag;
        incoming.attempt = attempt;
        Message* message = store.create(incoming);
        message->received_ns = clock.now();
        message->outcome = outcome;
        message->acked_in_unit = acked_in_unit;
        settlement.received(1);
        settlement.take(message, clock.now());
    }
    bool submit() { return settlement.submit(clock.now()); }
    void confirm(std::uint64_t tag, sluice_status status) { settlement.settled(&tag, 1, status); }
    void expect_law() {
        const SourceCounts counts = settlement.counts();
        EXPECT_EQ(counts.received, counts.settled() + settlement.in_flight());
    }

    FakeClock clock{1};
    MemoryFile log;
    Logging logging{LogOptions{}, clock, log.file()};
    FakeSource source;
    QueueInstance instance = source.instance();
    MessageStore store{"fake"};
    Settlement settlement{instance, store, clock, logging.logger("sources.fake")};
    sluice_status answer = SLUICE_OK;
    std::function<void(FakeSource::Settlements)> inside_settle;
    std::string settled;
};

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
    EXPECT_EQ(settled, " nack1 nack2");
    EXPECT_EQ(settlement.counts().lost_lease, 2u);
    EXPECT_EQ(settlement.counts().released, 0u);
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
    EXPECT_EQ(settled, " ack1 ack2 ack3 ack4 nack5");
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
    EXPECT_EQ(settled, " nack1");
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
    EXPECT_EQ(settled, " ack1 nack2");
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
    EXPECT_EQ(settled, " ack1 nack2");
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

TEST_F(SettlementTest, TakesAnExceptionOfTheSourceForARefusal) {
    inside_settle = [](FakeSource::Settlements) { throw std::runtime_error("broken pipe"); };
    take(1, Outcome::acked);
    EXPECT_FALSE(submit());
    EXPECT_NE(log.text().find("broken pipe"), std::string::npos);
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
        return {instance, store, clock, logging.logger("one_way")};
    }
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

class KeepsAttempts : public SettlementTest {
protected:
    void take_back(std::uint64_t tag, std::uint32_t attempt) {
        sluice_incoming incoming{};
        incoming.struct_size = sizeof incoming;
        incoming.tag = tag;
        incoming.attempt = attempt;
        Message* message = store.create(incoming);
        message->outcome = Outcome::released;
        keeps.received(1);
        keeps.take(message, clock.now());
    }
    Settlement make() {
        source.capabilities |= SLUICE_QUEUE_KEEPS_ATTEMPTS;
        return {instance, store, clock, logging.logger("keeps")};
    }
    Settlement keeps = make();
};

TEST_F(SettlementTest, TellsNothingOfAttemptsToASourceThatDoesNotKeepThem) {
    settlement.note({1, 2, 100});
    take(1, Outcome::released, 2);
    EXPECT_TRUE(submit());
    EXPECT_EQ(settled, " nack1");
}

TEST_F(KeepsAttempts, TellsTheSourceOfEachFailedAttemptBeforeTheMessagesEnd) {
    keeps.note({1, 2, 100});
    keeps.note({1, 3, 200});
    take_back(1, 3);
    EXPECT_EQ(keeps.in_flight(), 1u) << "a failed attempt is no message";
    EXPECT_TRUE(keeps.submit(clock.now()));
    EXPECT_EQ(settled, " attempted1#2 attempted1#3 nack1#3");
    EXPECT_EQ(keeps.counts().settled(), 1u);
    EXPECT_EQ(keeps.in_flight(), 0u);
}

TEST_F(KeepsAttempts, ExpectsNoConfirmationOfAFailedAttempt) {
    answer = SLUICE_QUEUED;
    keeps.note({1, 2, 100});
    EXPECT_TRUE(keeps.submit(clock.now()));
    EXPECT_FALSE(keeps.unconfirmed());
    take_back(1, 2);
    EXPECT_TRUE(keeps.submit(clock.now()));
    const std::uint64_t tag = 1;
    keeps.settled(&tag, 1, SLUICE_UNAVAILABLE);
    settled.clear();
    clock.advance(std::chrono::seconds(10));
    EXPECT_TRUE(keeps.submit(clock.now()));
    EXPECT_EQ(settled, " nack1#2") << "the attempt goes with it again";
}

TEST_F(KeepsAttempts, KeepsTheOrderWhileTheSourceTakesNothing) {
    answer = SLUICE_UNAVAILABLE;
    keeps.note({1, 2, 100});
    EXPECT_FALSE(keeps.submit(clock.now()));
    EXPECT_EQ(keeps.in_flight(), 0u);
    take_back(1, 2);
    answer = SLUICE_OK;
    clock.advance(std::chrono::seconds(10));
    EXPECT_TRUE(keeps.submit(clock.now()));
    EXPECT_EQ(settled, " attempted1#2 nack1#2");
}

}  // namespace
}  // namespace sluice
