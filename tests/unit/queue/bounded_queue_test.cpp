#include "queue/bounded_queue.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace sluice {
namespace {

class BoundedQueueTest : public testing::Test {
protected:
    // Offers messages of these charges one behind the other, as the source does; returns how many there was room for.
    std::size_t offer(BoundedQueue& queue, const std::vector<std::uint32_t>& charges) {
        MessageList offered;
        for (std::size_t i = 0; i < charges.size(); ++i) {
            messages_[next_ + i].charge = charges[i];
            offered.push_back(&messages_[next_ + i]);
        }
        const bool has_room = queue.has_room(charges.front());
        const std::size_t taken = queue.push(offered).count;
        EXPECT_EQ(has_room, taken != 0);
        EXPECT_EQ(offered.size(), charges.size() - taken);
        next_ += taken;
        return taken;
    }
    std::vector<std::ptrdiff_t> pop(BoundedQueue& queue, std::uint32_t max) {
        MessageList taken;
        queue.pop(taken, max);
        std::vector<std::ptrdiff_t> numbers;
        while (const Message* message = taken.pop_front()) numbers.push_back(message - messages_.data());
        return numbers;
    }
    std::vector<Message> messages_ = std::vector<Message>(100);
    std::size_t next_ = 0;
};

using Numbers = std::vector<std::ptrdiff_t>;

TEST_F(BoundedQueueTest, LeavesTheMessageWithTheCallerWhenFull) {
    BoundedQueue queue(3, 1'000);
    EXPECT_EQ(offer(queue, {1, 1, 1, 1}), 3u) << "3 of a ring of 4 slots";
    EXPECT_EQ(queue.depth(), 3u);
    EXPECT_EQ(pop(queue, 1), Numbers{0});
    EXPECT_EQ(offer(queue, {1, 1}), 1u);
    EXPECT_EQ(pop(queue, 9), (Numbers{1, 2, 3}));
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.high_water(), 3u);
}

TEST_F(BoundedQueueTest, CountsBytesOfWhatIsStagedAndQueued) {
    BoundedQueue queue(10, 100);
    EXPECT_EQ(offer(queue, {60, 40, 1}), 2u);
    EXPECT_EQ(offer(queue, {1}), 0u);
    EXPECT_EQ(pop(queue, 1), Numbers{0});
    EXPECT_EQ(offer(queue, {61}), 0u);
    EXPECT_EQ(offer(queue, {60}), 1u);
}

TEST_F(BoundedQueueTest, LetsAMessageLargerThanAllItsBytesEnterWhenEmpty) {
    BoundedQueue queue(10, 100);
    EXPECT_EQ(offer(queue, {1, 500}), 1u) << "not behind another";
    EXPECT_EQ(offer(queue, {500}), 0u);
    EXPECT_EQ(pop(queue, 9), Numbers{0});
    EXPECT_EQ(offer(queue, {500, 1}), 1u) << "and nothing behind it";
    EXPECT_EQ(pop(queue, 9), Numbers{1});
    EXPECT_EQ(offer(queue, {100}), 1u);
}

TEST_F(BoundedQueueTest, GoesRoundItsRingInOrder) {
    BoundedQueue queue(3, 1'000);
    std::ptrdiff_t next = 0;
    for (int round = 0; round < 20; ++round) {
        ASSERT_EQ(offer(queue, {1, 1}), 2u);
        ASSERT_EQ(pop(queue, 2), (Numbers{next, next + 1}));
        next += 2;
    }
}

TEST_F(BoundedQueueTest, SaysWhenItIsHalfEmpty) {
    BoundedQueue queue(4, 1'000);
    EXPECT_TRUE(queue.half_empty());
    offer(queue, {1, 1, 1});
    EXPECT_FALSE(queue.half_empty());
    pop(queue, 1);
    EXPECT_TRUE(queue.half_empty());
}

TEST_F(BoundedQueueTest, HandsEveryMessageOverOnceAndInOrderBetweenTwoThreads) {
    constexpr std::uint32_t total = 100'000;
    std::vector<Message> messages(total);
    for (std::uint32_t i = 0; i < total; ++i) {
        messages[i].tag = i;
        messages[i].charge = 1 + i % 7;
    }
    BoundedQueue queue(7, 20);
    std::thread consumer([&] {
        for (std::uint32_t expected = 0; expected < total;) {
            MessageList taken;
            if (queue.pop(taken, 3) == 0) std::this_thread::yield();
            while (const Message* message = taken.pop_front()) ASSERT_EQ(message->tag, expected++);
        }
    });
    for (std::uint32_t i = 0; i < total;) {
        MessageList one;
        one.push_back(&messages[i]);
        if (queue.push(one).count == 0) {
            std::this_thread::yield();
            continue;
        }
        ++i;
        ASSERT_LE(queue.depth(), 7u);
    }
    consumer.join();
    EXPECT_TRUE(queue.empty());
}

TEST_F(BoundedQueueTest, SaysHowMuchRoomThereIsAtLeast) {
    BoundedQueue queue(10, 100);
    EXPECT_EQ(queue.room().messages, 10u);
    EXPECT_EQ(queue.room().bytes, 100u);
    offer(queue, {20, 20, 20});
    EXPECT_EQ(queue.room().messages, 7u);
    EXPECT_EQ(queue.room().bytes, 40u);
    pop(queue, 2);
    EXPECT_EQ(queue.room(true).messages, 9u);
    EXPECT_EQ(queue.room(true).bytes, 80u);
    pop(queue, 1);
    offer(queue, {500});
    EXPECT_EQ(queue.room().bytes, 0u) << "one that is larger than the queue";
}

TEST_F(BoundedQueueTest, IsHalfEmptyOnlyIfItIsSoInBytesToo) {
    BoundedQueue queue(100, 100);
    offer(queue, {30, 30, 30});
    EXPECT_FALSE(queue.half_empty());
    pop(queue, 1);
    EXPECT_FALSE(queue.half_empty());
    pop(queue, 1);
    EXPECT_TRUE(queue.half_empty());
}

}  // namespace
}  // namespace sluice
