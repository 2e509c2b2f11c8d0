// Handlers that are told that the time of a message is over, and do not return from that.
#include "unit/canceller.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "source/source_bench.hpp"
#include "work/pool_bench.hpp"
#include "work/worker_bench.hpp"

namespace sluice {
namespace {

// A cancel() that returns when the test says so.
class Blocking {
public:
    ~Blocking() { let_go(); }
    void operator()(sluice_ticket ticket) {
        std::unique_lock lock(mutex_);
        tickets_.push_back(ticket);
        begun.add();
        change_.wait(lock, [this] { return free_; });
    }
    void let_go() {
        const std::lock_guard lock(mutex_);
        free_ = true;
        change_.notify_all();
    }
    std::vector<sluice_ticket> tickets() {
        const std::lock_guard lock(mutex_);
        return tickets_;
    }
    Tally begun;

private:
    std::mutex mutex_;
    std::condition_variable change_;
    std::vector<sluice_ticket> tickets_;
    bool free_ = false;
};

class CancellerTest : public testing::Test {
protected:
    CancellerTest() : bench([](const Handled&) { return SLUICE_DONE; }) {
        bench.handler.on_cancel = [this](sluice_ticket ticket) { blocking(ticket); };
        bench.start();
    }
    static std::int64_t soon(const Clock& clock) { return clock.now() + std::chrono::nanoseconds(test_deadline).count(); }

    Blocking blocking;
    WorkerBench bench;
    SystemClock clock;
};

TEST_F(CancellerTest, TellsOneAfterTheOtherOnItsOwnThread) {
    Canceller canceller(clock, 10);
    EXPECT_EQ(canceller.busy_ns(), 0);
    canceller.post(*bench.host, 7);  // does not block
    canceller.post(*bench.host, 8);
    ASSERT_TRUE(blocking.begun.reaches(1));
    EXPECT_GT(canceller.busy_ns(), 0);
    EXPECT_EQ(blocking.tickets(), std::vector<sluice_ticket>{7});
    blocking.let_go();
    ASSERT_TRUE(blocking.begun.reaches(2));
    EXPECT_TRUE(canceller.stop(soon(clock)));
    EXPECT_EQ(blocking.tickets(), (std::vector<sluice_ticket>{7, 8}));
}

TEST_F(CancellerTest, LeavesOutWhatItHasNoRoomFor) {
    Canceller canceller(clock, 1);
    canceller.post(*bench.host, 1);
    ASSERT_TRUE(blocking.begun.reaches(1));
    for (sluice_ticket ticket = 2; ticket < 100; ++ticket) canceller.post(*bench.host, ticket);
    blocking.let_go();
    ASSERT_TRUE(blocking.begun.reaches(2));
    EXPECT_TRUE(canceller.stop(soon(clock)));
    EXPECT_EQ(blocking.tickets(), (std::vector<sluice_ticket>{1, 2}));
}

TEST_F(CancellerTest, SaysThatACallHasNotReturned) {
    Canceller canceller(clock, 10);
    EXPECT_TRUE(canceller.stop(clock.now())) << "nothing was ever told";
    Canceller other(clock, 10);
    other.post(*bench.host, 1);
    ASSERT_TRUE(blocking.begun.reaches(1));
    EXPECT_FALSE(other.stop(clock.now()));
    blocking.let_go();
    EXPECT_TRUE(other.stop(soon(clock)));
    other.post(*bench.host, 2);
    EXPECT_EQ(blocking.tickets(), std::vector<sluice_ticket>{1}) << "nothing is told after stop()";
}

// The watch serves all pools: a retry of another pool must not wait for it.
TEST(CancellerOfAPool, LeavesTheWatchAloneWhenACancelBlocks) {
    SourceBench bench;
    Blocking blocking;
    std::atomic<bool> may_end{false};
    bench.on_handler = [&](FakeHandler& handler) { handler.on_cancel = [&](sluice_ticket ticket) { blocking(ticket); }; };
    std::uint64_t delivered = 0;
    bench.source.on_poll = [&](std::uint32_t, std::uint32_t, sluice_fault*) {
        if (delivered++ == 0) {
            EXPECT_EQ(bench.push("a", "{}", 1), SLUICE_OK);
        }
        return SLUICE_END;
    };
    struct Bell final : Watch::Alarm {
        void ring() override { rung.add(); }
        Tally rung;
    } bell;
    WorkPolicy policy = WorkerBench::quick();
    policy.timeout_ms = 10;
    std::thread test([&] {
        EXPECT_TRUE(blocking.begun.reaches(1));
        bench.watch.set(bell, bench.clock.now());
        EXPECT_TRUE(bell.rung.reaches(1)) << "the watch hangs in a plugin";
        blocking.let_go();
        may_end.store(true);
    });
    bench.start(
        [&](const Handled&) {
            while (!may_end.load()) std::this_thread::yield();
            return SLUICE_DONE;
        },
        1, policy);
    bench.close();
    test.join();
    bench.watch.forget(bell);
}

}  // namespace
}  // namespace sluice
