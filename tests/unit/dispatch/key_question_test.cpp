#include "dispatch/key_question.hpp"

#include <gtest/gtest.h>

#include <string>

#include "dispatch/dispatcher_bench.hpp"

namespace sluice {
namespace {

class KeyQuestionTest : public DispatcherTest {
protected:
    void ask(const std::string& key) {
        question.key = key;
        question.told = [this] { told.add(); };
        dispatcher->answer(question);
    }
    const PoolQuestion& part() const { return *question.parts.at(0); }

    KeyQuestion question;
    Tally told;
};

TEST_F(KeyQuestionTest, IsAnsweredByTheWorkerThatHasTheKey) {
    make(WhenFull::Then::block);
    ask("b");
    EXPECT_TRUE(question.placed);
    ASSERT_EQ(question.parts.size(), 1u);
    EXPECT_EQ(part().pool, "p");
    EXPECT_EQ(part().worker, 1u);
    ASSERT_TRUE(told.reaches(2)) << "once it is asked, once it is answered";
    EXPECT_TRUE(part().answered);
    EXPECT_EQ(part().waiting_for_room, 0u);
}

TEST_F(KeyQuestionTest, CountsWhatWaitsForRoom) {
    make(WhenFull::Then::block);
    fill();
    dispatch("a3 a4 b1");
    ask("a");
    EXPECT_EQ(part().worker, 0u);
    EXPECT_EQ(part().waiting_for_room, 2u);
    let_go();
    work_off(6);
}

TEST_F(KeyQuestionTest, AskedOnceMoreIsAnsweredForAWorkerInsideAHandler) {
    make(WhenFull::Then::block);
    fill();
    ask("a");
    EXPECT_FALSE(part().answered);
    dispatcher->answer(question);
    EXPECT_TRUE(part().answered);
    EXPECT_TRUE(part().in_handler);
    EXPECT_EQ(part().queued, 2u);
    let_go();
    work_off(3);
}

TEST_F(KeyQuestionTest, IsNotForAWorkerWhereMessagesGoToTheLeastLoaded) {
    make({.pool = nullptr, .when_full = {}, .logger = bench.logging.logger("pools.p"), .least_loaded = true});
    ask("a");
    EXPECT_FALSE(part().by_key);
    EXPECT_TRUE(part().answered);
}

}  // namespace
}  // namespace sluice
