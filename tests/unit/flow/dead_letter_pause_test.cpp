#include "flow/dead_letter_pause.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "core/clock.hpp"
#include "observe/memory_log.hpp"

namespace sluice {
namespace {

class DeadLetterPauseTest : public testing::Test {
protected:
    DeadLetterPauseTest() { pause.limit(SlidingRate(2, 320 * ns_per_ms)); }
    bool admit() { return pause.admit(&messages.emplace_back(), now); }
    bool next() { return pause.next(now) != nullptr; }
    std::size_t lines(const std::string& text) const {
        const std::string said = log.text();
        std::size_t count = 0;
        for (std::size_t at = said.find(text); at != std::string::npos; at = said.find(text, at + 1)) ++count;
        return count;
    }

    FakeClock clock{1};
    MemoryFile log;
    Logging logging{LogOptions{}, clock, log.file()};
    std::deque<Message> messages;
    DeadLetterPause pause{logging.logger("sources.fake")};
    std::int64_t now = 5'000 * ns_per_ms;
};

TEST_F(DeadLetterPauseTest, LetsNoMoreDieThanTheRateAllowsHoweverManyComeAtOnce) {
    EXPECT_TRUE(admit());
    EXPECT_TRUE(admit());
    EXPECT_FALSE(pause.on());
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(admit());
    EXPECT_TRUE(pause.on());
    EXPECT_FALSE(next());
    int died = 2;
    for (; pause.on(); now = std::max(now + 1, pause.due_ns())) died += next();
    EXPECT_EQ(died, 7);
    EXPECT_GE(now, 5'000 * ns_per_ms + 3 * 310 * ns_per_ms) << "two each 320 ms";
    EXPECT_EQ(lines("nothing is polled until there are fewer"), 1u);
    EXPECT_EQ(lines("polling goes on"), 1u);
    EXPECT_EQ(pause.due_ns(), 0);
}

TEST_F(DeadLetterPauseTest, KeepsTheirOrder) {
    admit();
    admit();
    EXPECT_FALSE(admit());
    now += 400 * ns_per_ms;
    EXPECT_FALSE(admit()) << "not before the one that waits";
    EXPECT_EQ(pause.next(now), &messages[2]);
    EXPECT_EQ(pause.next(now), &messages[3]);
}

TEST_F(DeadLetterPauseTest, GivesUpThoseThatWait) {
    for (int i = 0; i < 5; ++i) admit();
    MessageList out;
    pause.take_all(out);
    EXPECT_EQ(out.size(), 3u);
    EXPECT_FALSE(pause.on());
}

}  // namespace
}  // namespace sluice
