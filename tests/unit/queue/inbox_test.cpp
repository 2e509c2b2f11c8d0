#include "queue/inbox.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace sluice {
namespace {

struct Parcel {
    Parcel* next = nullptr;
    int from = 0;
    int number = 0;
};

TEST(Inbox, GivesAllAtOnceOldestFirst) {
    Inbox<Parcel> inbox;
    EXPECT_TRUE(inbox.empty());
    EXPECT_EQ(inbox.take(), nullptr);
    Parcel first, second;
    inbox.push(&first);
    inbox.push(&second);
    EXPECT_FALSE(inbox.empty());
    EXPECT_EQ(inbox.take(), &first);
    EXPECT_EQ(first.next, &second);
    EXPECT_EQ(second.next, nullptr);
    EXPECT_TRUE(inbox.empty());
}

TEST(Inbox, KeepsTheOrderOfEachProducerAndLosesNothing) {
    constexpr int producers = 3, letters = 20'000;
    std::vector<std::vector<Parcel>> all(producers, std::vector<Parcel>(letters));
    Inbox<Parcel> inbox;
    std::vector<std::thread> threads;
    for (int from = 0; from < producers; ++from)
        threads.emplace_back([&, from] {
            for (int number = 0; number < letters; ++number) {
                Parcel& letter = all[static_cast<std::size_t>(from)][static_cast<std::size_t>(number)];
                letter.from = from;
                letter.number = number;
                inbox.push(&letter);
            }
        });
    int next[producers] = {};
    for (int received = 0; received < producers * letters;) {
        const Parcel* letter = inbox.take();
        if (letter == nullptr) std::this_thread::yield();
        for (; letter != nullptr; letter = letter->next, ++received) ASSERT_EQ(letter->number, next[letter->from]++);
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_TRUE(inbox.empty());
}

TEST(Outcomes, AreSettledListByListInOrderAndOnce) {
    Inbox<Outcomes> inbox;
    std::vector<Message> messages(30);
    for (int list = 0; list < 3; ++list) {
        auto* outcomes = new Outcomes;
        for (int i = 0; i < 10; ++i) outcomes->messages.push_back(&messages[static_cast<std::size_t>(list * 10 + i)]);
        inbox.push(outcomes);
    }
    std::ptrdiff_t expected = 0;
    const auto settle = [&](const Message* message) { EXPECT_EQ(message - messages.data(), expected++); };
    take_outcomes(inbox, settle);
    EXPECT_EQ(expected, 30);
    take_outcomes(inbox, settle);
    EXPECT_EQ(expected, 30);
}

}  // namespace
}  // namespace sluice
