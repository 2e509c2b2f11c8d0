// Units of work: what becomes durable, what runs again and in which order, what burns no attempt.
#include <thread>

#include "work/worker_bench.hpp"

namespace sluice {
namespace {

using Handled = FakeHandler::Call;
using std::chrono::milliseconds;

// Writes its id; what the database says to that decides.
sluice_verdict write(const Handled& call) { return call.write() == SLUICE_QUEUED ? SLUICE_DONE : SLUICE_RETRY; }

WorkPolicy batches_of(std::uint32_t size) {
    WorkPolicy policy = WorkerBench::quick();
    policy.batch_max = size;
    return policy;
}

TEST(WorkerUnits, ReportsMessagesOnlyWhenTheirUnitIsDurable) {
    FakeDatabase database;
    database.hold();
    WorkerBench bench(write, batches_of(2), {&database});
    bench.push("a1 a2 a3");
    bench.run();
    EXPECT_EQ(database.submitted(), 2u) << "the worker goes on while the first unit is committed";
    EXPECT_EQ(bench.ended(), Texts{});
    database.answer();
    bench.run();
    EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "a2 acked"}));
    database.answer();
    bench.run();
    EXPECT_EQ(bench.ended(), Texts{"a3 acked"});
    EXPECT_EQ(database.durable(), (Texts{"a1", "a2", "a3"}));
}

TEST(WorkerUnits, HasNoMoreUnitsUnderWayThanAllowedAndDoesNotSpinMeanwhile) {
    FakeDatabase database;
    database.hold();
    WorkerBench bench(write, batches_of(1), {&database});
    bench.push("a1 a2 a3 a4 a5 a6");
    bench.run();
    EXPECT_EQ(database.submitted(), limits::units_in_flight);
    EXPECT_EQ(bench.worker->run(), Runnable::Next::awaiting);
    database.answer();
    bench.run();
    EXPECT_EQ(database.submitted(), limits::units_in_flight);
}

TEST(WorkerUnits, KeepsNoWritesOfAMessageThatFails) {
    FakeDatabase database;
    WorkerBench bench(
        [](const Handled& call) {
            EXPECT_EQ(call.write(), SLUICE_QUEUED);
            if (call.id() == "b1") return SLUICE_REJECT;
            return call.id() == "c1" ? SLUICE_SKIP : SLUICE_DONE;
        },
        WorkerBench::quick(), {&database});
    bench.push("a1 b1 c1 d1");
    bench.run();
    EXPECT_EQ(database.durable(), (Texts{"a1", "d1"}));
    EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "b1 dead letter", "c1 skipped", "d1 acked"}));
}

TEST(WorkerUnits, RunsFailedUnitsAgainInOrderWithThoseAfterThem) {
    FakeDatabase database;
    database.hold();
    WorkerBench bench(write, batches_of(2), {&database});
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
    EXPECT_EQ(bench.called(), (Texts{"a1", "b1", "a2", "b2", "a3", "b3"})) << "and no attempt is burnt";
    EXPECT_EQ(database.durable(), (Texts{"a1", "b1", "a2", "b2", "a3", "b3"}));
}

