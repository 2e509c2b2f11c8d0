#include "queue/mailbox.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "queue/event_count.hpp"

namespace sluice {
namespace {

TEST(Mailbox, HandsOutCommandsInTheOrderOfPosting) {
    Mailbox<int> mailbox;
    EXPECT_FALSE(mailbox.waiting());
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(mailbox.post(int{i}));
    EXPECT_TRUE(mailbox.waiting());
    EXPECT_EQ(mailbox.take(2), (std::vector{0, 1}));
    EXPECT_TRUE(mailbox.waiting());
    EXPECT_EQ(mailbox.take(), (std::vector{2, 3, 4}));
    EXPECT_FALSE(mailbox.waiting());
    EXPECT_EQ(mailbox.take(7), std::vector<int>{});
}

TEST(Mailbox, LeavesACommandWithItsSenderOnceItIsClosed) {
    Mailbox<std::unique_ptr<int>> mailbox;
    EXPECT_TRUE(mailbox.post(std::make_unique<int>(1)));
    const auto left = mailbox.close();
    ASSERT_EQ(left.size(), 1u);
    EXPECT_EQ(*left.front(), 1);
    EXPECT_FALSE(mailbox.waiting());
    auto late = std::make_unique<int>(2);
    EXPECT_FALSE(mailbox.post(std::move(late)));
    EXPECT_NE(late, nullptr);
    EXPECT_TRUE(mailbox.take().empty());
}

// As the source thread sleeps: no command is left lying while its owner waits for the event_count.
TEST(MailboxStress, WakesAnOwnerThatLooksOnceMoreBeforeItSleeps) {
    constexpr int senders = 4, each = 5'000;
    Mailbox<int> mailbox;
    EventCount event_count;
    std::vector<std::thread> threads;
    for (int sender = 0; sender < senders; ++sender)
        threads.emplace_back([&, sender] {
            for (int i = 0; i < each; ++i) {
                EXPECT_TRUE(mailbox.post(sender * each + i));
                event_count.notify();
            }
        });
    std::vector<int> next(senders, 0);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    for (int taken = 0; taken < senders * each && std::chrono::steady_clock::now() < end;) {
        for (const int command : mailbox.take()) {
            EXPECT_EQ(command % each, next[static_cast<std::size_t>(command / each)]++);
            ++taken;
        }
        event_count.prepare_wait();
        if (!mailbox.waiting() && taken < senders * each) event_count.wait(std::chrono::seconds(60));
        event_count.end_wait();
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(next, std::vector<int>(senders, each));
}

}  // namespace
}  // namespace sluice
