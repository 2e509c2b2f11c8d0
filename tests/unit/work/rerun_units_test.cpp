// Units that failed: what runs again, in which order, and that none of it counts as an attempt.
#include "ending.hpp"
#include "work/worker_bench.hpp"

namespace sluice {
namespace {

using std::chrono::milliseconds;

TEST(WorkerAgain, RunsFailedUnitsAgainInOrderWithThoseAfterThem) {
    FakeDatabase database;
    database.hold();
    WorkerBench bench(write_id, WorkerBench::batches_of(2), {&database});
    bench.push("a1 b1 a2 b2 a3 b3");
    bench.run();
    ASSERT_EQ(database.submitted(), 3u);
    bench.called();
    for (int i = 0; i < 3; ++i) database.answer(i == 0 ? SLUICE_CONFLICT : SLUICE_OK);  // the later ones fail by the rule
    bench.run();
    EXPECT_EQ(bench.called(), Texts{}) << "not at once";
    while (!bench.messages.empty()) {
        bench.run_after(milliseconds(100));
        while (database.submitted() != 0) database.answer();
        bench.run();
        bench.ended();
    }
    EXPECT_EQ(bench.called(), (Texts{"a1", "b1", "a2", "b2", "a3", "b3"})) << "and none of it counts as an attempt";
    EXPECT_EQ(database.durable(), (Texts{"a1", "b1", "a2", "b2", "a3", "b3"}));
}

// More than a batch runs again, and the first of it fails once more: the rest must not get in front.
TEST(WorkerAgain, KeepsTheOrderWhenWhatRunsAgainFailsAgain) {
    FakeDatabase database;
    database.hold();
    WorkerBench bench(write_id, WorkerBench::batches_of(1), {&database});
    bench.push("a1 a2 a3 a4 a5");
    bench.run();
    for (int outage = 0; outage < 3; ++outage) {
        while (database.submitted() != 0) database.answer(SLUICE_UNAVAILABLE);
        bench.run_after(milliseconds(5'000));
    }
    bench.called();
    while (!bench.messages.empty()) {
        while (database.submitted() != 0) database.answer();
        bench.run_after(milliseconds(5'000));
        bench.ended();
    }
    EXPECT_EQ(database.durable(), (Texts{"a1", "a2", "a3", "a4", "a5"}));
}

TEST(WorkerAgain, KeepsTheOrderWhenSomeOfWhatRunsAgainFailsAgainBeforeTheRestHasBegun) {
    FakeDatabase database;
    database.hold();
    WorkerBench bench(write_id, WorkerBench::batches_of(1), {&database});
    bench.push("a1 a2 a3 a4");
    bench.run();
    while (database.submitted() != 0) database.answer(SLUICE_CONFLICT);
    bench.run();
    bench.clock.advance(milliseconds(1'000));
    bench.worker->run();
    bench.worker->run();
    while (database.submitted() != 0) database.answer(SLUICE_CONFLICT);
    while (!bench.messages.empty()) {
        bench.run_after(milliseconds(1'000));
        while (database.submitted() != 0) database.answer();
        bench.run();
        bench.ended();
    }
    EXPECT_EQ(database.durable(), (Texts{"a1", "a2", "a3", "a4"}));
}

TEST(WorkerAgain, HoldsBackWhatFollowsAMessageThatFailsWhileItsUnitRunsAgain) {
    FakeDatabase database;
    database.hold();
    bool fails = false;
    WorkPolicy policy = WorkerBench::batches_of(1);
    policy.backoff_ms = policy.backoff_max_ms = 1;
    WorkerBench bench(
        [&](const Handled& call) {
            if (fails && call.id() == "a1") return SLUICE_RETRY;
            return write_id(call);
        },
        policy, {&database});
    bench.push("a1 a2 b1");
    bench.run();
    while (database.submitted() != 0) database.answer(SLUICE_CONFLICT);
    bench.run();
    bench.called();
    fails = true;
    bench.clock.advance(milliseconds(1'000));
    bench.worker->run();
    while (database.submitted() != 0) database.answer();
    bench.worker->run();
    EXPECT_EQ(bench.called(), (Texts{"a1", "b1"})) << "a2 waits behind a1";
    fails = false;
    while (!bench.messages.empty()) {
        bench.run_after(milliseconds(1'000));
        while (database.submitted() != 0) database.answer();
        bench.run();
        bench.ended();
    }
    EXPECT_EQ(database.durable(), (Texts{"b1", "a1", "a2"}));
}

TEST(WorkerAgain, PutsWhatRunsAgainBackInFrontWhenTheDatabaseIsStillAway) {
    FakeDatabase database;
    database.hold();
    WorkerBench bench(write_id, WorkerBench::batches_of(2), {&database});
    bench.push("a1 a2 a3 a4");
    bench.run();
    while (database.submitted() != 0) database.answer(SLUICE_UNAVAILABLE);
    bench.run();
    database.begin_answer = SLUICE_UNAVAILABLE;
    bench.run_after(milliseconds(5'000));
    database.begin_answer = SLUICE_OK;
    bench.called();
    while (!bench.messages.empty()) {
        bench.run_after(milliseconds(5'000));
        while (database.submitted() != 0) database.answer();
        bench.ended();
    }
    EXPECT_EQ(database.durable(), (Texts{"a1", "a2", "a3", "a4"}));
}

TEST(WorkerAgain, RunsTheOneMessageAgainThatTheCommitAnsweredWithConflict) {
    FakeDatabase database;
    database.hold();
    WorkerBench bench(write_id, WorkerBench::batches_of(2), {&database});
    bench.push("a1 b1 b2");
    bench.run();
    database.answer(SLUICE_OK, {{"b1", SLUICE_CONFLICT}});
    database.answer();  // b2 fails with it, by the rule
    bench.run();
    EXPECT_EQ(bench.ended(), Texts{"a1 acked"});
    bench.called();
    bench.run_after(milliseconds(1'000));
    EXPECT_EQ(bench.called(), (Texts{"b1", "b2"}));
    database.answer();
    bench.run();
    EXPECT_EQ(bench.ended(), (Texts{"b1 acked", "b2 acked"}));
}

TEST(WorkerAgain, HoldsBackWhatFollowsTheOneMessageThatRunsAgain) {
    FakeDatabase first("first"), last("last", true);
    first.hold();
    WorkerBench bench(
        [](const Handled& call) {
            if (call.id() == "a4") return SLUICE_SKIP;
            return call.write({}, "first") == SLUICE_QUEUED && call.write({}, "last") == SLUICE_QUEUED ? SLUICE_DONE
                                                                                                       : SLUICE_RETRY;
        },
        WorkerBench::batches_of(5), {&last, &first});
    bench.push("a1 b1 a2 a3 a4 a5");
    bench.run();
    first.answer(SLUICE_OK, {{"a2", SLUICE_CONFLICT}});
    bench.run();
    EXPECT_EQ(last.durable(), (Texts{"a1", "b1"})) << "a3 waits for a2, in this unit and a5 in the next";
    EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "b1 acked"})) << "nor is a4 reported before";
    bench.called();
    while (!bench.messages.empty()) {
        bench.run_after(milliseconds(1'000));
        while (first.submitted() != 0) first.answer();
        bench.run();
        const Texts ended = bench.ended();
        if (!ended.empty()) {
            EXPECT_EQ(ended, (Texts{"a2 acked", "a3 acked", "a4 skipped", "a5 acked"}));
        }
    }
    EXPECT_EQ(bench.called(), (Texts{"a2", "a3", "a4", "a5"})) << "at their first attempt";
    EXPECT_EQ(last.durable(), (Texts{"a1", "b1", "a2", "a3", "a5"}));
}

TEST(WorkerAgain, HoldsBackADeferredMessageThatFollowsTheOneThatRunsAgain) {
    FakeDatabase database;
    database.hold();
    std::vector<sluice_ticket> tickets;
    WorkerBench bench(
        [&](const Handled& call) {
            if (call.id() == "a1") return write_id(call);
            tickets.push_back(call.ticket);
            return SLUICE_DEFER;
        },
        WorkerBench::quick(), {&database});
    bench.push("a1 a2");
    bench.run();
    database.answer(SLUICE_OK, {{"a1", SLUICE_CONFLICT}});
    bench.run();
    EXPECT_EQ(end(host_api(), bench.host.get(), tickets.at(0), ending(SLUICE_DONE)), SLUICE_STALE) << "it runs again too";
    bench.run_after(milliseconds(1'000));
    database.answer();
    bench.run();
    ASSERT_EQ(tickets.size(), 2u);
    EXPECT_EQ(end(host_api(), bench.host.get(), tickets[1], ending(SLUICE_DONE)), SLUICE_OK);
    bench.run();
    EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "a2 acked"}));
}

TEST(WorkerAgain, PausesBrieflyAgainOnceSomethingHasWorkedWithoutEffectsToo) {
    FakeDatabase database;
    WorkerBench bench(
        [&](const Handled& call) {
            if (std::exchange(database.execute_answer, SLUICE_QUEUED) == SLUICE_CONFLICT) {
                database.execute_answer = SLUICE_CONFLICT;
                call.write();
                database.execute_answer = SLUICE_QUEUED;
                return SLUICE_RETRY;
            }
            return SLUICE_DONE;  // and writes nothing
        },
        WorkerBench::quick(), {&database});
    for (int month = 0; month < 10; ++month) {
        database.execute_answer = SLUICE_CONFLICT;
        bench.push("a1");
        bench.run();
        EXPECT_EQ(bench.ended(), Texts{});
        bench.run_after(milliseconds(100));
        EXPECT_EQ(bench.ended(), Texts{"a1 acked"}) << "month " << month << ": the first pause is 100 ms";
    }
}

TEST(WorkerAgain, SaysThatItPausesOnceForAllWorkersOfThePool) {
    FakeDatabase database;
    database.execute_answer = SLUICE_CONFLICT;
    WorkerBench bench([](const Handled& call) { return write_id(call); }, WorkerBench::quick(), {&database});
    bench.push("a1");
    bench.run();
    bench.run_after(milliseconds(100));
    EXPECT_EQ(bench.times_logged("warn", "pauses for"), 1u) << bench.log.text();
    EXPECT_TRUE(bench.notices.pass(PoolNotices::About::pause, bench.clock.now()) == std::nullopt) << "nor another worker";
    bench.run_after(milliseconds(10'000));
    EXPECT_NE(bench.log.text().find("(2 more since the last such line)"), std::string::npos) << bench.log.text();
}

TEST(WorkerAgain, FailsAUnitThatCannotBeSealedAndRunsItAgain) {
    FakeDatabase database;
    database.seal_answer = SLUICE_UNAVAILABLE;
    WorkerBench bench(write_id, WorkerBench::quick(), {&database});
    bench.push("a1");
    bench.run();
    EXPECT_EQ(database.abandoned, 1);
    EXPECT_EQ(bench.ended(), Texts{});
    database.seal_answer = SLUICE_OK;
    bench.run_after(milliseconds(1'000));
    EXPECT_EQ(bench.ended(), Texts{"a1 acked"});
}

TEST(WorkerAgain, GivesBackAUnitThatFailsDuringAStop) {
    FakeDatabase database;
    database.hold();
    WorkerBench bench(write_id, WorkerBench::batches_of(2), {&database});
    bench.push("a1 b1 a2");
    bench.worker->run();
    bench.worker->stop(StopMode::finish_current);
    bench.run();
    database.answer(SLUICE_CONFLICT);
    bench.run();
    EXPECT_EQ(bench.ended(), (Texts{"a1 released", "b1 released", "a2 released"}));
    EXPECT_EQ(database.durable(), Texts{});
}

}  // namespace
}  // namespace sluice
