// What becomes of messages whose worker has no room: they wait in the overflow, or go back to the source, and no key is
// overtaken.
#include <gtest/gtest.h>

#include "core/clock.hpp"
#include "dispatch/dispatcher_bench.hpp"

namespace sluice {
namespace {

class FullQueues : public DispatcherTest {
protected:
    void make_overflow(std::uint32_t messages) {
        make({.pool = nullptr,
              .when_full = {.then = WhenFull::Then::overflow, .overflow = messages},
              .logger = bench.logging.logger("pools.p")});
    }
    void make_release(bool keeps_order) {
        make({.pool = nullptr,
              .when_full = {.then = WhenFull::Then::release, .timeout_ms = 100},
              .logger = bench.logging.logger("pools.p"),
              .keeps_order = keeps_order});
    }
    // The first worker holds a0 in its handler, a1 and a2 in its queue.
    void fill() {
        dispatch("a0");
        ASSERT_TRUE(entered[0].reaches(1));
        dispatch("a1 a2");
        ASSERT_EQ(dispatcher->waiting(), 0u);
    }
    void wait_until(std::int64_t time_ns) {
        now_ns = time_ns;
        dispatcher->push_waiting(now_ns, ended);
    }
    bool logged(const std::string& text) const { return bench.log.text().find(text) != std::string::npos; }
};

TEST_F(FullQueues, PollingGoesOnWhileAWorkerHasNoMoreThanItsShareOfTheOverflow) {
    make_overflow(6);
    fill();
    dispatch("a3 a4");
    EXPECT_EQ(dispatcher->overflowed(), 2u);
    EXPECT_EQ(dispatcher->room().messages, 1u) << "half of six is the worker's";
    dispatch("b1");
    EXPECT_TRUE(dispatcher->may_poll());
    dispatch("a5");
    EXPECT_FALSE(dispatcher->may_poll());
    EXPECT_EQ(dispatcher->overflowed(), 3u);
    let_go();
    work_off(7);
    EXPECT_TRUE(dispatcher->may_poll());
    EXPECT_EQ(dispatcher->overflowed(), 0u);
    EXPECT_EQ(handled(0), "a0 a1 a2 a3 a4 a5 ") << "new ones join behind those in the overflow";
    EXPECT_EQ(take_ended(), "");
}

TEST_F(FullQueues, AShareIsBoundedInBytesToo) {
    make_overflow(2'000);  // a share of 1000; a message may have as many bytes as in the queue: 8 MiB
    fill();
    Message* large = message("a3", R"({"type":"flight","k":"a","pad":")" + std::string(1'000, 'x') + "\"}");
    const std::uint64_t share = overflow_bytes(2, 16u << 20, 1'000);
    EXPECT_EQ(share, std::uint64_t{8'000} << 20);
    large->charge = 0xffff'ffff;
    MessageList polled;
    polled.push_back(large);
    dispatcher->dispatch(polled, 0, ended);
    EXPECT_TRUE(dispatcher->may_poll());
    Message* another = message("a4", R"({"type":"flight","k":"a"})");
    another->charge = 0xffff'ffff;
    polled.push_back(another);
    dispatcher->dispatch(polled, 0, ended);
    EXPECT_FALSE(dispatcher->may_poll()) << "almost 8 GiB";
    dispatcher->release_all(ended);
    EXPECT_EQ(take_ended(), "a3 a4");
}

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

TEST_F(FullQueues, APollMayBringNoMoreThanTheFullestQueueHasRoomFor) {
    make(WhenFull::Then::block);
    dispatch("a0");
    ASSERT_TRUE(entered[0].reaches(1));
    dispatch("a1");
    EXPECT_EQ(dispatcher->room().messages, 1u) << "the other queue has room for two";
    dispatch("a2");
    EXPECT_FALSE(dispatcher->may_poll());
    EXPECT_EQ(dispatcher->waiting(), 0u);
    let_go();
    work_off(3);
    EXPECT_GE(dispatcher->room().messages, 1u) << "as the queue was when it was last looked at, and that is enough to poll";
}

TEST_F(FullQueues, APollMayBringNoMoreBytesThanTheFullestQueueHasRoomFor) {
    make(WhenFull::Then::block);
    dispatch("a0");
    ASSERT_TRUE(entered[0].reaches(1));
    EXPECT_EQ(dispatcher->room().bytes, limits::poll_bytes);
    Message* large = message("a1", R"({"type":"flight","k":"a"})");
    large->charge = 13u << 20;
    MessageList polled, again;
    polled.push_back(large);
    dispatcher->dispatch(polled, 0, ended);
    EXPECT_GE(dispatcher->room().bytes, (3u << 20) - 1024);
    EXPECT_LE(dispatcher->room().bytes, 3u << 20);
    Message* larger = message("a2", R"({"type":"flight","k":"a"})");
    larger->charge = 5u << 20;
    again.push_back(larger);
    dispatcher->dispatch(again, 0, ended);
    EXPECT_FALSE(dispatcher->may_poll());
    EXPECT_EQ(dispatcher->waiting(), 1u) << "the one that passes the bound waits";
    dispatcher->release_all(ended);
    EXPECT_EQ(take_ended(), "a2");
}

TEST_F(FullQueues, SomeMessagesComeToAFullQueueThatGivesThemBack) {
    make_release(true);
    fill();
    EXPECT_EQ(dispatcher->room().messages, 2u) << "as many as it holds";
    dispatch("a3 b1");
    EXPECT_FALSE(dispatcher->may_poll()) << "one of them waits";
    let_go();
    work_off(5);
}

}  // namespace
}  // namespace sluice
