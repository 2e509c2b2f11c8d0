#include "queue/event_count.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "publish/fake_target.hpp"

namespace sluice {
namespace {

TEST(EventCount, DoesNotWaitForARingThatCameFirst) {
    EventCount event_count;
    event_count.prepare_wait();
    event_count.notify();
    event_count.wait(test_deadline);  // would end the test's patience
    event_count.end_wait();
}

TEST(EventCount, EndsAWaitWhenItsTimeIsOver) {
    EventCount event_count;
    event_count.prepare_wait();
    event_count.wait(std::chrono::milliseconds(1));
    event_count.end_wait();
}

TEST(EventCount, WakesTheAdapterOnceAndOnlyWhileItSleepsThere) {
    int woken = 0;
    EventCount event_count([&] { ++woken; });
    event_count.notify();
    EXPECT_EQ(woken, 0) << "nobody waits";
    event_count.prepare_wait_in_adapter();
    event_count.notify();
    event_count.notify();
    EXPECT_EQ(woken, 1);
    event_count.end_wait();
    event_count.prepare_wait_in_adapter();
    event_count.end_wait();
    event_count.notify();
    EXPECT_EQ(woken, 1);
}

// A wake-up that is lost costs the waiter the whole deadline.
TEST(EventCount, RingsSoonForAnImpatientSleeperAndLateForTheOthers) {
    int woken = 0;
    EventCount event_count([&] { ++woken; });
    event_count.prepare_wait();
    event_count.notify_soon();
    event_count.wait(test_deadline);  // would end the test's patience
    event_count.end_wait();
    event_count.prepare_wait_in_adapter();
    event_count.notify_late();
    EXPECT_EQ(woken, 0) << "there is no news";
    event_count.notify_soon();
    event_count.notify_soon();
    EXPECT_EQ(woken, 0);
    event_count.notify_late();
    event_count.notify_late();
    EXPECT_EQ(woken, 1);
    event_count.end_wait();
    event_count.prepare_wait(true);
    event_count.notify_soon();
    event_count.notify_late();
    event_count.wait(test_deadline);
    event_count.end_wait();
}

TEST(EventCount, ForgetsNewsThatTheSleeperHasRisenFor) {
    int woken = 0;
    EventCount event_count([&] { ++woken; });
    event_count.prepare_wait_in_adapter();
    event_count.notify_soon();
    event_count.end_wait();
    event_count.prepare_wait_in_adapter();
    event_count.notify_late();
    EXPECT_EQ(woken, 0) << "it has looked since";
    event_count.end_wait();
    event_count.notify_soon();
    event_count.prepare_wait_in_adapter();
    event_count.notify_late();
    EXPECT_EQ(woken, 0) << "it was awake, and looks before it lies down";
}

// As sources do: two that report their news so, and one that rings late for both.
TEST(EventCount, LosesNoNewsThatAreRungForLate) {
    constexpr std::uint64_t pieces = 20'000;
    EventCount event_count;
    std::atomic<std::uint64_t> news{0};
    std::atomic<bool> ended{false};
    std::thread ringing([&] {
        while (!ended.load()) {
            event_count.notify_late();
            std::this_thread::yield();
        }
    });
    std::vector<std::thread> reporting;
    for (int i = 0; i < 2; ++i)
        reporting.emplace_back([&] {
            for (std::uint64_t piece = 0; piece < pieces; ++piece) {
                news.fetch_add(1, std::memory_order_seq_cst);
                event_count.notify_soon();
            }
        });
    const auto start = std::chrono::steady_clock::now();
    for (std::uint64_t seen = 0; seen < 2 * pieces; seen = news.load(std::memory_order_seq_cst)) {
        event_count.prepare_wait(seen % 3 != 0);
        if (news.load(std::memory_order_seq_cst) == seen) event_count.wait(test_deadline);
        event_count.end_wait();
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, test_deadline) << "one was lost, and slept through";
    ended.store(true);
    ringing.join();
    for (std::thread& thread : reporting) thread.join();
}

TEST(EventCount, LosesNoWakeUp) {
    constexpr std::uint64_t rounds = 20'000;
    EventCount to, fro;
    std::atomic<std::uint64_t> there{0}, back{0};
    const auto wait_for = [](EventCount& event_count, const std::atomic<std::uint64_t>& news, std::uint64_t value) {
        while (news.load(std::memory_order_relaxed) < value) {
            event_count.prepare_wait();
            if (news.load(std::memory_order_seq_cst) < value) event_count.wait(test_deadline);
            event_count.end_wait();
        }
    };
    std::thread other([&] {
        for (std::uint64_t round = 1; round <= rounds; ++round) {
            wait_for(to, there, round);
            back.store(round, std::memory_order_seq_cst);
            fro.notify();
        }
    });
    const auto start = std::chrono::steady_clock::now();
    for (std::uint64_t round = 1; round <= rounds; ++round) {
        there.store(round, std::memory_order_seq_cst);
        to.notify();
        wait_for(fro, back, round);
    }
    other.join();
    EXPECT_LT(std::chrono::steady_clock::now() - start, test_deadline);
}

}  // namespace
}  // namespace sluice