// More than a batch runs again, and the first of it fails once more: the rest must not get in front.
TEST(WorkerUnits, KeepsTheOrderWhenWhatRunsAgainFailsAgain) {
    FakeDatabase database;
    database.hold();
    WorkerBench bench(write, batches_of(1), {&database});
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

TEST(WorkerUnits, KeepsTheOrderWhenSomeOfWhatRunsAgainFailsAgainBeforeTheRestHasBegun) {
    FakeDatabase database;
    database.hold();
    WorkerBench bench(write, batches_of(1), {&database});
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

TEST(WorkerUnits, CommitsNothingForAUnitWhoseMessagesAllComeAgain) {
    FakeDatabase database;
    database.hold();
    WorkerBench bench(
        [](const Handled& call) {
            EXPECT_EQ(call.write(), SLUICE_QUEUED);
            call.fault->retry_delay_ms = 1'000;
            return SLUICE_RETRY;
        },
        WorkerBench::quick(), {&database});
    bench.push("a1 b1");
    bench.run();
    EXPECT_EQ(database.submitted(), 0u);
    EXPECT_EQ(database.abandoned, 1);
}

TEST(WorkerUnits, HoldsBackWhatFollowsAMessageThatFailsWhileItsUnitRunsAgain) {
    FakeDatabase database;
    database.hold();
    bool fails = false;
    WorkPolicy policy = batches_of(1);
    policy.backoff_ms = policy.backoff_max_ms = 1;
    WorkerBench bench(
        [&](const Handled& call) {
            if (fails && call.id() == "a1") return SLUICE_RETRY;
            return write(call);
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

TEST(WorkerUnits, PutsWhatRunsAgainBackInFrontWhenTheDatabaseIsStillAway) {
    FakeDatabase database;
    database.hold();
    WorkerBench bench(write, batches_of(2), {&database});
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

TEST(WorkerUnits, BurnsNoAttemptWhileADatabaseIsAwayAndWaitsLongerEachTime) {
    FakeDatabase database;
    database.execute_answer = SLUICE_UNAVAILABLE;
    WorkerBench bench(write, WorkerBench::quick(), {&database});
    bench.push("a1 b1");
    for (int i = 0; i < 10; ++i) bench.run_after(milliseconds(5'000));
    EXPECT_EQ(bench.called(), Texts(10, "a1")) << "b1 is not begun, and no attempt counted";
    database.execute_answer = SLUICE_QUEUED;
    bench.run_after(milliseconds(4'999));
    EXPECT_EQ(bench.called(), Texts{});
    bench.run_after(milliseconds(1));
    EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "b1 acked"}));
}

TEST(WorkerUnits, MakesADeadLetterOfTheMessageThatTheDatabaseRefusesAndAcksTheRest) {
    FakeDatabase database;
    database.hold();
    WorkerBench bench(write, WorkerBench::quick(), {&database});
    bench.push("a1 a2 b1");
    bench.run();
    database.answer(SLUICE_OK, {{"a2", SLUICE_CONSTRAINT}});
    bench.run();
    EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "a2 dead letter", "b1 acked"}));
    EXPECT_EQ(database.durable(), (Texts{"a1", "b1"}));
}

TEST(WorkerUnits, RunsTheOneMessageAgainThatTheCommitAnsweredWithConflict) {
    FakeDatabase database;
    database.hold();
    WorkerBench bench(write, batches_of(2), {&database});
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

TEST(WorkerUnits, TakesBackFromOneDatabaseWhatAnotherRefused) {
    FakeDatabase first("first"), last("last");
    last.hold();
    WorkerBench bench(
        [](const Handled& call) {
            EXPECT_EQ(call.write(call.id(), "first"), SLUICE_QUEUED);
            EXPECT_EQ(call.write(call.id(), "last"), SLUICE_QUEUED);
            return SLUICE_DONE;
        },
        WorkerBench::quick(), {&first, &last});
    bench.push("a1 b1");
    bench.run();
    // The one asked for last is committed first.
    last.answer(SLUICE_OK, {{"a1", SLUICE_CONSTRAINT}});
    bench.run();
    EXPECT_EQ(first.durable(), Texts{"b1"});
    EXPECT_EQ(bench.ended(), (Texts{"a1 dead letter", "b1 acked"}));
}

TEST(WorkerUnits, LetsNoUnitOvertakeOneThatCommitsElsewhere) {
    FakeDatabase one("one"), two("two");
    one.hold();
    WorkerBench bench(
        [](const Handled& call) { return call.write(call.id(), call.id() == "a2" ? "two" : "one") == SLUICE_QUEUED ? SLUICE_DONE : SLUICE_RETRY; },
        batches_of(1), {&one, &two});
    bench.push("a1 a2 a3");
    bench.run();
    EXPECT_EQ(two.durable(), Texts{});
    EXPECT_EQ(one.submitted(), 1u) << "a3 waits for a2, which waits for a1";
    one.answer(SLUICE_CONFLICT);
    bench.run();
    bench.run_after(milliseconds(100));
    EXPECT_EQ(two.durable(), Texts{}) << "a2 runs again after a1";
    for (int i = 0; i < 2; ++i) {
        while (one.submitted() != 0) one.answer();
        bench.run_after(milliseconds(100));
    }
    EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "a2 acked", "a3 acked"}));
    EXPECT_EQ(two.durable(), Texts{"a2"});
}

TEST(WorkerUnits, LetsNobodyRingForARetryThatIsDueWhileNoUnitCanBeBegun) {
    FakeDatabase database;
    database.hold();
    WorkerBench bench(
        [](const Handled& call) {
            call.fault->retry_delay_ms = 1;
            return call.id() == "z1" ? SLUICE_RETRY : write(call);
        },
        batches_of(1), {&database});
    bench.push("z1 a1 b1 c1 d1 e1");
    for (int i = 0; i < 5; ++i) bench.worker->run();
    ASSERT_EQ(database.submitted(), limits::units_in_flight);
    // Alarms ring in the order of their times: when this one has rung, so has what the worker may have set.
    struct Later final : Watch::Alarm {
        void ring() override { rung.add(); }
        Tally rung;
    } later;
    bench.clock.advance(milliseconds(1));
    bench.watch.set(later, bench.clock.now());
    bench.watch.start();
    ASSERT_TRUE(later.rung.reaches(1));
    EXPECT_EQ(bench.worker->run(), Runnable::Next::awaiting);
    bench.watch.set(later, bench.clock.now());
    ASSERT_TRUE(later.rung.reaches(2));
    EXPECT_FALSE(bench.worker->has_news());
    bench.watch.stop();
}

TEST(WorkerUnits, FailsAUnitThatCannotBeSealedAndRunsItAgain) {
    FakeDatabase database;
    database.seal_answer = SLUICE_UNAVAILABLE;
    WorkerBench bench(write, WorkerBench::quick(), {&database});
    bench.push("a1");
    bench.run();
    EXPECT_EQ(database.abandoned, 1);
    EXPECT_EQ(bench.ended(), Texts{});
    database.seal_answer = SLUICE_OK;
    bench.run_after(milliseconds(1'000));
    EXPECT_EQ(bench.ended(), Texts{"a1 acked"});
}

TEST(WorkerUnits, IgnoresASecondAnswerToACommitAndSaysSo) {
    FakeDatabase database;
    database.answers_twice = true;
    WorkerBench bench(write, batches_of(1), {&database});
    bench.push("a1 a2");
    bench.run();
    EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "a2 acked"}));
    EXPECT_NE(bench.log.text().find("a commit that nobody waits for"), std::string::npos);
}

TEST(WorkerUnits, IgnoresAnExceptionAfterTheAnswer) {
    FakeDatabase database;
    database.submit_throws = true;
    WorkerBench bench(write, WorkerBench::quick(), {&database});
    bench.push("a1");
    bench.run();
    EXPECT_EQ(bench.ended(), Texts{"a1 acked"});
}

TEST(WorkerUnits, FinishesItsUnitsBeforeItGivesTheRestBack) {
    FakeDatabase database;
    database.hold();
    WorkerBench bench(write, batches_of(2), {&database});
    bench.push("a1 b1 a2");
    bench.worker->run();
    bench.worker->stop(StopMode::finish_current);
    bench.run();
    EXPECT_EQ(bench.ended(), Texts{}) << "a2 does not go back before a1 has ended";
    database.answer();
    bench.run();
    EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "b1 acked", "a2 released"}));
}

