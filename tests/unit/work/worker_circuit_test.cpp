// A database that is unreachable: its workers pause, somebody asks, and none of it counts as an attempt.
#include "work/worker_bench.hpp"

namespace sluice {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest{5'000};

TEST(WorkerCircuit, BeginsNothingWhileTheDatabaseIsAwayAndAsksIt) {
    FakeDatabase database;
    database.can_be_asked();
    database.execute_answer = SLUICE_UNAVAILABLE;
    database.ping_answer = SLUICE_UNAVAILABLE;
    WorkerBench bench(write_id, WorkerBench::quick(), {&database});
    bench.push("a1 b1");
    bench.run();
    EXPECT_EQ(database.asked, 0) << "not before a first pause";
    for (int i = 0; i < 10; ++i) bench.run_after(longest);
    EXPECT_EQ(bench.called(), Texts{"a1"});
    EXPECT_EQ(database.asked, 10);
    database.execute_answer = SLUICE_QUEUED;
    database.ping_answer = SLUICE_OK;
    bench.run_after(longest);
    EXPECT_EQ(bench.called(), (Texts{"a1", "b1"})) << "at the first attempt still";
    EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "b1 acked"}));
    EXPECT_NE(bench.log.text().find("responds again after"), std::string::npos);
}

TEST(WorkerCircuit, TriesAUnitWhereItCannotAsk) {
    FakeDatabase database;
    database.execute_answer = SLUICE_UNAVAILABLE;
    WorkerBench bench(write_id, WorkerBench::quick(), {&database});
    bench.push("a1 b1");
    for (int i = 0; i < 10; ++i) bench.run_after(longest);
    EXPECT_EQ(bench.called(), Texts(10, "a1")) << "b1 is not begun, and no attempt counted";
    database.execute_answer = SLUICE_QUEUED;
    bench.run_after(longest / 4 * 3 - milliseconds(1));
    EXPECT_EQ(bench.called(), Texts{}) << "the wait has grown";
    bench.run_after(longest);
    EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "b1 acked"}));
    EXPECT_TRUE(database.database.circuit->closed());
}

TEST(WorkerCircuit, OpensForACommitThatFailsToo) {
    FakeDatabase database;
    database.can_be_asked();
    database.hold();
    WorkerBench bench(write_id, WorkerBench::quick(), {&database});
    bench.push("a1");
    bench.run();
    database.answer(SLUICE_UNAVAILABLE);
    bench.run();
    EXPECT_FALSE(database.database.circuit->closed());
    bench.run_after(longest);
    database.answer();
    bench.run();
    EXPECT_EQ(bench.ended(), Texts{"a1 acked"});
    EXPECT_EQ(bench.called(), (Texts{"a1", "a1"}));
}

TEST(WorkerCircuit, GoesOnAtOnceWhenAnotherWorkerFindsTheDatabaseBack) {
    FakeDatabase database;
    database.can_be_asked();
    database.execute_answer = SLUICE_UNAVAILABLE;
    WorkerBench bench(write_id, WorkerBench::quick(), {&database});
    bench.push("a1");
    bench.run();
    database.execute_answer = SLUICE_QUEUED;
    bench.clock.advance(longest);
    Circuit& circuit = *database.database.circuit;
    ASSERT_EQ(circuit.turn(true), Circuit::Turn::ask) << "the other worker";
    bench.run();
    EXPECT_FALSE(bench.worker->has_news());
    circuit.asked(true, "");
    EXPECT_TRUE(bench.worker->has_news());
    bench.run();
    EXPECT_EQ(bench.ended(), Texts{"a1 acked"});
    EXPECT_EQ(database.asked, 0);
}

