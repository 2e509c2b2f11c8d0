#include "source/late_confirmations.hpp"

#include <gtest/gtest.h>

#include "settle/settlement_bench.hpp"

namespace sluice {
namespace {

class LateConfirmationsTest : public SettlementTest {
protected:
    LateConfirmationsTest() {
        answer = SLUICE_QUEUED;
        source.on_flush = [this] {
            ++flushes;
            if (flush_answer == SLUICE_OK) confirm(1, SLUICE_OK);
            return flush_answer;
        };
    }

    LateConfirmations confirmations{settlement, clock, logging.logger("sources.fake")};
    sluice_status flush_answer = SLUICE_OK;
    int flushes = 0;
};

TEST_F(LateConfirmationsTest, AreAskedForOnceTheSourceHasNotBeenCalledForAWhile) {
    take(1, Outcome::acked);
    ASSERT_TRUE(submit());
    confirmations.rests(clock.now());
    EXPECT_EQ(confirmations.due_ns(), 1 + 100 * ns_per_ms);
    clock.advance(std::chrono::milliseconds(99));
    confirmations.rests(clock.now());
    confirmations.ask_if_due();
    EXPECT_EQ(flushes, 0);
    clock.advance(std::chrono::milliseconds(1));
    confirmations.ask_if_due();
    EXPECT_EQ(flushes, 1);
    EXPECT_EQ(confirmations.due_ns(), 0);
    EXPECT_EQ(settlement.in_flight(), 0u);
    confirmations.rests(clock.now());
    EXPECT_EQ(confirmations.due_ns(), 0) << "nothing is left to confirm";
}

TEST_F(LateConfirmationsTest, AreNotLateIfTheSourceIsPolled) {
    take(1, Outcome::acked);
    ASSERT_TRUE(submit());
    confirmations.rests(clock.now());
    confirmations.polled();
    EXPECT_EQ(confirmations.due_ns(), 0);
}

TEST_F(LateConfirmationsTest, AreAskedForAtTheEndUntilAllAreThere) {
    take(1, Outcome::acked);
    ASSERT_TRUE(submit());
    flush_answer = SLUICE_UNAVAILABLE;
    EXPECT_FALSE(confirmations.ask_for_all());
    EXPECT_FALSE(confirmations.ask_for_all());
    const std::string said = log.text();
    EXPECT_NE(said.find("does not confirm yet"), std::string::npos);
    EXPECT_EQ(said.find("does not confirm yet"), said.rfind("does not confirm yet"));
    flush_answer = SLUICE_OK;
    EXPECT_TRUE(confirmations.ask_for_all());
}

}  // namespace
}  // namespace sluice
