#include "core/deadline_thread.hpp"

#include <gtest/gtest.h>

#include <future>

namespace sluice {
namespace {

TEST(DeadlineThread, IsJoinedOnceItHasEnded) {
    SystemClock clock;
    bool ran = false;
    DeadlineThread thread;
    thread.start("a name that is too long", [&] { ran = true; });
    EXPECT_TRUE(thread.join(clock, clock.now() + 20'000 * ns_per_ms));
    EXPECT_TRUE(ran);
}

TEST(DeadlineThread, IsNotWaitedForPastTheDeadline) {
    SystemClock clock;
    std::promise<void> release;
    DeadlineThread thread;
    thread.start("held up", [released = release.get_future().share()] { released.wait(); });
    EXPECT_FALSE(thread.join(clock, clock.now() + ns_per_ms));
    release.set_value();
    EXPECT_TRUE(thread.join(clock, clock.now() + 20'000 * ns_per_ms));
}

}  // namespace
}  // namespace sluice
