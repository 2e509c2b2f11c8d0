// What was settled of deliveries that the source has taken away, and has not taken the settlement of: another host's by now.
#include "settle/settlement_bench.hpp"

namespace sluice {
namespace {

class WithdrawnSettlements : public SettlementTest {
protected:
    void lose(std::uint64_t tag) { settlement.withdraw({&tag, 1}); }
    // The time after which a refused settlement is tried again has come.
    bool submit_later() {
        clock.advance(std::chrono::seconds(10));
        answer = SLUICE_OK;
        return submit();
    }
};

TEST_F(WithdrawnSettlements, AreNotTriedAgainWhenTheirAnswerComesLate) {
    answer = SLUICE_QUEUED;
    take(1, Outcome::acked, 1, false, 3);
    take(2, Outcome::released, 1, false, 3);
    take(4, Outcome::acked, 1, false, 5);
    EXPECT_TRUE(submit());
    settlement.withdraw_lane(3);
    confirm(1, SLUICE_UNAVAILABLE);
    confirm(2, SLUICE_CONFLICT);
    confirm(4, SLUICE_UNAVAILABLE);
    EXPECT_EQ(settlement.counts().lost_lease, 2u);
    EXPECT_TRUE(settlement.all_went_back());
    expect_law();
    EXPECT_TRUE(submit_later());
    EXPECT_EQ(settled, " ack1 release2 ack4 ack4") << "the other lane is ours";
    expect_law();
}

TEST_F(WithdrawnSettlements, CountAsTheSourceSaysIfItTakesThem) {
    answer = SLUICE_QUEUED;
    take(1, Outcome::acked, 1, false, 3);
    take(2, Outcome::acked, 1, false, 3);
    EXPECT_TRUE(submit());
    settlement.withdraw_lane(3);
    confirm(1, SLUICE_OK);
    confirm(2, SLUICE_LOST_LEASE);
    EXPECT_EQ(settlement.counts().acked, 1u);
    EXPECT_EQ(settlement.counts().lost_lease, 1u);
    expect_law();
}

TEST_F(WithdrawnSettlements, ThatTheSourceRefusedAreForgotten) {
    answer = SLUICE_UNAVAILABLE;
    take(1, Outcome::acked, 1, false, 3);
    take(2, Outcome::released);
    take(4, Outcome::acked, 1, false, 5);
    EXPECT_FALSE(submit());
    settlement.withdraw_lane(3);
    lose(2);
    EXPECT_FALSE(submit()) << "one is left";
    EXPECT_EQ(settlement.counts().lost_lease, 2u);
    EXPECT_TRUE(settlement.all_went_back());
    expect_law();
    EXPECT_TRUE(submit_later());
    EXPECT_EQ(settled, " ack4");
    expect_law();
}

// So that the lane is empty, though the source takes nothing.
TEST_F(WithdrawnSettlements, LeaveNothingToSettle) {
    answer = SLUICE_UNAVAILABLE;
    take(1, Outcome::acked, 1, false, 3);
    EXPECT_FALSE(submit());
    EXPECT_FALSE(settlement.submitted());
    settlement.withdraw_lane(3);
    EXPECT_TRUE(submit());
    EXPECT_TRUE(settlement.submitted());
    EXPECT_FALSE(settlement.pending());
    expect_law();
}

TEST_F(WithdrawnSettlements, AreToldOnceAsTheirEffectsMayBeThere) {
    const auto take_lost = [this] {
        sluice_incoming incoming{};
        incoming.struct_size = sizeof incoming;
        incoming.tag = 1;
        Message* message = store.create(incoming);
        message->outcome = Outcome::acked;
        message->withdrawn = Withdrawn::lost;
        settlement.received(1);
        settlement.take(message, clock.now());
    };
    take_lost();
    EXPECT_TRUE(submit());
    EXPECT_EQ(settled, " ack1");
    answer = SLUICE_UNAVAILABLE;
    take_lost();
    EXPECT_TRUE(submit()) << "once";
    EXPECT_EQ(settlement.counts().acked, 1u);
    EXPECT_EQ(settlement.counts().lost_lease, 1u);
    expect_law();
}

TEST_F(WithdrawnSettlements, MayBeSoFromInsideSettle) {
    answer = SLUICE_UNAVAILABLE;
    inside_settle = [this](FakeSource::Settlements) { settlement.withdraw_lane(3); };
    take(1, Outcome::acked, 1, false, 3);
    take(2, Outcome::acked, 1, false, 4);
    EXPECT_FALSE(submit());
    inside_settle = {};
    EXPECT_EQ(settlement.counts().lost_lease, 1u);
    EXPECT_TRUE(submit_later());
    EXPECT_EQ(settled, " ack2");
    expect_law();
}

TEST_F(WithdrawnSettlements, OfALaneLeaveWhatComesByItsNextLifeAlone) {
    answer = SLUICE_QUEUED;
    take(1, Outcome::acked, 1, false, 3);
    EXPECT_TRUE(submit());
    settlement.withdraw_lane(3);
    take(2, Outcome::acked, 1, false, 3);
    EXPECT_TRUE(submit());
    confirm(1, SLUICE_UNAVAILABLE);
    confirm(2, SLUICE_UNAVAILABLE);
    EXPECT_TRUE(submit_later());
    EXPECT_EQ(settled, " ack1 ack2 ack2");
    EXPECT_EQ(settlement.counts().lost_lease, 1u);
    expect_law();
}

TEST_F(WithdrawnSettlements, OfWhatWasAckedInItsUnitAreAcks) {
    answer = SLUICE_QUEUED;
    take(1, Outcome::acked, 1, true, 3);
    EXPECT_TRUE(submit());
    settlement.withdraw_lane(3);
    confirm(1, SLUICE_UNAVAILABLE);
    EXPECT_EQ(settlement.counts().acked, 1u);
    EXPECT_EQ(settlement.counts().lost_lease, 0u);
    EXPECT_FALSE(settlement.pending());
    expect_law();
}

TEST_F(WithdrawnSettlements, AreNoneOfASourceWithoutLanes) {
    answer = SLUICE_QUEUED;
    take(1, Outcome::acked);
    EXPECT_TRUE(submit());
    settlement.withdraw_lane(0);
    confirm(1, SLUICE_UNAVAILABLE);
    EXPECT_TRUE(submit_later());
    EXPECT_EQ(settled, " ack1 ack1");
}

}  // namespace
}  // namespace sluice
