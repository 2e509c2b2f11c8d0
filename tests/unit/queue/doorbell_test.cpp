#include "queue/doorbell.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "target/fake_target.hpp"

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