TEST(WorkerCircuit, KeepsPausingForTheSecondDatabaseWhenTheFirstIsBack) {
    FakeDatabase first("first"), second("second");
    first.can_be_asked();
    second.can_be_asked();
    second.ping_answer = SLUICE_UNAVAILABLE;
    WorkerBench bench([](const Handled& call) { return call.write({}, "first") == SLUICE_QUEUED ? SLUICE_DONE : SLUICE_RETRY; },
                      WorkerBench::quick(), {&first, &second});
    first.execute_answer = SLUICE_UNAVAILABLE;
    bench.push("a1");
    bench.run();
    second.database.circuit->away("away as well");
    first.execute_answer = SLUICE_QUEUED;
    bench.run_after(longest);
    EXPECT_TRUE(first.database.circuit->closed());
    EXPECT_EQ(bench.ended(), Texts{});
    second.ping_answer = SLUICE_OK;
    bench.run_after(longest);
    EXPECT_EQ(bench.ended(), Texts{"a1 acked"});
}

TEST(WorkerCircuit, GivesBackWhatWaitsAtAStop) {
    FakeDatabase database;
    database.can_be_asked();
    database.execute_answer = SLUICE_UNAVAILABLE;
    WorkerBench bench(write_id, WorkerBench::quick(), {&database});
    bench.push("a1 b1");
    bench.run();
    bench.worker->stop(StopMode::finish_current);
    bench.run();
    EXPECT_EQ(bench.ended(), (Texts{"a1 released", "b1 released"}));
}

// ---- permanently -----------------------------------------------------------------------------------------------------------

class ForGood : public testing::TestWithParam<sluice_status> {
protected:
    void expect_the_end(FakeDatabase& database) {
        WorkerBench bench(write_id, WorkerBench::quick(), {&database});
        bench.push("a1 a2");
        expect_the_end(bench, database);
    }
    // Nothing runs again, and a stop of either kind gives everything back.
    void expect_the_end(WorkerBench& bench, FakeDatabase& database) {
        bench.run();
        bench.called();
        EXPECT_TRUE(database.database.circuit->failed_for_good());
        for (int i = 0; i < 3; ++i) bench.run_after(longest);
        EXPECT_EQ(bench.called(), Texts{}) << "not tried again";
        EXPECT_EQ(bench.ended(), Texts{});
        bench.worker->stop(StopMode::drain);
        bench.run();
        EXPECT_EQ(bench.ended(), (Texts{"a1 released", "a2 released"}));
    }
};

TEST_P(ForGood, InAUnitsBegin) {
    FakeDatabase database;
    database.begin_answer = GetParam();
    expect_the_end(database);
}

TEST_P(ForGood, InARecord) {
    FakeDatabase database("db", true);
    database.record_answer = GetParam();
    expect_the_end(database);
}

INSTANTIATE_TEST_SUITE_P(OfABegin, ForGood, testing::Values(SLUICE_FAILED, SLUICE_CORRUPT, SLUICE_INVALID));

using ForGoodLater = ForGood;

TEST_P(ForGoodLater, InAWrite) {
    FakeDatabase database;
    database.execute_answer = GetParam();
    expect_the_end(database);
}

TEST_P(ForGoodLater, InACommit) {
    FakeDatabase database;
    database.hold();
    WorkerBench bench(write_id, WorkerBench::quick(), {&database});
    bench.push("a1 a2");
    bench.run();
    database.answer(GetParam());
    expect_the_end(bench, database);
    EXPECT_EQ(database.durable(), Texts{});
}

TEST_P(ForGoodLater, InTheAnswerToOneMessage) {
    FakeDatabase database;
    database.hold();
    WorkerBench bench(write_id, WorkerBench::batches_of(1), {&database});
    bench.push("a1 a2");
    bench.run();
    database.answer(SLUICE_OK, {{"a1", GetParam()}});
    database.answer(SLUICE_CONFLICT);
    expect_the_end(bench, database);
}

INSTANTIATE_TEST_SUITE_P(OfAUnit, ForGoodLater, testing::Values(SLUICE_FAILED, SLUICE_CORRUPT));

TEST(ForGoodAsked, EndsAPauseThatHadBegunAsAnAbsence) {
    FakeDatabase database;
    database.can_be_asked();
    database.execute_answer = SLUICE_UNAVAILABLE;
    database.ping_answer = SLUICE_FAILED;
    WorkerBench bench(write_id, WorkerBench::quick(), {&database});
    bench.push("a1");
    bench.run();
    bench.run_after(longest);
    EXPECT_TRUE(database.database.circuit->failed_for_good());
}

}  // namespace
}  // namespace sluice
