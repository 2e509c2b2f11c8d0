// What becomes of messages whose worker has no room: they wait in the overflow, or go back to the source, and no key is
// overtaken.
#include "dispatch/pool_feed.hpp"

#include <gtest/gtest.h>

#include "core/clock.hpp"
#include "dispatch/dispatcher_bench.hpp"

namespace sluice {
namespace {

class FullQueues : public DispatcherTest {
protected:
    void wait_until(std::int64_t time_ns) {
        now_ns = time_ns;
        dispatcher->push_waiting(now_ns, ended);
    }
    bool logged(const std::string& text) const { return bench.log.text().find(text) != std::string::npos; }
};

TEST_F(FullQueues, WhatHasWaitedTooLongGoesBackAndFencesItsKey) {
    make_release(true);
    fill();
    dispatch("a3 a4 b1");
    EXPECT_FALSE(dispatcher->may_poll());
    EXPECT_EQ(dispatcher->due_ns(), 100 * ns_per_ms);
    wait_until(99 * ns_per_ms);
    EXPECT_EQ(take_ended(), "");
    wait_until(100 * ns_per_ms);
    EXPECT_EQ(take_ended(), "a3 a4");
    EXPECT_EQ(outcome, Outcome::released);
    EXPECT_TRUE(dispatcher->may_poll());
    EXPECT_EQ(dispatcher->due_ns(), 0);
    EXPECT_TRUE(logged("worker 0 had no room for 100 ms: 2 messages go back to the source"));

    let_go();
    work_off(4);
    dispatch("a5 b2");
    EXPECT_EQ(take_ended(), "a5") << "there is room, but a3 has not come again";
    dispatch("a3 a4 a5");
    work_off(4);
    EXPECT_EQ(take_ended(), "");
    EXPECT_EQ(handled(0), "a0 a1 a2 a3 a4 a5 ");
    EXPECT_EQ(handled(1), "b1 b2 ");
}

TEST_F(FullQueues, AMessageWithoutAnIdWaitsOn) {
    make_release(true);
    fill();
    MessageList polled;
    polled.push_back(message("", R"({"type":"flight","k":"a"})"));
    dispatcher->dispatch(polled, 0, ended);
    wait_until(100 * ns_per_ms);
    EXPECT_EQ(dispatcher->waiting(), 1u) << "it would not be known when it comes again";
    EXPECT_EQ(dispatcher->due_ns(), 200 * ns_per_ms);
    dispatcher->keep_waiting(true);
    wait_until(300 * ns_per_ms);
    EXPECT_EQ(dispatcher->due_ns(), 0);
    let_go();
    work_off(4);
    EXPECT_EQ(handled(0), "a0 a1 a2  ");
}

TEST_F(FullQueues, WithoutOrderNothingIsFenced) {
    make_release(false);
    fill();
    dispatch("a3");
    wait_until(100 * ns_per_ms);
    EXPECT_EQ(take_ended(), "a3");
    let_go();
    work_off(3);
    dispatch("a4 a3");
    work_off(2);
    EXPECT_EQ(handled(0), "a0 a1 a2 a4 a3 ");
}

TEST_F(FullQueues, AStopLetsWhatWaitsGoToItsWorker) {
    make_release(true);
    fill();
    dispatch("a3");
    dispatcher->keep_waiting(true);
    wait_until(1'000 * ns_per_ms);
    EXPECT_EQ(dispatcher->waiting(), 1u);
    EXPECT_EQ(take_ended(), "");
    let_go();
    work_off(4);
    EXPECT_EQ(handled(0), "a0 a1 a2 a3 ");
}

TEST_F(FullQueues, TheLeastLoadedWorkerGetsTheMessage) {
    make({.pool = nullptr, .when_full = {}, .logger = bench.logging.logger("pools.p"), .least_loaded = true});
    dispatch("a0");  // whichever comes first, this worker stays busy
    ASSERT_TRUE(entered[0].reaches(1));
    for (int i = 1; i <= 3; ++i) {
        dispatch("b" + std::to_string(i));
        work_off(1);
    }
    EXPECT_EQ(handled(1), "b1 b2 b3 ") << "the other has one to do all the time";
    dispatch("b4 b5 b6");
    let_go();
    work_off(4);
    EXPECT_EQ(handled(0).substr(0, 3), "a0 ");
    EXPECT_EQ(handled(1).substr(0, 12), "b1 b2 b3 b4 ");
}

TEST_F(FullQueues, AReplayedMessageIsNeitherHeldUpByAFenceNorLowersIt) {
    make_release(true);
    fill();
    dispatch("a3");
    wait_until(100 * ns_per_ms);
    EXPECT_EQ(take_ended(), "a3");
    let_go();
    work_off(3);
    const Replayed dead{"1", false, {}};
    const auto replay = [&](const std::string& id) {
        Message* one = message(id, R"({"type":"flight","k":"a"})");
        one->replayed = true;
        one->tag = reinterpret_cast<std::uintptr_t>(&dead);
        MessageList list;
        list.push_back(one);
        dispatcher->dispatch(list, now_ns, ended);
    };
    replay("a9");  // before any newer one: it would be taken for the proof that a3 never comes again
    replay("a3");  // the dead letter of an earlier message with this id
    work_off(2);
    dispatch("a9 a4");
    EXPECT_EQ(take_ended(), "a9 a4") << "a3 has not come again";
    dispatch("a3 a9 a4");
    work_off(3);
    EXPECT_EQ(handled(0), "a0 a1 a2 a9 a3 a3 a9 a4 ");
}

TEST_F(FullQueues, WhatNobodyGivesBackIsDueAtNoTime) {
    make_release(true);
    fill();
    dispatch("a3");
    EXPECT_EQ(dispatcher->due_ns(), 100 * ns_per_ms);
    dispatcher->keep_waiting(true);
    EXPECT_EQ(dispatcher->due_ns(), 0) << "before anything is pushed again, which may not be for long";
    dispatcher->keep_waiting(false);
    EXPECT_EQ(dispatcher->due_ns(), 100 * ns_per_ms);
    let_go();
    work_off(4);
}

}  // namespace
}  // namespace sluice
