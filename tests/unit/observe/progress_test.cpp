#include "observe/progress.hpp"

#include <gtest/gtest.h>

#include "observe/memory_log.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;

TEST(Progress, IsDrawnAtMostFiveTimesASecond) {
    Terminal terminal;
    FakeClock clock;
    Logging log({}, clock, terminal.file());
    Progress progress(log, clock);
    progress.update(10);
    EXPECT_EQ(terminal.take(), "");
    clock.advance(200ms);
    progress.update(2'469);
    EXPECT_EQ(terminal.take(), "\r\x1b[2K2,469 messages, 12.3k/s, 200ms");
    clock.advance(199ms);
    progress.update(3'000);
    EXPECT_EQ(terminal.take(), "");
    clock.advance(801ms);
    progress.update(2'469 + 950);
    EXPECT_EQ(terminal.take(), "\r\x1b[2K3,419 messages, 950/s, 1.20s") << "the rate is that since the last drawing";
    progress.erase();
    EXPECT_EQ(terminal.take(), "\r\x1b[2K");
}

TEST(Progress, IsErasedWhenItEnds) {
    Terminal terminal;
    FakeClock clock;
    Logging log({}, clock, terminal.file());
    {
        Progress progress(log, clock);
        clock.advance(1s);
        progress.update(1);
        EXPECT_EQ(terminal.take(), "\r\x1b[2K1 message, 1.00/s, 1.00s");
    }
    EXPECT_EQ(terminal.take(), "\r\x1b[2K");
}

TEST(Progress, WritesNothingWithoutATerminal) {
    MemoryFile file;
    FakeClock clock;
    Logging log({}, clock, file.file());
    Progress progress(log, clock);
    clock.advance(1s);
    progress.update(1);
    progress.erase();
    EXPECT_EQ(file.text(), "");
}

TEST(StoppingText, SaysWhatIsWaitedForAndHowToAbort) {
    EXPECT_EQ(stopping_text(true, false, 3, 500),
              "stopping: waiting for 3 workers to finish their current message; Ctrl-C again aborts");
    EXPECT_EQ(stopping_text(false, false, 1, 0),
              "stopping: waiting for 1 worker to finish its current message; a second signal aborts");
    EXPECT_EQ(
        stopping_text(true, true, 2, 500),
        "stopping: waiting for 2 workers to finish their current message and for 500 queued messages; Ctrl-C again aborts");
    EXPECT_EQ(stopping_text(true, true, 0, 1), "stopping: waiting for 1 queued message; Ctrl-C again aborts");
    EXPECT_EQ(stopping_text(true, false, 0, 9), "stopping; Ctrl-C again aborts");
}

}  // namespace
}  // namespace sluice
