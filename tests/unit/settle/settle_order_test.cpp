#include "settle/settle_order.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <string>

namespace sluice {
namespace {

class SettleOrderTest : public testing::Test {
protected:
    Message* message(std::uint64_t tag, std::uint64_t key, std::uint16_t pool = 0) {
        Message& made = messages.emplace_back();
        made.tag = tag;
        made.key_hash = key;
        made.pool = pool;
        return &made;
    }
    std::string end(Message* dead_letter) {
        MessageList out;
        order.end(dead_letter, out);
        std::string tags;
        while (const Message* each = out.pop_front()) tags += std::to_string(each->tag);
        return tags;
    }

    std::deque<Message> messages;
    SettleOrder order;
};

TEST_F(SettleOrderTest, WhatFollowsADeadLetterOfItsKeyWaitsUntilThatIsStored) {
    Message* dead = message(1, 7);
    order.begin(dead);
    EXPECT_TRUE(order.wait_behind(message(2, 7)));
    EXPECT_FALSE(order.wait_behind(message(3, 8))) << "another key";
    EXPECT_FALSE(order.wait_behind(message(4, 7, 1))) << "another pool's key";
    EXPECT_EQ(order.waiting(), 1u);
    EXPECT_EQ(end(dead), "12");
    EXPECT_EQ(order.waiting(), 0u);
    EXPECT_TRUE(order.empty());
    EXPECT_FALSE(order.wait_behind(message(5, 7)));
}

TEST_F(SettleOrderTest, ADeadLetterThatIsStoredWaitsForAnEarlierOneOfItsKey) {
    Message *first = message(1, 7), *second = message(3, 7);
    order.begin(first);
    EXPECT_TRUE(order.wait_behind(message(2, 7)));
    order.begin(second);
    EXPECT_TRUE(order.wait_behind(message(4, 7)));
    EXPECT_EQ(end(second), "");
    EXPECT_EQ(order.waiting(), 3u);
    EXPECT_EQ(end(first), "1234");
    EXPECT_TRUE(order.empty());
}

TEST_F(SettleOrderTest, ADeadLetterWithoutOrderPasses) {
    EXPECT_EQ(end(message(1, 0)), "1");
    Message* dead = message(2, 7);
    order.begin(dead);
    EXPECT_EQ(end(message(3, 7)), "3") << "it was not begun";
    EXPECT_EQ(end(dead), "2");
}

TEST_F(SettleOrderTest, GivesUpAllThatWaitsAtOnce) {
    order.begin(message(1, 7));
    EXPECT_TRUE(order.wait_behind(message(2, 7)));
    MessageList out;
    order.take_all(out);
    EXPECT_EQ(out.size(), 1u) << "the dead letter is with its store";
    EXPECT_TRUE(order.empty());
}

}  // namespace
}  // namespace sluice
