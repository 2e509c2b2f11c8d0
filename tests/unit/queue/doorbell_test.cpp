#include "queue/doorbell.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "publish/fake_target.hpp"

namespace sluice {
namespace {

TEST(Doorbell, DoesNotWaitForARingThatCameFirst) {
    Doorbell bell;
    bell.lie_down();
    bell.ring();
    bell.wait(test_deadline);  // would end the test's patience
    bell.rise();
}

TEST(Doorbell, EndsAWaitWhenItsTimeIsOver) {
    Doorbell bell;
    bell.lie_down();
    bell.wait(std::chrono::milliseconds(1));
    bell.rise();
}

TEST(Doorbell, WakesTheAdapterOnceAndOnlyWhileItSleepsThere) {
    int woken = 0;
    Doorbell bell([&] { ++woken; });
    bell.ring();
    EXPECT_EQ(woken, 0) << "nobody sleeps";
    bell.lie_down_in_adapter();
    bell.ring();
    bell.ring();
    EXPECT_EQ(woken, 1);
    bell.rise();
    bell.lie_down_in_adapter();
    bell.rise();
    bell.ring();
    EXPECT_EQ(woken, 1);
}

// A wake-up that is lost costs the sleeper the whole deadline.
TEST(Doorbell, RingsSoonForAnImpatientSleeperAndLateForTheOthers) {
    int woken = 0;
    Doorbell bell([&] { ++woken; });
    bell.lie_down();
    bell.ring_soon();
    bell.wait(test_deadline);  // would end the test's patience
    bell.rise();
    bell.lie_down_in_adapter();
    bell.ring_late();
    EXPECT_EQ(woken, 0) << "there is no news";
    bell.ring_soon();
    bell.ring_soon();
    EXPECT_EQ(woken, 0);
    bell.ring_late();
    bell.ring_late();
    EXPECT_EQ(woken, 1);
    bell.rise();
    bell.lie_down(true);
    bell.ring_soon();
    bell.ring_late();
    bell.wait(test_deadline);
    bell.rise();
}

TEST(Doorbell, ForgetsNewsThatTheSleeperHasRisenFor) {
    int woken = 0;
    Doorbell bell([&] { ++woken; });
    bell.lie_down_in_adapter();
    bell.ring_soon();
    bell.rise();
    bell.lie_down_in_adapter();
    bell.ring_late();
    EXPECT_EQ(woken, 0) << "it has looked since";
    bell.rise();
    bell.ring_soon();
    bell.lie_down_in_adapter();
    bell.ring_late();
    EXPECT_EQ(woken, 0) << "it was awake, and looks before it lies down";
}

// As sources do: two that report their news so, and one that rings late for both.
TEST(Doorbell, LosesNoNewsThatAreRungForLate) {
    constexpr std::uint64_t pieces = 20'000;
    Doorbell bell;
    std::atomic<std::uint64_t> news{0};
    std::atomic<bool> ended{false};
    std::thread ringing([&] {
        while (!ended.load()) {
            bell.ring_late();
            std::this_thread::yield();
        }
    });
    std::vector<std::thread> reporting;
    for (int i = 0; i < 2; ++i)
        reporting.emplace_back([&] {
            for (std::uint64_t piece = 0; piece < pieces; ++piece) {
                news.fetch_add(1, std::memory_order_seq_cst);
                bell.ring_soon();
            }
        });
    const auto start = std::chrono::steady_clock::now();
    for (std::uint64_t seen = 0; seen < 2 * pieces; seen = news.load(std::memory_order_seq_cst)) {
        bell.lie_down(seen % 3 != 0);
        if (news.load(std::memory_order_seq_cst) == seen) bell.wait(test_deadline);
        bell.rise();
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, test_deadline) << "one was lost, and slept through";
    ended.store(true);
    ringing.join();
    for (std::thread& thread : reporting) thread.join();
}

TEST(Doorbell, LosesNoWakeUp) {
    constexpr std::uint64_t rounds = 20'000;
    Doorbell to, fro;
    std::atomic<std::uint64_t> there{0}, back{0};
    const auto wait_for = [](Doorbell& bell, const std::atomic<std::uint64_t>& news, std::uint64_t value) {
        while (news.load(std::memory_order_relaxed) < value) {
            bell.lie_down();
            if (news.load(std::memory_order_seq_cst) < value) bell.wait(test_deadline);
            bell.rise();
        }
    };
    std::thread other([&] {
        for (std::uint64_t round = 1; round <= rounds; ++round) {
            wait_for(to, there, round);
            back.store(round, std::memory_order_seq_cst);
            fro.ring();
        }
    });
    const auto start = std::chrono::steady_clock::now();
    for (std::uint64_t round = 1; round <= rounds; ++round) {
        there.store(round, std::memory_order_seq_cst);
        to.ring();
        wait_for(fro, back, round);
    }
    other.join();
    EXPECT_LT(std::chrono::steady_clock::now() - start, test_deadline);
}

}  // namespace
}  // namespace sluice
