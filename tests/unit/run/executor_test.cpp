#include "run/executor.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <future>
#include <semaphore>
#include <thread>

#include "publish/fake_target.hpp"
#include "run/watch.hpp"

namespace sluice {
namespace {

// Works off what it is given, a piece a run, and notices if two threads run it at once.
class Mailbox final : public Runnable {
public:
    explicit Mailbox(std::function<void()> work = {}) : work_(std::move(work)) {}

    void give(Executor& executor) {
        given_.fetch_add(1, std::memory_order_seq_cst);
        executor.schedule(*this);
    }
    Next run() override {
        EXPECT_FALSE(running_.exchange(true)) << "one thread at a time";
        if (news()) {
            const std::uint64_t piece = taken_.load(std::memory_order_relaxed) + 1;
            if (work_) work_();
            taken_.store(piece, std::memory_order_relaxed);
            done.add();
        }
        running_.store(false);
        return news() ? Next::again : after.load();
    }
    bool has_news() const override { return news(); }

    Tally done;
    std::atomic<Next> after = Next::idle;

private:
    bool news() const { return taken_.load(std::memory_order_relaxed) != given_.load(std::memory_order_seq_cst); }

    const std::function<void()> work_;
    std::atomic<std::uint64_t> given_{0};
    std::atomic<std::uint64_t> taken_{0};  // atomic because has_news() may be asked while another thread runs it
    std::atomic<bool> running_{false};
};

std::int64_t soon(Clock& clock) {
    return clock.now() + std::chrono::nanoseconds(test_deadline).count();
}

// An executor with the watch that lets it see blocked threads.
struct Running {
    explicit Running(std::uint32_t threads_max)
        : watch(clock),
          executor("test", threads_max, watch.processors(), [this] { watch.wake(); }) {
        watch.add(executor);
        watch.start();
    }
    bool stop() { return executor.stop(clock, soon(clock)); }

