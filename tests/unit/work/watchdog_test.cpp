// Calls of a handler that take too long. The test looks from inside the call, as the watch's thread would meanwhile.
#include "work/watchdog.hpp"

#include "work/worker_bench.hpp"

namespace sluice {
namespace {

using std::chrono::milliseconds;

class WatchdogTest : public testing::Test {
protected:
    // A worker whose handler does this in its first call.
    void make(std::int64_t timeout_ms, std::function<void(const Handled&)> during, bool exit_on_hang = false,
              sluice_verdict verdict = SLUICE_DONE) {
        WorkPolicy policy = WorkerBench::quick();
        policy.timeout_ms = timeout_ms;
        policy.exit_on_hang = exit_on_hang;
        bench = std::make_unique<WorkerBench>(
            [this, during = std::move(during), verdict](const Handled& call) {
                if (++calls > 1) return SLUICE_DONE;
                during(call);
                return call.say(verdict, "too slow");
            },
            policy);
        bench->handler.on_cancel = [this](sluice_ticket ticket) { cancelled.push_back(ticket); };
        watchdog = std::make_unique<Watchdog>(bench->policy, [this] { ++hung; });
        bench->start();
        watchdog->add(*bench->worker, bench->logging.logger("pools.p.handler", "p", 0));
    }
    void look_after(milliseconds time) {
        bench->clock.advance(time);
        watchdog->look(bench->clock.now());
    }
    std::size_t said(const std::string& text) const {
        std::size_t count = 0;
        const std::string log = bench->log.text();
        for (std::size_t at = log.find(text); at != std::string::npos; at = log.find(text, at + 1)) ++count;
        return count;
    }

    std::unique_ptr<WorkerBench> bench;
    std::unique_ptr<Watchdog> watchdog;
    std::vector<sluice_ticket> cancelled;
    int calls = 0;
    int hung = 0;
};

TEST_F(WatchdogTest, SaysOnceThatACallIsOverItsTimeAndAsksTheHandlerToGiveUp) {
    sluice_ticket running = 0;
    make(100, [&](const Handled& call) {
        running = call.ticket;
        look_after(milliseconds(99));
        EXPECT_EQ(said("longer than its timeout"), 0u);
        look_after(milliseconds(1));
        EXPECT_EQ(said("the handler has been running for 100 ms with message a1, longer than its timeout of 100 ms"), 1u);
        look_after(milliseconds(500));
    });
    bench->push("a1 a2");
    bench->run();
    EXPECT_EQ(said("longer than its timeout"), 1u);
    EXPECT_EQ(cancelled, std::vector<sluice_ticket>{running});
    EXPECT_EQ(hung, 0) << "on_hang: wait";
    look_after(milliseconds(1));
    EXPECT_EQ(said("has ended"), 1u);
    look_after(milliseconds(1));
    EXPECT_EQ(said("has ended"), 1u);
}

TEST_F(WatchdogTest, SaysHowFarACallIsAndGivesItNoMoreTimeForThat) {
    make(100, [&](const Handled& call) {
        bench->clock.advance(milliseconds(90));
        EXPECT_EQ(call.api.work_done(call.host, call.ticket, 40), SLUICE_OK);
        look_after(milliseconds(10));
        EXPECT_EQ(said("with message a1, 40 done so far, as it said 0.0 s ago, longer than its timeout of 100 ms"), 1u);
    });
    bench->push("a1");
    bench->run();
}

TEST_F(WatchdogTest, TellsACallItsTimeAndWhenItIsOver) {
    make(100, [&](const Handled& call) {
        const std::int64_t deadline = call.api.deadline_ms(call.host, call.ticket);
        EXPECT_EQ(deadline, bench->clock.wall_ms() + 100);
        bench->clock.advance(milliseconds(99));
        EXPECT_EQ(call.api.deadline_ms(call.host, call.ticket), deadline);
        EXPECT_EQ(call.api.cancelled(call.host, call.ticket), 0u);
        bench->clock.advance(milliseconds(1));
        EXPECT_EQ(call.api.cancelled(call.host, call.ticket), 1u);
    });
    bench->push("a1");
    bench->run();
    EXPECT_EQ(bench->ended(), Texts{"a1 acked"});
}

TEST_F(WatchdogTest, ChargesAMessageThatTookTooLongWithAnAttempt) {
    make(
        100, [&](const Handled&) { look_after(milliseconds(100)); }, false, SLUICE_RETRY);
    bench->push("a1");
    bench->run();
    EXPECT_EQ(bench->called(), (Texts{"a1", "a1#2"}));
    EXPECT_EQ(bench->worker->counts().retried, 1u);
}

TEST_F(WatchdogTest, AsksForTheEndOfTheHostOnceACallStillRunsAfterTwiceItsTime) {
    make(
        100,
        [&](const Handled&) {
            look_after(milliseconds(199));
            EXPECT_EQ(hung, 0);
            look_after(milliseconds(1));
            EXPECT_EQ(hung, 1);
            look_after(milliseconds(100));
        },
        true);
    bench->push("a1");
    bench->run();
    EXPECT_EQ(hung, 1);
}

TEST_F(WatchdogTest, NamesACallThatTakesFiveSecondsWhereThereIsNoTimeout) {
    make(0, [&](const Handled& call) {
        look_after(milliseconds(0));
        look_after(milliseconds(4'999));
        EXPECT_EQ(said("has been running"), 0u);
        look_after(milliseconds(1));
        EXPECT_EQ(said("the handler has been running for 5000 ms with message a1"), 1u);
        EXPECT_EQ(call.api.cancelled(call.host, call.ticket), 0u);
        EXPECT_EQ(call.api.deadline_ms(call.host, call.ticket), 0);
    });
    bench->push("a1");
    bench->run();
    EXPECT_TRUE(cancelled.empty());
}

TEST_F(WatchdogTest, CountsTheTimeOfEachCallByItself) {
    make(0, [&](const Handled&) { look_after(milliseconds(4'000)); });
    bench->push("a1 a2");
    bench->run();
    look_after(milliseconds(20'000));
    look_after(milliseconds(20'000));
    EXPECT_EQ(said("has been running"), 0u) << "no call runs";
}

TEST_F(WatchdogTest, LooksOftenEnoughForAShortTimeout) {
    make(50, [](const Handled&) {});
    EXPECT_LE(watchdog->look(bench->clock.now()), 5'000'000);
}

}  // namespace
}  // namespace sluice
