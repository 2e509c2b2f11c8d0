#include "work/rerun.hpp"

#include <gtest/gtest.h>

#include <array>
#include <utility>

namespace sluice {
namespace {

class RerunTest : public testing::Test {
protected:
    RerunTest() {
        for (std::size_t i = 0; i < messages.size(); ++i) {
            messages[i].key_hash = i % 2 + 1;  // 1 2 1 2
            messages[i].outcome = Outcome::acked;
        }
    }
    // The numbers of those that run again.
    std::vector<std::size_t> decide(bool follows_failed = false, bool keep_order = true) {
        Rerun rerun(unit, follows_failed, keep_order);
        for (Message& message : messages)
            if (rerun.includes(message) || message.outcome == Outcome::none) rerun.add(&message);
        std::vector<std::size_t> numbers;
        while (const Message* message = rerun.messages().pop_front())
            numbers.push_back(static_cast<std::size_t>(message - messages.data()));
        return numbers;
    }

    Unit unit;
    std::array<Message, 4> messages{};
};

using Numbers = std::vector<std::size_t>;

TEST_F(RerunTest, IsNothingOfAUnitThatWorked) {
    unit.has_effects = true;
    EXPECT_EQ(decide(), Numbers{});
    EXPECT_EQ(decide(true), Numbers{}) << "it is durable, whatever came before";
}

TEST_F(RerunTest, IsAllOfAUnitThatFailedAndForgetsWhatCameOfIt) {
    unit.failed = true;
    messages[1].fail("no");
    messages[1].outcome = Outcome::dead_letter;
    messages[2].acked_in_unit = messages[2].recognised = true;
    EXPECT_EQ(decide(), (Numbers{0, 1, 2, 3}));
    for (const Message& message : messages) {
        EXPECT_EQ(message.outcome, Outcome::none);
        EXPECT_FALSE(message.acked_in_unit || message.recognised || message.failure);
    }
}

TEST_F(RerunTest, IsAllOfAUnitWithoutEffectsThatFollowsOneThatFailed) {
    EXPECT_EQ(decide(true), (Numbers{0, 1, 2, 3}));
}

TEST_F(RerunTest, IsNeverWhatAnotherHostHasNow) {
    unit.failed = true;
    messages[0].outcome = Outcome::lost_lease;
    EXPECT_EQ(decide(), (Numbers{1, 2, 3}));
}

TEST_F(RerunTest, IsAMessageWithoutAnOutcomeAndWhatFollowsOfItsKey) {
    unit.has_effects = true;
    messages[0].outcome = Outcome::none;
    EXPECT_EQ(decide(), (Numbers{0, 2}));
}

TEST_F(RerunTest, IsNotWhatItsSourceHasAckedAlready) {
    unit.has_effects = true;
    messages[0].outcome = Outcome::none;
    messages[2].acked_in_unit = true;
    EXPECT_EQ(decide(), Numbers{0});
}

TEST_F(RerunTest, IsTheMessageAloneWhereThereIsNoOrderToKeep) {
    unit.has_effects = true;
    messages[0].outcome = Outcome::none;
    EXPECT_EQ(decide(false, false), Numbers{0});
    messages[0].outcome = Outcome::none;
    messages[0].key_hash = messages[2].key_hash = 0;
    EXPECT_EQ(decide(), Numbers{0});
}

}  // namespace
}  // namespace sluice