    SystemClock clock;
    Watch watch;
    Executor executor;
};

TEST(Executor, RunsWhatIsScheduledAndNeverOneRunnableOnTwoThreads) {
    Running running(4);
    std::deque<Mailbox> mailboxes(6);
    constexpr std::uint64_t pieces = 2'000;
    std::vector<std::thread> producers;
    for (int i = 0; i < 3; ++i)
        producers.emplace_back([&] {
            for (std::uint64_t piece = 0; piece < pieces; ++piece)
                for (Mailbox& mailbox : mailboxes) mailbox.give(running.executor);
        });
    for (std::thread& producer : producers) producer.join();
    for (Mailbox& mailbox : mailboxes) EXPECT_TRUE(mailbox.done.reaches(3 * pieces));
    EXPECT_TRUE(running.stop());
}

// Each piece is given when the one before has just ended: right at the edge of idleness.
TEST(Executor, LosesNoNewsThatArriveWhileARunnableBecomesIdle) {
    Running running(2);
    Mailbox mailbox;
    for (std::uint64_t piece = 1; piece <= 20'000; ++piece) {
        mailbox.give(running.executor);
        while (mailbox.done.value() < piece) std::this_thread::yield();
    }
    EXPECT_TRUE(running.stop());
}

TEST(Executor, StartsOneThreadForManyRunnablesThatDoNotBlock) {
    Processors processors(1);
    Executor executor("test", 8, processors, [] {});
    std::deque<Mailbox> mailboxes(8);
    for (Mailbox& mailbox : mailboxes) mailbox.give(executor);
    for (Mailbox& mailbox : mailboxes) EXPECT_TRUE(mailbox.done.reaches(1));
    EXPECT_EQ(executor.threads(), 1u);
    SystemClock clock;
    EXPECT_TRUE(executor.stop(clock, soon(clock)));
}

TEST(Executor, LetsOthersRunWhileSomeBlock) {
    Running running(3);
    std::promise<void> release;
    std::shared_future<void> released = release.get_future().share();
    Mailbox first([=] { released.wait(); });
    Mailbox second([=] { released.wait(); });
    Mailbox other;
    first.give(running.executor);
    second.give(running.executor);
    other.give(running.executor);
    EXPECT_TRUE(other.done.reaches(1)) << "the watch adds threads";
    EXPECT_EQ(first.done.value() + second.done.value(), 0u);
    release.set_value();
    EXPECT_TRUE(first.done.reaches(1) && second.done.reaches(1));
    EXPECT_TRUE(running.stop());
}

// One mailbox blocks its thread and one waits in the line; nobody but the test ticks.
struct StandingStill {
    explicit StandingStill(Processors& processors) : executor("test", 8, processors, [] {}) {
        blocking.give(executor);
        EXPECT_TRUE(begun.reaches(1));
        waiting.give(executor);
        executor.tick();  // sees that the first was taken
    }
    ~StandingStill() {
        release.set_value();
        EXPECT_TRUE(executor.stop(clock, soon(clock)));
    }
    SystemClock clock;
    std::promise<void> release;
    std::shared_future<void> released = release.get_future().share();
    Tally begun;
    Mailbox blocking{[this] {
        begun.add();
        released.wait();
    }};
    Mailbox waiting;
    Executor executor;
};

TEST(Executor, AddsAThreadAtOnceWhenTheLineStandsStillAndAProcessorIsFree) {
    Processors processors(2);
    StandingStill still(processors);
    still.executor.tick();
    EXPECT_EQ(still.executor.threads(), 2u);
    EXPECT_TRUE(still.waiting.done.reaches(1));
}

TEST(Executor, WaitsForAFewTicksWhenEveryProcessorIsInUse) {
    Processors processors(1);
    processors.look(1'000'000, 1'000'000);
    ASSERT_FALSE(processors.has_free());
    StandingStill still(processors);
    for (int tick = 0; tick < 3; ++tick) still.executor.tick();
    EXPECT_EQ(still.executor.threads(), 1u) << "its thread may just not be running";
    still.executor.tick();
    EXPECT_EQ(still.executor.threads(), 2u) << "or it does not come back";
    EXPECT_TRUE(still.waiting.done.reaches(1));
}

// Between two ticks the line moves, but there is always somebody in it: handlers that block for less than a tick.
TEST(Executor, AddsAThreadWhenTheLineMovesButIsNeverEmptyAndAProcessorIsFree) {
    for (const bool free : {true, false}) {
        Processors processors(1);
        if (!free) processors.look(1'000'000, 1'000'000);
        Tally begun;
        std::counting_semaphore<> may_end(0);
        const auto work = [&] {
            begun.add();
            may_end.acquire();
        };
        Mailbox first(work), second(work);
        Executor executor("test", 8, processors, [] {});
        for (Mailbox* mailbox : {&first, &first, &second, &second}) mailbox->give(executor);
        ASSERT_TRUE(begun.reaches(1));
        executor.tick();  // the line was empty before
        EXPECT_EQ(executor.threads(), 1u);
        may_end.release();
        ASSERT_TRUE(begun.reaches(2)) << "the second, and the first is in the line again";
        executor.tick();
        EXPECT_EQ(executor.threads(), free ? 2u : 1u);
        may_end.release(3);
        SystemClock clock;
        EXPECT_TRUE(executor.stop(clock, soon(clock)));
    }
}

TEST(Executor, NeverHasMoreThreadsThanAllowed) {
    Running running(2);
    std::promise<void> release;
    std::shared_future<void> released = release.get_future().share();
    std::deque<Mailbox> mailboxes;
    for (int i = 0; i < 4; ++i) mailboxes.emplace_back([=] { released.wait(); });
    for (Mailbox& mailbox : mailboxes) mailbox.give(running.executor);
    // Many looks at a line that stands still, and those of the watch.
    for (int looks = 0; looks < 20; ++looks) running.executor.tick();
    EXPECT_LE(running.executor.threads(), 2u);
    release.set_value();
    for (Mailbox& mailbox : mailboxes) EXPECT_TRUE(mailbox.done.reaches(1));
    EXPECT_LE(running.executor.threads(), 2u);
    EXPECT_TRUE(running.stop());
}

TEST(Executor, FinishesWhatIsInTheLineBeforeItStops) {
    Running running(1);
    std::promise<void> release;
    Mailbox blocking([released = release.get_future().share()] { released.wait(); });
    Mailbox waiting;
    blocking.give(running.executor);
    waiting.give(running.executor);
    std::thread releasing([&] { release.set_value(); });
    EXPECT_TRUE(running.stop());
    releasing.join();
    EXPECT_EQ(waiting.done.value(), 1u);
}

TEST(Executor, SaysWhenAThreadDoesNotComeBackAndCanBeAskedAgain) {
    Running running(1);
    std::promise<void> release;
    Mailbox hanging([released = release.get_future().share()] { released.wait(); });
    hanging.give(running.executor);
    EXPECT_FALSE(running.executor.stop(running.clock, running.clock.now() + 10'000'000));
    release.set_value();
    EXPECT_TRUE(running.stop());
}

TEST(Executor, StopsOnlyWhenWhatIsAwaitedHasArrived) {
    Running running(2);
    Mailbox mailbox;
    mailbox.after = Runnable::Next::awaiting;
    mailbox.give(running.executor);
    ASSERT_TRUE(mailbox.done.reaches(1));
    EXPECT_FALSE(running.executor.stop(running.clock, running.clock.now() + 10'000'000));
    std::thread arriving([&] {
        mailbox.after = Runnable::Next::idle;
        mailbox.give(running.executor);
    });
    EXPECT_TRUE(running.stop());
    arriving.join();
    EXPECT_EQ(mailbox.done.value(), 2u);
}

TEST(Executor, FallsAsleepAndLetsTheWatchRest) {
    Running running(2);
    Mailbox mailbox;
    mailbox.give(running.executor);
    ASSERT_TRUE(mailbox.done.reaches(1));
    const std::int64_t deadline = soon(running.clock);
    while (running.executor.tick() && running.clock.now() < deadline) std::this_thread::yield();
    EXPECT_LT(running.clock.now(), deadline);
    mailbox.give(running.executor);
    EXPECT_TRUE(mailbox.done.reaches(2)) << "and is up again";
    EXPECT_TRUE(running.stop());
}

}  // namespace
}  // namespace sluice
