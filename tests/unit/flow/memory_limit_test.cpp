#include "flow/memory_limit.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "core/limits.hpp"
#include "observe/memory_log.hpp"

namespace sluice {
namespace {

using limits::mib;

class MemoryLimitTest : public testing::Test {
protected:
    struct Source {
        explicit Source(MemoryLimit& limit) : share(limit, event_count) {}
        int woken = 0;
        EventCount event_count{[this] { ++woken; }};
        MemoryLimit::Share share;
    };
    bool logged_once(const std::string& text) const {
        const std::string all = log.text();
        return all.find(text) != std::string::npos && all.find(text) == all.rfind(text);
    }

    FakeClock clock;
    MemoryFile log;
    Logging logging{LogOptions{}, clock, log.file()};
    MemoryLimit limit{64 * mib, logging.logger("host")};
    Source one{limit}, other{limit};
};

TEST_F(MemoryLimitTest, PausesAtSevenEighthsAndGoesOnBelowThreeQuarters) {
    one.share.publish(56 * mib - 1);
    EXPECT_NE(one.share.may_poll(false), 0u);
    one.share.publish(56 * mib);
    EXPECT_EQ(one.share.may_poll(false), 0u);
    one.share.publish(48 * mib);
    EXPECT_EQ(one.share.may_poll(false), 0u);
    EXPECT_FALSE(one.share.has_room());
    one.share.publish(48 * mib - 1);
    EXPECT_TRUE(one.share.has_room());
    EXPECT_NE(one.share.may_poll(false), 0u);
    EXPECT_FALSE(one.share.has_room()) << "it does not wait any more";
}

TEST_F(MemoryLimitTest, CountsTheMessagesOfAllSources) {
    one.share.publish(30 * mib);
    other.share.publish(26 * mib);
    EXPECT_EQ(limit.in_flight(), 56 * mib);
    EXPECT_EQ(one.share.may_poll(false), 0u);
    EXPECT_EQ(other.share.may_poll(false), 0u);
}

TEST_F(MemoryLimitTest, LetsASourceWithNothingInFlightPollOneMessage) {
    one.share.publish(60 * mib);
    EXPECT_EQ(other.share.may_poll(true), 1u);
    one.share.publish(0);
    EXPECT_EQ(other.share.may_poll(true), 4 * mib) << "half of the last eighth: there are two";
}

TEST_F(MemoryLimitTest, WakesWhoWaitsWhenAnothersMessagesHaveEndedAndNobodyElse) {
    one.share.publish(60 * mib);
    ASSERT_EQ(other.share.may_poll(false), 0u);
    other.event_count.prepare_wait_in_adapter();
    ASSERT_FALSE(other.share.has_room());
    one.share.publish(50 * mib);
    EXPECT_EQ(other.woken, 0);
    one.share.publish(40 * mib);
    EXPECT_EQ(other.woken, 1);
    EXPECT_TRUE(other.share.has_room());
    ASSERT_NE(other.share.may_poll(false), 0u);
    other.event_count.prepare_wait_in_adapter();
    one.share.publish(50 * mib);
    one.share.publish(40 * mib);
    EXPECT_EQ(other.woken, 1) << "it did not wait for memory";
}

TEST_F(MemoryLimitTest, SaysOnceThatItIsReachedAndOnceThatThereIsRoom) {
    for (const std::uint64_t taken : {56 * mib, 40 * mib, 60 * mib, 33 * mib, 58 * mib}) one.share.publish(taken);
    EXPECT_TRUE(logged_once("memory_limit is 64MiB")) << log.text();
    EXPECT_EQ(log.text().find("less than half"), std::string::npos);
    one.share.publish(31 * mib);
    EXPECT_TRUE(logged_once("less than half of memory_limit"));
}

TEST_F(MemoryLimitTest, BoundsNothingWhereThereIsNone) {
    MemoryLimit none(0, logging.logger("host"));
    Source source(none);
    source.share.publish(std::uint64_t{1} << 50);
    EXPECT_EQ(source.share.may_poll(false), std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(none.in_flight(), 0u);
}

// Each thread is a source whose messages come in polls and end at some time, and which sleeps when it may not poll.
TEST_F(MemoryLimitTest, LeavesNobodyAsleepAndIsNeverPassed) {
    constexpr int sources = 4;
    constexpr std::uint64_t message = mib / 4;
    MemoryLimit small(8 * mib, logging.logger("host"));
    std::vector<std::unique_ptr<Source>> all;
    for (int i = 0; i < sources; ++i) all.push_back(std::make_unique<Source>(small));
    std::atomic<std::uint64_t> really{0}, most{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < sources; ++i)
        threads.emplace_back([&, i] {
            std::minstd_rand random(static_cast<unsigned>(i + 1));
            Source& source = *all[static_cast<std::size_t>(i)];
            std::uint64_t mine = 0;
            for (int turn = 0; turn < 20'000; ++turn) {
                const std::uint64_t ended = mine == 0 ? 0 : message * (random() % (mine / message + 1));
                mine -= ended;
                really -= ended;
                source.share.publish(mine);
                if (const std::uint64_t may = source.share.may_poll(mine == 0); may != 0) {
                    for (std::uint64_t polled = 0; polled < may; polled += message) {
                        mine += message;
                        const std::uint64_t now = really += message;
                        for (std::uint64_t old = most; old < now && !most.compare_exchange_weak(old, now);) {
                        }
                    }
                } else if (mine == 0 || random() % 4 == 0) {
                    source.event_count.prepare_wait();
                    if (!source.share.has_room() && mine == 0) source.event_count.wait(std::chrono::seconds(60));
                    source.event_count.end_wait();
                }
            }
            source.share.publish(0);
            really -= mine;
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_LE(most, 8 * mib + sources * message);
    EXPECT_EQ(small.in_flight(), 0u);
}

}  // namespace
}  // namespace sluice
