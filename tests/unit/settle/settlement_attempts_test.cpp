// What a source that keeps attempts hears of those that failed.
#include "settle/settlement_bench.hpp"

namespace sluice {
namespace {

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
        another = source.create_port();
        return {*another, store, clock, logging.logger("keeps")};
    }
    std::unique_ptr<QueuePort> another;
    Settlement keeps = make();
};

TEST_F(SettlementTest, TellsNothingOfAttemptsToASourceThatDoesNotKeepThem) {
    settlement.note({1, 2, 100});
    take(1, Outcome::released, 2);
    EXPECT_TRUE(submit());
    EXPECT_EQ(settled, " release1");
}

TEST_F(KeepsAttempts, TellsTheSourceOfEachFailedAttemptBeforeTheMessagesEnd) {
    keeps.note({1, 2, 100});
    keeps.note({1, 3, 200});
    take_back(1, 3);
    EXPECT_EQ(keeps.in_flight(), 1u) << "a failed attempt is no message";
    EXPECT_TRUE(keeps.submit(clock.now()));
    EXPECT_EQ(settled, " attempted1#2 attempted1#3 release1#3");
    EXPECT_EQ(keeps.counts().settled(), 1u);
    EXPECT_EQ(keeps.in_flight(), 0u);
}

TEST_F(KeepsAttempts, TellsTheSourceWhyAnAttemptHasFailedHoweverOftenItIsToldOfIt) {
    answer = SLUICE_UNAVAILABLE;
    const std::string long_one(300, 'x');
    keeps.note({1, 2, 100, "short"});
    keeps.note({2, 2, 100, long_one});
    keeps.note({3, 2, 100});
    EXPECT_FALSE(keeps.submit(clock.now()));
    for (std::uint64_t tag = 4; tag < 100; ++tag) keeps.note({tag, 2, 100, std::to_string(tag)});
    answer = SLUICE_OK;
    clock.advance(std::chrono::seconds(10));
    EXPECT_TRUE(keeps.submit(clock.now()));
    EXPECT_EQ(settled.find(" attempted1#2(short) attempted2#2(" + long_one + ") attempted3#2 attempted4#2(4) "), 0u) << settled;
    settled.clear();
    take_back(1, 2);
    EXPECT_TRUE(keeps.submit(clock.now()));
    EXPECT_EQ(settled, " release1#2") << "which says nothing against the message";
}

TEST_F(KeepsAttempts, KeepsABoundedNumberOfReasonsWhileTheSourceTakesNothing) {
    for (std::uint64_t tag = 1; tag <= 4097; ++tag) keeps.note({tag, 2, 100, "why"});
    EXPECT_TRUE(keeps.submit(clock.now()));
    EXPECT_NE(settled.find(" attempted4096#2(why) attempted4097#2"), std::string::npos);
    EXPECT_EQ(settled.find("attempted4097#2("), std::string::npos);
    keeps.note({1, 3, 100, "again"});
    EXPECT_TRUE(keeps.submit(clock.now()));
    EXPECT_NE(settled.find(" attempted1#3(again)"), std::string::npos) << "once it takes them there is room";
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
    EXPECT_EQ(settled, " release1#2") << "the attempt goes with it again";
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
    EXPECT_EQ(settled, " attempted1#2 release1#2");
}

}  // namespace
}  // namespace sluice
