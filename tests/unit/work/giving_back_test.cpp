// A worker that is asked for what it has, as by a reload.
#include "work/giving_back.hpp"

#include "work/deferring_bench.hpp"
#include "work/failing.hpp"

namespace sluice {
namespace {

TEST(GivingBackTest, ReleasesAllThatIsNotBegunEachKeyInOrderAndThenKeepsOn) {
    WorkerBench bench(Failing{{{"a1", 9}}}, slow_retries());
    bench.push("a1 b1");
    bench.run();
    EXPECT_EQ(bench.ended(), Texts{"b1 acked"});
    bench.push("a2 c1");
    bench.worker->ask_back();
    bench.run();
    EXPECT_EQ(bench.ended(), (Texts{"a1 released", "a2 released", "c1 released"}));
    EXPECT_TRUE(bench.worker->keep_on());
    bench.push("d1");
    bench.run();
    EXPECT_EQ(bench.ended(), Texts{"d1 acked"});
}

TEST(GivingBackTest, KeepsAllWhereItIsToWorkOnBeforeItHasBegunToGiveBack) {
    WorkerBench bench([](const Handled&) { return SLUICE_DONE; });
    bench.push("a1");
    bench.worker->ask_back();
    EXPECT_TRUE(bench.worker->keep_on());
    EXPECT_TRUE(bench.worker->keep_on()) << "it works on already";
    bench.run();
    EXPECT_EQ(bench.ended(), Texts{"a1 acked"});
}

TEST(GivingBackTest, WaitsForTheUnitsUnderWayWhichAreOlder) {
    FakeDatabase database;
    database.hold();
    WorkerBench bench(write_id, WorkerBench::batches_of(1), {&database});
    bench.push("a1");
    bench.run();
    bench.push("a2");
    bench.worker->ask_back();
    bench.run();
    EXPECT_EQ(bench.ended(), Texts{});
    database.answer();
    bench.run();
    EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "a2 released"}));
}

TEST(GivingBackTest, FinishesTheMessageInWorkAndNoOtherOfItsBatch) {
    Worker* worker = nullptr;
    WorkerBench bench([&](const Handled&) {
        worker->ask_back();
        return SLUICE_DONE;
    });
    bench.start();
    worker = bench.worker.get();
    bench.push("a1 b1 a2");
    bench.run();
    EXPECT_EQ(bench.called(), Texts{"a1"});
    EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "b1 released", "a2 released"}));
}

TEST(GivingBackTest, EndsNoPauseOfAWorkerThatKeepsWhatItHas) {
    FakeDatabase database;
    database.execute_answer = SLUICE_CONFLICT;
    WorkerBench bench(write_id, WorkerBench::quick(), {&database});
    bench.push("a1");
    bench.run();
    EXPECT_EQ(bench.called(), Texts{"a1"});
    bench.worker->ask_back();
    EXPECT_TRUE(bench.worker->keep_on());
    bench.run();
    EXPECT_EQ(bench.called(), Texts{}) << "it still pauses";
}

}  // namespace
}  // namespace sluice
