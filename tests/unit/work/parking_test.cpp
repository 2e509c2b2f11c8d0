#include "work/parking.hpp"

#include <gtest/gtest.h>

#include <list>
#include <string>

namespace sluice {
namespace {

class ParkingTest : public testing::Test {
protected:
    // "a1": of key a; "-1" has none.
    Message* message(const std::string& id) {
        names_.push_back(id);
        Message& made = messages_.emplace_back();
        made.view.id = {names_.back().data(), names_.back().size()};
        made.key_hash = id[0] == '-' ? 0 : static_cast<std::uint64_t>(id[0]);
        return &made;
    }
    MessageList list(const std::vector<std::string>& ids) {
        MessageList made;
        for (const std::string& id : ids) made.push_back(message(id));
        return made;
    }
    void park(const std::vector<std::string>& ids, std::int64_t due_ns) {
        MessageList messages = list(ids);
        parking.park(messages, due_ns);
        EXPECT_TRUE(messages.empty());
    }
    static std::string text(MessageList& taken) {
        std::string all;
        while (Message* one = taken.pop_front())
            all += (all.empty() ? "" : " ") + std::string(one->view.id.data, one->view.id.size);
        return all;
    }
    std::string take_due(std::int64_t now_ns, std::uint32_t max = 100) {
        MessageList taken;
        parking.take_due(now_ns, max, taken);
        return text(taken);
    }

    Parking parking{3, 5};
    std::list<std::string> names_;
    std::list<Message> messages_;
};

TEST_F(ParkingTest, HoldsAKeyUntilItsTimeWithAllThatWaitsBehind) {
    park({"a1", "a2"}, 100);
    EXPECT_TRUE(parking.holds(*message("a3")));
    EXPECT_FALSE(parking.holds(*message("b1")));
    parking.wait_behind(message("a3"));
    EXPECT_EQ(parking.next_due_ns(), 100);
    EXPECT_EQ(take_due(99), "");
    EXPECT_EQ(take_due(100), "a1 a2 a3");
    EXPECT_TRUE(parking.empty());
    EXPECT_EQ(parking.size(), 0u);
    EXPECT_EQ(parking.next_due_ns(), 0);
}

TEST_F(ParkingTest, GivesKeysBackInTheOrderOfTheirTimes) {
    park({"a1"}, 300);
    park({"b1"}, 100);
    park({"c1"}, 200);
    EXPECT_EQ(take_due(250), "b1 c1");
    EXPECT_EQ(take_due(300), "a1");
}

TEST_F(ParkingTest, KeepsTheRestOfAKeyParkedAndDueWhenABatchIsFull) {
    park({"a1", "a2", "a3"}, 100);
    EXPECT_EQ(take_due(100, 2), "a1 a2");
    EXPECT_TRUE(parking.holds(*message("a4")));
    EXPECT_EQ(parking.next_due_ns(), 100);
    EXPECT_EQ(take_due(100), "a3");
}

TEST_F(ParkingTest, PutsWhatFailsAgainInFrontOfWhatIsLeftAndWaitsForTheNewTime) {
    park({"a1", "a2", "a3"}, 100);
    EXPECT_EQ(take_due(100, 2), "a1 a2");
    park({"a1", "a2"}, 500);
    EXPECT_EQ(take_due(499), "");
    EXPECT_EQ(take_due(500), "a1 a2 a3");
}

TEST_F(ParkingTest, HoldsMessagesWithoutAKeyEachByItself) {
    park({"-1"}, 100);
    park({"-2"}, 200);
    EXPECT_FALSE(parking.holds(*message("-3")));
    EXPECT_EQ(take_due(100), "-1");
    EXPECT_EQ(take_due(200), "-2");
}

TEST_F(ParkingTest, HasRoomForSoManyOfAKeyAndSoManyInAll) {
    park({"a1", "a2"}, 100);
    EXPECT_TRUE(parking.has_room(*message("a3")));
    parking.wait_behind(message("a3"));
    EXPECT_FALSE(parking.has_room(*message("a4"))) << "3 of a key";
    park({"b1"}, 100);
    EXPECT_TRUE(parking.has_room(*message("b2")));
    EXPECT_FALSE(parking.full());
    parking.wait_behind(message("b2"));
    EXPECT_TRUE(parking.full()) << "5 in all";
    EXPECT_FALSE(parking.has_room(*message("b3")));
}

TEST_F(ParkingTest, GivesEverythingBackAtOnce) {
    park({"a1", "a2"}, 100);
    park({"-1"}, 200);
    MessageList all;
    parking.take_all(all, true);
    EXPECT_EQ(all.size(), 3u);
    EXPECT_TRUE(parking.empty());
    EXPECT_EQ(parking.size(), 0u);
    EXPECT_EQ(parking.next_due_ns(), 0);
}

TEST_F(ParkingTest, HoldsAKeyWithoutATimeUntilItIsFree) {
    Message* head = message("a1");
    MessageList followers = list({"a2", "a3"});
    parking.hold(*head, followers);
    EXPECT_TRUE(parking.holds(*head));
    EXPECT_EQ(parking.next_due_ns(), 0);
    EXPECT_EQ(take_due(1'000'000), "");
    MessageList all;
    parking.take_all(all, false);
    EXPECT_TRUE(all.empty());
    parking.free(*head, 7);
    EXPECT_EQ(parking.next_due_ns(), 7);
    EXPECT_EQ(take_due(7), "a2 a3");
    EXPECT_TRUE(parking.empty());
}

TEST_F(ParkingTest, ParksAHeldKeyBehindItsHeadAgain) {
    Message* head = message("a1");
    MessageList followers = list({"a2"});
    parking.hold(*head, followers);
    MessageList one;
    one.push_back(head);
    parking.park(one, 5);
    EXPECT_EQ(parking.size(), 2u);
    parking.free(*head, 1);
    EXPECT_EQ(parking.next_due_ns(), 5) << "it is held no more";
    EXPECT_EQ(take_due(5), "a1 a2");
}

TEST_F(ParkingTest, HoldsNoKeyThatNothingFollows) {
    Message* head = message("a1");
    MessageList none;
    parking.hold(*head, none);
    EXPECT_TRUE(parking.holds(*message("a2")));
    parking.free(*head, 1);
    EXPECT_TRUE(parking.empty());
    Message* alone = message("-1");
    parking.hold(*alone, none);
    EXPECT_TRUE(parking.empty()) << "without a key there is nothing to hold back";
}

}  // namespace
}  // namespace sluice
