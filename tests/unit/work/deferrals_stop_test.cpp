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

// ---- what is resumed while its database is unreachable ----

class WorkerResumedWithoutDatabase : public WorkerDeferred {
protected:
    // a1 is resumed, a2 and a3 wait behind it, and the database cannot be reached.
    void begin() {
        database.can_be_asked();
        make(WorkerBench::quick(), {&database});
        on_resume = [this](const Handled& call) {
            return call.write("resumed " + call.id()) == SLUICE_QUEUED ? SLUICE_DONE : call.say(SLUICE_RETRY, "cannot write");
        };
        bench->push("a1 a2");
        bench->run();
        bench->push("a3");
        lose_database();
        EXPECT_EQ(resume("a1", 1), SLUICE_OK);
    }
    void lose_database() {
        database.execute_answer = database.ping_answer = SLUICE_UNAVAILABLE;
        database.database.circuit->away("the server is gone");
    }
    void find_database() {
        database.execute_answer = SLUICE_QUEUED;
        database.ping_answer = SLUICE_OK;
    }
};

TEST_F(WorkerResumedWithoutDatabase, GoesBackAtAStopBeforeWhatWaitsForIt) {
    begin();
    bench->worker->stop(StopMode::finish_current);
    bench->run();
    EXPECT_EQ(bench->ended(), (Texts{"a1 released", "a2 released", "a3 released"}));
    EXPECT_EQ(resumed, Texts{});
}

TEST_F(WorkerResumedWithoutDatabase, GoesBackWhenTheStopCameFirst) {
    begin();
    bench->run();
    EXPECT_EQ(bench->ended(), Texts{}) << "it waits for the database";
    bench->worker->stop(StopMode::finish_current);
    bench->run();
    EXPECT_EQ(bench->ended(), (Texts{"a1 released", "a2 released", "a3 released"}));
}

TEST_F(WorkerResumedWithoutDatabase, GoesBackForAReloadAndBeginsAnewElsewhere) {
    begin();
    Message* const first = bench->messages.front();
    bench->worker->ask_back();
    bench->run();
    EXPECT_FALSE(first->resuming) << "the next pool knows nothing of its cookie";
    EXPECT_EQ(bench->ended(), (Texts{"a1 released", "a2 released", "a3 released"}));
    ASSERT_TRUE(bench->worker->keep_on());
    find_database();
    bench->push("a4");
    bench->run_after(std::chrono::milliseconds(5'000));
    EXPECT_EQ(bench->called(), (Texts{"a1", "a4"})) << "the worker goes on";
}

TEST_F(WorkerResumedWithoutDatabase, IsFinishedIfTheDatabaseIsBackThoughNobodyHasAskedYet) {
    begin();
    bench->worker->ask_back();
    find_database();
    bench->run_after(std::chrono::milliseconds(5'000));
    EXPECT_EQ(database.asked, 1) << "who gives back asks too";
    EXPECT_EQ(database.durable(), Texts{"resumed a1"});
    EXPECT_EQ(bench->ended(), (Texts{"a1 acked", "a2 released", "a3 released"}));
}

TEST_F(WorkerResumedWithoutDatabase, GoesBackIfItLosesTheDatabaseOrMeetsAConflictDuringTheStop) {
    for (const sluice_status answer : {SLUICE_UNAVAILABLE, SLUICE_CONFLICT}) {
        make(WorkerBench::quick(), {&database});
        resumed.clear();
        on_resume = [this](const Handled& call) {
            return call.write() == SLUICE_QUEUED ? SLUICE_DONE : call.say(SLUICE_RETRY, "cannot write");
        };
        bench->push("a1 a2");
        bench->run();
        bench->worker->stop(StopMode::finish_current);
        bench->run();
        database.execute_answer = answer;
        EXPECT_EQ(resume("a1", 1), SLUICE_OK);
        bench->run();
        EXPECT_EQ(resumed, Texts{"a1 1"}) << "tried once, and not in a busy loop";
        EXPECT_EQ(bench->ended(), (Texts{"a1 released", "a2 released"}));
        database.execute_answer = SLUICE_QUEUED;
        bench.reset();
    }
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
