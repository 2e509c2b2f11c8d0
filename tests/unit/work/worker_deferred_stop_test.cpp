// Deferred messages at a stop.
#include "work/deferring_bench.hpp"

namespace sluice {
namespace {

TEST_F(WorkerDeferred, HoldBackTheirFollowersAtAStopUntilTheyHaveEnded) {
    make();
    bench->push("a1 a2 b1");
    bench->run();
    bench->ended();
    bench->push("a3 b2");
    bench->worker->stop(StopMode::finish_current);
    bench->run();
    EXPECT_EQ(bench->ended(), Texts{"b2 released"});
    EXPECT_EQ(complete("a1", SLUICE_DONE), SLUICE_OK);
    bench->run();
    EXPECT_EQ(bench->ended(), (Texts{"a1 acked", "a2 released", "a3 released"}));
}

TEST_F(WorkerDeferred, AreFinishedAtAStopIfTheyAreResumed) {
    make();
    bench->push("a1 a2");
    bench->run();
    bench->worker->stop(StopMode::finish_current);
    bench->run();
    EXPECT_EQ(resume("a1", 1), SLUICE_OK);
    bench->run();
    EXPECT_EQ(resumed, Texts{"a1 1"});
    EXPECT_EQ(bench->ended(), (Texts{"a1 acked", "a2 released"}));
}

TEST_F(WorkerDeferred, AreCancelledAtTheDeadlineOfAStopAndBurnNoAttemptThen) {
    make(WorkerBench::quick(), {}, true);
    bench->push("a1 a2");
    bench->run();
    bench->worker->stop(StopMode::finish_current);
    bench->run();
    EXPECT_EQ(bench->ended(), Texts{});
    bench->host->cancel();
    bench->worker->poke();
    bench->run();
    EXPECT_EQ(cancelled, std::vector<sluice_ticket>{tickets.at("a1")});
    EXPECT_EQ(bench->ended(), Texts{"a2 released"});
    EXPECT_EQ(complete("a1", SLUICE_RETRY), SLUICE_OK);
    bench->run();
    EXPECT_EQ(bench->ended(), Texts{"a1 released"});
    EXPECT_EQ(bench->worker->counts().retried, 0u);
}

}  // namespace
}  // namespace sluice