TEST(WorkerUnits, GivesBackAUnitThatFailsDuringAStop) {
    FakeDatabase database;
    database.hold();
    WorkerBench bench(write, batches_of(2), {&database});
    bench.push("a1 b1 a2");
    bench.worker->run();
    bench.worker->stop(StopMode::finish_current);
    bench.run();
    database.answer(SLUICE_CONFLICT);
    bench.run();
    EXPECT_EQ(bench.ended(), (Texts{"a1 released", "b1 released", "a2 released"}));
    EXPECT_EQ(database.durable(), Texts{});
}

// ---- deduplication ---------------------------------------------------------------------------------------------------------

TEST(WorkerUnits, RunsNoHandlerForAMessageThatWasSeen) {
    FakeDatabase database("db", true);
    WorkerBench bench(write, WorkerBench::quick(), {&database});
    bench.push("a1");
    bench.run();
    bench.push("a1 a2");
    bench.run();
    EXPECT_EQ(bench.called(), (Texts{"a1", "a2"}));
    EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "a1 acked", "a2 acked"}));
    EXPECT_EQ(database.durable(), (Texts{"a1", "a2"}));
}

TEST(WorkerUnits, ForgetsTheRecordOfAMessageThatComesAgain) {
    FakeDatabase database("db", true);
    WorkPolicy policy = WorkerBench::quick();
    policy.backoff_ms = policy.backoff_max_ms = 1'000;
    WorkerBench bench([](const Handled& call) { return call.message.attempt == 1 ? SLUICE_RETRY : write(call); }, policy, {&database});
    bench.push("a1");
    bench.run();
    EXPECT_FALSE(database.knows("a1"));
    bench.run_after(milliseconds(1'000));
    EXPECT_EQ(bench.ended(), Texts{"a1 acked"});
    EXPECT_TRUE(database.knows("a1"));
}

TEST(WorkerUnits, WaitsWhileTheDatabaseCannotSayWhetherAMessageWasSeen) {
    FakeDatabase database("db", true);
    database.record_answer = SLUICE_UNAVAILABLE;
    WorkerBench bench(write, WorkerBench::quick(), {&database});
    bench.push("a1");
    bench.run();
    EXPECT_EQ(bench.called(), Texts{});
    database.record_answer = SLUICE_OK;
    bench.run_after(milliseconds(1'000));
    EXPECT_EQ(bench.ended(), Texts{"a1 acked"});
}

TEST(WorkerUnits, RecordsAlsoTheMessageThatFirstAskedForTheDatabase) {
    FakeDatabase database("db", true);
    WorkerBench bench(write, WorkerBench::quick(), {&database}, {}, false);
    bench.push("a1 a2");
    bench.run();
    EXPECT_EQ(database.connected, 1);
    EXPECT_EQ(database.durable(), Texts{});
    bench.run_after(milliseconds(1'000));
    EXPECT_EQ(bench.called(), (Texts{"a1", "a1", "a2"})) << "again from the start, without a burnt attempt";
    EXPECT_TRUE(database.knows("a1"));
    EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "a2 acked"}));
}

TEST(WorkerUnits, TriesAgainToConnectADatabaseThatIsAskedForLate) {
    FakeDatabase database;
    database.connect_answer = SLUICE_UNAVAILABLE;
    WorkerBench bench(write, WorkerBench::quick(), {&database}, {}, false);
    bench.push("a1");
    bench.run();
    database.connect_answer = SLUICE_OK;
    bench.run_after(milliseconds(1'000));
    EXPECT_EQ(bench.called(), (Texts{"a1", "a1"}));
    EXPECT_EQ(bench.ended(), Texts{"a1 acked"});
}

// ---- tickets ---------------------------------------------------------------------------------------------------------------

TEST(WorkerUnits, AnswersOldAndForeignTicketsWithStale) {
    FakeDatabase database;
    sluice_ticket old = 0;
    WorkerBench bench(
        [&](const Handled& call) {
            if (old != 0) {
                EXPECT_EQ(FakeHandler::Call({call.message, old, call.fault, call.api, call.host}).write(), SLUICE_STALE);
                EXPECT_EQ(FakeHandler::Call({call.message, call.ticket + 1, call.fault, call.api, call.host}).write(), SLUICE_STALE);
                sluice_status elsewhere = SLUICE_OK;
                std::thread([&] { elsewhere = FakeHandler::Call({call.message, old, nullptr, call.api, call.host}).write(); }).join();
                EXPECT_EQ(elsewhere, SLUICE_STALE);
            }
            old = call.ticket;
            return write(call);
        },
        WorkerBench::quick(), {&database});
    bench.push("a1 a2");
    bench.run();
    EXPECT_EQ(database.durable(), (Texts{"a1", "a2"}));
}

TEST(WorkerUnits, StopsOnlyHandlersThatWereStarted) {
    WorkerBench bench([](const Handled&) { return SLUICE_DONE; });
    bench.handler.start_answer = SLUICE_INVALID;
    sluice_setup setup{};
    setup.struct_size = sizeof setup;
    ASSERT_TRUE(bench.host->create(bench.handler.table(), setup));
    ASSERT_TRUE(bench.host->connect());
    EXPECT_FALSE(bench.host->start());
    bench.host->stop();
    EXPECT_EQ(bench.handler.stops, 0);
    bench.handler.start_answer = SLUICE_OK;
    ASSERT_TRUE(bench.host->start());
    bench.host->stop();
    bench.host->stop();
    EXPECT_EQ(bench.handler.stops, 1);
}

}  // namespace
}  // namespace sluice
