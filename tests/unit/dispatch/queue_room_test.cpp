#include "dispatch/queue_room.hpp"

#include <gtest/gtest.h>

#include <string>

#include "dispatch/dispatcher_bench.hpp"

namespace sluice {
namespace {

class QueueRoomTest : public DispatcherTest {};

TEST_F(QueueRoomTest, APollMayBringNoMoreThanTheFullestQueueHasRoomFor) {
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

TEST_F(QueueRoomTest, APollMayBringNoMoreBytesThanTheFullestQueueHasRoomFor) {
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

TEST_F(QueueRoomTest, SomeMessagesComeToAFullQueueThatGivesThemBack) {
    make_release(true);
    fill();
    EXPECT_EQ(dispatcher->room().messages, 2u) << "as many as it holds";
    dispatch("a3 b1");
    EXPECT_FALSE(dispatcher->may_poll()) << "one of them waits";
    let_go();
    work_off(5);
}

TEST_F(QueueRoomTest, PollingGoesOnWhileAWorkerHasNoMoreThanItsShareOfTheOverflow) {
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

TEST_F(QueueRoomTest, AShareIsBoundedInBytesToo) {
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

}  // namespace
}  // namespace sluice
