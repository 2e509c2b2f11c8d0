// What is known of deliveries that a source may take away.
#include "source/deliveries.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace sluice {
namespace {

class DeliveriesTest : public testing::Test {
protected:
    Message& deliver(std::uint64_t tag, std::uint16_t lane = 0, std::int64_t now_ns = 0) {
        messages.push_back(std::make_unique<Message>());
        Message& message = *messages.back();
        message.tag = tag;
        message.lane = lane;
        deliveries.add(message, now_ns);
        return message;
    }
    std::vector<std::uint64_t> to_extend(std::int64_t now_ns) {
        const auto tags = deliveries.to_extend(now_ns);
        std::vector<std::uint64_t> sorted(tags.begin(), tags.end());
        std::sort(sorted.begin(), sorted.end());
        return sorted;
    }

    std::vector<std::unique_ptr<Message>> messages;
    Deliveries deliveries;
};

using Tags = std::vector<std::uint64_t>;

TEST_F(DeliveriesTest, AreMarkedByTheirLaneOnly) {
    const Message& one = deliver(1, 1);
    const Message& two = deliver(2, 2);
    EXPECT_FALSE(deliveries.take_news());
    deliveries.revoke(1, Withdrawn::drained, 7);
    EXPECT_TRUE(one.is_withdrawn());
    EXPECT_FALSE(one.is_lost());
    EXPECT_FALSE(two.is_withdrawn());
    EXPECT_TRUE(deliveries.take_news());
    EXPECT_FALSE(deliveries.take_news()) << "once";
}

// A worker that takes one message after the other must not find a message unmarked behind one that is marked.
TEST_F(DeliveriesTest, AreMarkedFromTheYoungestOn) {
    constexpr std::uint64_t count = 2'000;
    for (std::uint64_t tag = 1; tag <= count; ++tag) deliver(tag * 7'919, 1);
    std::atomic<bool> ended{false};
    std::size_t overtaken = 0;
    std::thread worker([&] {
        for (bool last = false; !last;) {
            last = ended;
            bool seen = false;
            for (const auto& message : messages) {
                overtaken += seen && !message->is_withdrawn();
                seen |= message->is_withdrawn();
            }
        }
    });
    deliveries.revoke(1, Withdrawn::lost, 7);
    ended = true;
    worker.join();
    EXPECT_EQ(overtaken, 0u);
}

TEST_F(DeliveriesTest, OfARevokedLaneDoNotComeUntilItIsEmpty) {
    const Message& one = deliver(1, 1);
    EXPECT_TRUE(deliveries.may_come(1));
    deliveries.revoke(1, Withdrawn::drained, 7);
    EXPECT_FALSE(deliveries.may_come(1));
    EXPECT_TRUE(deliveries.may_come(2));
    EXPECT_TRUE(deliveries.may_come(0));
    EXPECT_FALSE(deliveries.may_come(SLUICE_LANES_MAX + 1));
    EXPECT_FALSE(deliveries.may_have_emptied());
    deliveries.leave(one);
    EXPECT_TRUE(deliveries.may_have_emptied());
    const auto emptied = deliveries.take_emptied();
    ASSERT_EQ(emptied.size(), 1u);
    EXPECT_EQ(emptied[0].lane, 1u);
    EXPECT_EQ(emptied[0].tokens, Tags{7});
    EXPECT_TRUE(deliveries.may_come(1)) << "the engine may have given it back";
    EXPECT_TRUE(deliveries.take_emptied().empty());
}

TEST_F(DeliveriesTest, OfALaneThatNothingCameByIsEmptyAtOnce) {
    deliveries.revoke(3, Withdrawn::lost, 9);
    EXPECT_TRUE(deliveries.may_have_emptied());
    EXPECT_FALSE(deliveries.take_news());
    ASSERT_EQ(deliveries.take_emptied().size(), 1u);
}

TEST_F(DeliveriesTest, OfALaneThatDrainsMayBeLostMeanwhileAndBothAreAnswered) {
    const Message& one = deliver(1, 1);
    deliveries.revoke(1, Withdrawn::drained, 7);
    deliveries.revoke(1, Withdrawn::lost, 8);
    EXPECT_TRUE(one.is_lost());
    deliveries.revoke(1, Withdrawn::drained, 9);
    EXPECT_TRUE(one.is_lost()) << "what is lost is not ours again";
    deliveries.leave(one);
    EXPECT_EQ(deliveries.take_emptied()[0].tokens, (Tags{7, 8, 9}));
}

TEST_F(DeliveriesTest, AreLostOneByOne) {
    const Message& one = deliver(1);
    const Message& two = deliver(2);
    deliveries.lose(Tags{2, 5});
    EXPECT_FALSE(one.is_withdrawn());
    EXPECT_TRUE(two.is_lost());
    deliveries.leave(two);
    deliveries.lose(Tags{2});  // settled: nobody has it any more
}

TEST_F(DeliveriesTest, AreExtendedOnceAThirdOfTheirLeaseIsOver) {
    deliveries.set_lease(3'000);
    EXPECT_EQ(deliveries.due_ns(), 0);
    deliver(1, 0, 100);
    EXPECT_EQ(deliveries.due_ns(), 1'100);
    deliver(2, 0, 1'000);
    EXPECT_EQ(to_extend(1'200), Tags{1});
    EXPECT_EQ(deliveries.due_ns(), 2'200);
    EXPECT_EQ(to_extend(2'200), (Tags{1, 2}));
    deliveries.put_off(2'200);
    EXPECT_EQ(deliveries.due_ns(), 2'500) << "soon, as they were not";
    deliveries.lose(Tags{1});
    EXPECT_EQ(to_extend(2'500), Tags{2}) << "and what is lost is not";
    for (const auto& message : messages) deliveries.leave(*message);
    EXPECT_EQ(deliveries.due_ns(), 0) << "nothing is there to be extended";
}

TEST_F(DeliveriesTest, WithoutALeaseAreNeverExtended) {
    deliver(1, 1, 100);
    EXPECT_EQ(deliveries.due_ns(), 0);
}

}  // namespace
}  // namespace sluice
