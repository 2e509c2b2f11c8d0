// Units of slow handlers: when they close, and what is counted while they run.
#include "work/worker_bench.hpp"

namespace sluice {
namespace {

using std::chrono::milliseconds;

// A handler that takes its time, as the watch's thread would see it.
FakeHandler::Handle slow(WorkerBench*& bench, milliseconds time) {
    return [&bench, time](const Handled&) {
        bench->clock.advance(time);
        bench->watch.note_time();
        return SLUICE_DONE;
    };
}

TEST(WorkerTime, ClosesAUnitOnceItsTimeHasBeenSpentInHandlers) {
    WorkerBench* its = nullptr;
    WorkerBench bench(slow(its, milliseconds(20)));
    its = &bench;
    bench.push("a1 a2 a3 a4 b1");
    EXPECT_EQ(bench.worker->run(), Runnable::Next::again);
    EXPECT_EQ(bench.called(), (Texts{"a1", "a2", "a3"})) << "50 ms are over after the third";
    EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "a2 acked", "a3 acked"})) << "and not only after the fifth";
    EXPECT_EQ(bench.worker->run(), Runnable::Next::idle);
    EXPECT_EQ(bench.ended(), (Texts{"a4 acked", "b1 acked"}));
    EXPECT_EQ(bench.worker->counts().units, 2u);
}

TEST(WorkerTime, HandlesOneMessageOfAUnitHoweverLongThatTakes) {
    WorkPolicy policy = WorkerBench::quick();
    policy.batch_time_ms = 1;
    WorkerBench* its = nullptr;
    WorkerBench bench(slow(its, milliseconds(1'000)), policy);
    its = &bench;
    bench.push("a1 a2 b1");
    bench.run();
    EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "a2 acked", "b1 acked"}));
    EXPECT_EQ(bench.worker->counts().units, 3u);
}

TEST(WorkerTime, KeepsTheOrderOfAKeyWhenAUnitClosesBeforeItsTurn) {
    WorkerBench bench([&](const Handled& call) {
        bench.clock.advance(milliseconds(30));
        bench.watch.note_time();
        call.fault->retry_delay_ms = 1'000;
        return call.id() == "a1" && call.message.attempt == 1 ? SLUICE_RETRY : SLUICE_DONE;
    });
    bench.push("a1 b1 a2 b2 a3");
    bench.run();
    EXPECT_EQ(bench.called(), (Texts{"a1", "b1", "b2"})) << "a2 waits behind a1 though it was put back";
    bench.run_after(milliseconds(1'000));
    EXPECT_EQ(bench.called(), (Texts{"a1#2", "a2", "a3"}));
    EXPECT_EQ(bench.ended(), (Texts{"b1 acked", "b2 acked", "a1 acked", "a2 acked", "a3 acked"}));
}

TEST(WorkerTime, CountsMessagesAndTimeWhileItsUnitRuns) {
    WorkerBench bench([&](const Handled& call) {
        bench.clock.advance(milliseconds(10));
        const WorkerCounts counts = bench.worker->counts();
        EXPECT_EQ(counts.handled, call.id() == "a1" ? 1u : 2u);
        EXPECT_EQ(counts.busy_ns, counts.handled * 10'000'000);
        EXPECT_EQ(counts.units, 0u);
        EXPECT_NE(bench.worker->running_since_ns(), 0);
        return SLUICE_DONE;
    });
    bench.push("a1 a2");
    bench.run();
    bench.clock.advance(milliseconds(10));
    EXPECT_EQ(bench.worker->counts().handled, 2u);
    EXPECT_EQ(bench.worker->counts().busy_ns, 20'000'000u) << "and no longer than it runs";
    EXPECT_EQ(bench.worker->running_since_ns(), 0);
}

}  // namespace
}  // namespace sluice
