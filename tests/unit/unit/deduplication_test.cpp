// Messages that are recorded with their effects, and recognised when they come again.
#include "work/worker_bench.hpp"

namespace sluice {
namespace {

using std::chrono::milliseconds;

TEST(DeduplicationTest, RunsNoHandlerForAMessageThatWasSeen) {
    FakeDatabase database("db", true);
    WorkerBench bench(write_id, WorkerBench::quick(), {&database});
    bench.push("a1");
    bench.run();
    bench.push("a1 a2");
    bench.run();
    EXPECT_EQ(bench.called(), (Texts{"a1", "a2"}));
    EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "a1 acked", "a2 acked"}));
    EXPECT_EQ(database.durable(), (Texts{"a1", "a2"}));
}

TEST(DeduplicationTest, ForgetsTheRecordOfAMessageThatComesAgain) {
    FakeDatabase database("db", true);
    WorkPolicy policy = WorkerBench::quick();
    policy.backoff_ms = policy.backoff_max_ms = 1'000;
    WorkerBench bench([](const Handled& call) { return call.message.attempt == 1 ? SLUICE_RETRY : write_id(call); }, policy,
                      {&database});
    bench.push("a1");
    bench.run();
    EXPECT_FALSE(database.knows("a1"));
    bench.run_after(milliseconds(1'000));
    EXPECT_EQ(bench.ended(), Texts{"a1 acked"});
    EXPECT_TRUE(database.knows("a1"));
}

TEST(DeduplicationTest, WaitsWhileTheDatabaseCannotSayWhetherAMessageWasSeen) {
    FakeDatabase database("db", true);
    database.record_answer = SLUICE_UNAVAILABLE;
    WorkerBench bench(write_id, WorkerBench::quick(), {&database});
    bench.push("a1");
    bench.run();
    EXPECT_EQ(bench.called(), Texts{});
    database.record_answer = SLUICE_OK;
    bench.run_after(milliseconds(1'000));
    EXPECT_EQ(bench.ended(), Texts{"a1 acked"});
}

TEST(DeduplicationTest, RecordsAlsoTheMessageThatFirstAskedForTheDatabase) {
    FakeDatabase database("db", true);
    WorkerBench bench(write_id, WorkerBench::quick(), {&database}, {}, false);
    bench.push("a1 a2");
    bench.run();
    EXPECT_EQ(database.connected, 1);
    EXPECT_EQ(database.durable(), Texts{});
    bench.run_after(milliseconds(1'000));
    EXPECT_EQ(bench.called(), (Texts{"a1", "a1", "a2"})) << "again from the start, which does not count as an attempt";
    EXPECT_TRUE(database.knows("a1"));
    EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "a2 acked"}));
}

TEST(DeduplicationTest, TriesAgainToConnectADatabaseThatIsAskedForLate) {
    FakeDatabase database;
    database.connect_answer = SLUICE_UNAVAILABLE;
    WorkerBench bench(write_id, WorkerBench::quick(), {&database}, {}, false);
    bench.push("a1");
    bench.run();
    database.connect_answer = SLUICE_OK;
    bench.run_after(milliseconds(1'000));
    EXPECT_EQ(bench.called(), (Texts{"a1", "a1"}));
    EXPECT_EQ(bench.ended(), Texts{"a1 acked"});
}

// ---- commits of which nobody knows whether they happened -------------------------------------------------------------------

class WorkerUnknown : public testing::Test {
protected:
    // Their unit is with the database, whose answer the test decides.
    void submit(std::string_view ids) {
        database.hold();
        bench.push(ids);
        bench.run();
    }
    FakeDatabase database{"db", true};
    WorkerBench bench{write_id, WorkerBench::quick(), {&database}};
};

TEST_F(WorkerUnknown, RunsAUnitAgainThatDidNotHappen) {
    submit("a1 b1");
    database.answer(SLUICE_UNKNOWN);
    bench.run();
    EXPECT_EQ(bench.ended(), Texts{});
    bench.run_after(milliseconds(5'000));
    database.answer();
    bench.run();
    EXPECT_EQ(bench.called(), (Texts{"a1", "b1", "a1", "b1"})) << "none of it counts as an attempt";
    EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "b1 acked"}));
    EXPECT_EQ(database.durable(), (Texts{"a1", "b1"}));
}

TEST_F(WorkerUnknown, FindsOutByTheRecordsThatAUnitDidHappen) {
    database.commits_unknown = true;
    submit("a1 b1");
    database.answer(SLUICE_UNKNOWN);
    bench.run();
    EXPECT_EQ(bench.ended(), Texts{});
    bench.run_after(milliseconds(5'000));
    while (database.submitted() != 0) database.answer();
    bench.run();
    EXPECT_EQ(bench.called(), (Texts{"a1", "b1"})) << "not handled again";
    EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "b1 acked"}));
    EXPECT_EQ(database.durable(), (Texts{"a1", "b1"})) << "once in effect";
}

TEST_F(WorkerUnknown, OfOneMessageRunsThatOneAgain) {
    submit("a1 b1");
    database.answer(SLUICE_OK, {{"b1", SLUICE_UNKNOWN}});
    bench.run();
    EXPECT_EQ(bench.ended(), Texts{"a1 acked"});
    bench.run_after(milliseconds(5'000));
    while (database.submitted() != 0) database.answer();
    bench.run();
    EXPECT_EQ(bench.ended(), Texts{"b1 acked"});
    EXPECT_EQ(bench.called(), (Texts{"a1", "b1", "b1"}));
}

TEST_F(WorkerUnknown, IsNeverADeadLetterHoweverOftenItComes) {
    submit("a1");
    for (int i = 0; i < 50; ++i) {
        database.answer(SLUICE_UNKNOWN);
        bench.run();
        bench.run_after(milliseconds(5'000));
        ASSERT_EQ(bench.ended(), Texts{});
    }
    database.answer();
    bench.run();
    EXPECT_EQ(bench.ended(), Texts{"a1 acked"});
    EXPECT_EQ(bench.called().back(), "a1") << "at its first attempt";
}

}  // namespace
}  // namespace sluice
