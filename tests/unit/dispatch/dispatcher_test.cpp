#include "dispatch/dispatcher.hpp"

#include <gtest/gtest.h>

#include "dispatch/dispatcher_bench.hpp"

namespace sluice {
namespace {

TEST_F(DispatcherTest, OneFullWorkerHoldsUpNoOther) {
    make(WhenFull::Then::block);
    dispatch("a0");
    ASSERT_TRUE(entered[0].reaches(1));
    dispatch("a1 a2 a3 b1 a4 b2");
    EXPECT_EQ(dispatcher->waiting(), 2u) << "a3 and a4 wait";
    EXPECT_FALSE(dispatcher->may_push());
    work_off(2);
    EXPECT_EQ(handled(1), "b1 b2 ");
    EXPECT_EQ(handled(0), "");
    let_go();
    work_off(5);
    EXPECT_EQ(handled(0), "a0 a1 a2 a3 a4 ") << "in the order polled";
    EXPECT_EQ(dispatcher->waiting(), 0u);
    EXPECT_EQ(take_ended(), "");
}

TEST_F(DispatcherTest, GivesBackWhatWaitsForRoom) {
    make(WhenFull::Then::block);
    dispatch("a0");
    ASSERT_TRUE(entered[0].reaches(1));
    dispatch("a1 a2 a3 a4");
    dispatcher->release_all(ended);
    EXPECT_EQ(take_ended(), "a3 a4");
    EXPECT_EQ(outcome, Outcome::released);
    EXPECT_EQ(dispatcher->waiting(), 0u);
}

TEST_F(DispatcherTest, DropsWhatHasNoRoomIntoTheDeadLetters) {
    make(WhenFull::Then::drop_dead_letter);
    dispatch("a0");
    ASSERT_TRUE(entered[0].reaches(1));
    dispatch("a1 a2 a3 a4 b1");
    EXPECT_EQ(take_ended(), "a3 a4");
    EXPECT_EQ(outcome, Outcome::dead_letter);
    EXPECT_EQ(error, "the queue of worker 0 was full, and when_full says drop: dead_letter");
    EXPECT_EQ(dispatcher->waiting(), 0u);
}

TEST_F(DispatcherTest, DropsWhatHasNoRoomAndOnlyCountsIt) {
    make(WhenFull::Then::drop_count);
    dispatch("a0");
    ASSERT_TRUE(entered[0].reaches(1));
    dispatch("a1 a2 a3");
    EXPECT_EQ(take_ended(), "a3");
    EXPECT_EQ(outcome, Outcome::dropped);
}

TEST_F(DispatcherTest, DropsNothingThatHasEndedInAnEarlierRun) {
    recorded.add("a", 3, 4);
    recorded.finish();
    make(WhenFull::Then::drop_dead_letter);
    dispatch("a0");
    ASSERT_TRUE(entered[0].reaches(1));
    MessageList polled;
    for (int i = 1; i <= 4; ++i) {
        Message* one = message("a" + std::to_string(i), R"({"type":"flight","k":"a"})");
        one->stream_size = 1;
        one->position = static_cast<std::uint64_t>(i);
        one->position_end = one->position + 1;
        polled.push_back(one);
    }
    dispatcher->dispatch(polled, 0, ended);
    EXPECT_EQ(take_ended(), "a4");
    EXPECT_EQ(dispatcher->waiting(), 1u);
    EXPECT_FALSE(dispatcher->may_poll()) << "a3 has no room yet";
    let_go();
    work_off(4);
    EXPECT_TRUE(dispatcher->may_poll());
    EXPECT_EQ(handled(0), "a0 a1 a2 a3 ");
}

TEST_F(DispatcherTest, EndsWhatNoWorkerIsToHave) {
    make(WhenFull::Then::block);
    const auto end_of = [&](Message* one) {
        MessageList polled;
        polled.push_back(one);
        dispatcher->dispatch(polled, 0, ended);
        EXPECT_EQ(take_ended(), "x");
        EXPECT_EQ(outcome, Outcome::dead_letter);
        return error;
    };
    EXPECT_EQ(end_of(message("x", R"({"type":"train","k":"a"})")), "no pool's `when` takes it");
    EXPECT_EQ(end_of(message("x", R"({"type":"flight"})")), "it has no key, and missing_key says dead_letter");
    Message* refused = message("x", "cut");
    refused->outcome = Outcome::dead_letter;
    refused->fail("too long");
    EXPECT_EQ(end_of(refused), "too long");
}

TEST_F(DispatcherTest, KeepsAKeyThatIsNotAViewOfTheBody) {
    make(WhenFull::Then::block);
    Message* escaped = message("x", R"({"type":"flight","k":"\u0062"})");
    MessageList polled;
    polled.push_back(escaped);
    dispatcher->dispatch(polled, 0, ended);
    ASSERT_TRUE(entered[1].reaches(1)) << "b, unescaped, goes to the second worker";
    EXPECT_TRUE(escaped->owns_more);
    EXPECT_EQ(std::string(escaped->view.key.data, escaped->view.key.size), "b");
    work_off(1);
}

}  // namespace
}  // namespace sluice
