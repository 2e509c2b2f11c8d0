// Units of work: what becomes durable, and when it is reported.
#include "work/worker_bench.hpp"

namespace sluice {
namespace {

using std::chrono::milliseconds;

TEST(WorkerUnits, ReportsMessagesOnlyWhenTheirUnitIsDurable) {
    FakeDatabase database;
    database.hold();
    WorkerBench bench(write_id, WorkerBench::batches_of(2), {&database});
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
    WorkerBench bench(write_id, WorkerBench::batches_of(1), {&database});
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

TEST(WorkerUnits, MakesADeadLetterOfTheMessageThatTheDatabaseRefusesAndAcksTheRest) {
    FakeDatabase database;
    database.hold();
    WorkerBench bench(write_id, WorkerBench::quick(), {&database});
    bench.push("a1 a2 b1");
    bench.run();
    database.answer(SLUICE_OK, {{"a2", SLUICE_CONSTRAINT}});
    bench.run();
    EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "a2 dead letter", "b1 acked"}));
    EXPECT_EQ(database.durable(), (Texts{"a1", "b1"}));
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
        [](const Handled& call) {
            return call.write(call.id(), call.id() == "a2" ? "two" : "one") == SLUICE_QUEUED ? SLUICE_DONE : SLUICE_RETRY;
        },
        WorkerBench::batches_of(1), {&one, &two});
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
            return call.id() == "z1" ? SLUICE_RETRY : write_id(call);
        },
        WorkerBench::batches_of(1), {&database});
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

TEST(WorkerUnits, IgnoresASecondAnswerToACommitAndSaysSo) {
    FakeDatabase database;
    database.answers_twice = true;
    WorkerBench bench(write_id, WorkerBench::batches_of(1), {&database});
    bench.push("a1 a2");
    bench.run();
    EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "a2 acked"}));
    EXPECT_NE(bench.log.text().find("a commit that nobody waits for"), std::string::npos);
}

TEST(WorkerUnits, IgnoresAnExceptionAfterTheAnswer) {
    FakeDatabase database;
    database.submit_throws = true;
    WorkerBench bench(write_id, WorkerBench::quick(), {&database});
    bench.push("a1");
    bench.run();
    EXPECT_EQ(bench.ended(), Texts{"a1 acked"});
}

TEST(WorkerUnits, FinishesItsUnitsBeforeItGivesTheRestBack) {
    FakeDatabase database;
    database.hold();
    WorkerBench bench(write_id, WorkerBench::batches_of(2), {&database});
    bench.push("a1 b1 a2");
    bench.worker->run();
    bench.worker->stop(StopMode::finish_current);
    bench.run();
    EXPECT_EQ(bench.ended(), Texts{}) << "a2 does not go back before a1 has ended";
    database.answer();
    bench.run();
    EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "b1 acked", "a2 released"}));
}

}  // namespace
}  // namespace sluice
