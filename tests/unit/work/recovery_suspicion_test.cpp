// A message that loses its database again and again, although the database responds when asked.
#include "work/worker_bench.hpp"

namespace sluice {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest_pause{5'000};

class WorkerSuspicion : public testing::Test {
protected:
    WorkerSuspicion() { database.can_be_asked(); }
    // Every unit that has written `killer` loses the connection when it commits.
    void run(std::string_view killer, int rounds = 60) {
        database.kills = killer;
        for (int i = 0; i < rounds && !bench.messages.empty(); ++i) {
            bench.run_after(longest_pause);
            const Texts some = bench.ended();
            all.insert(all.end(), some.begin(), some.end());
        }
    }
    FakeDatabase database;
    WorkerBench bench{write_id, WorkerBench::quick(), {&database}};
    Texts all;
};

TEST_F(WorkerSuspicion, FindsTheMessageThatLosesItsCommitAndHarmsNoOther) {
    bench.push("a1 b1 c1 a2 b2 c2");
    run("b1");
    EXPECT_EQ(all, (Texts{"a1 acked", "c1 acked", "a2 acked", "c2 acked", "b1 dead letter", "b2 acked"}));
    EXPECT_EQ(database.durable(), (Texts{"a1", "c1", "a2", "c2", "b2"}));
    EXPECT_NE(bench.log.text().find("runs its messages one by one"), std::string::npos);
}

TEST_F(WorkerSuspicion, TellsInTheDeadLetterWhatHappened) {
    bench.push("b1");
    run("b1");
    EXPECT_EQ(all, Texts{"b1 dead letter"});
    EXPECT_NE(bench.error.find("even alone, the database is lost"), std::string::npos) << bench.error;
    EXPECT_NE(bench.error.find("the commit failed"), std::string::npos) << bench.error;
    const Texts called = bench.called();
    EXPECT_EQ(std::count(called.begin(), called.end(), "b1#2"), 1) << "each attempt is one loss more";
    EXPECT_EQ(called.back(), "b1#3");
}

TEST_F(WorkerSuspicion, FindsAMessageWhoseWriteLosesTheDatabase) {
    WorkerBench other(
        [&](const Handled& call) {
            database.execute_answer = call.id() == "b1" ? SLUICE_UNAVAILABLE : SLUICE_QUEUED;
            return write_id(call);
        },
        WorkerBench::quick(), {&database});
    other.push("a1 b1 b2 c1");
    Texts ended;
    for (int i = 0; i < 60 && !other.messages.empty(); ++i) {
        other.run_after(longest_pause);
        const Texts some = other.ended();
        ended.insert(ended.end(), some.begin(), some.end());
    }
    EXPECT_EQ(ended, (Texts{"a1 acked", "c1 acked", "b1 dead letter", "b2 acked"}));
}

TEST_F(WorkerSuspicion, IsNotRaisedByAnOutageHoweverLong) {
    database.hold();
    bench.push("a1 b1");
    bench.run();
    for (int outage = 0; outage < 10; ++outage) {
        ASSERT_EQ(database.submitted(), 1u);
        database.answer(SLUICE_UNAVAILABLE);
        database.ping_answer = SLUICE_UNAVAILABLE;
        bench.run();
        for (int i = 0; i < 3; ++i) bench.run_after(longest_pause);
        database.ping_answer = SLUICE_OK;
        bench.run_after(longest_pause);
    }
    database.answer();
    bench.run();
    EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "b1 acked"}));
    EXPECT_EQ(bench.called().back(), "b1") << "in one batch to the end, at the first attempt";
}

TEST_F(WorkerSuspicion, IsForgottenWhenAUnitWorksInBetween) {
    database.hold();
    for (int round = 0; round < 5; ++round) {
        bench.push("a1 b1");
        bench.run();
        for (int loss = 0; loss < 2; ++loss) {
            database.answer(SLUICE_UNAVAILABLE);
            bench.run();
            bench.run_after(longest_pause);
        }
        database.answer();
        bench.run();
        EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "b1 acked"}));
    }
    EXPECT_EQ(bench.log.text().find("one by one"), std::string::npos);
}

TEST(WorkerSuspicionWithoutPing, IsNeverRaised) {
    FakeDatabase database;
    database.kills = "a1";
    WorkerBench bench(write_id, WorkerBench::quick(), {&database});
    bench.push("a1");
    for (int i = 0; i < 50; ++i) bench.run_after(longest_pause);
    EXPECT_EQ(bench.ended(), Texts{}) << "nobody can tell it from an outage";
    EXPECT_EQ(bench.called().back(), "a1");
}

}  // namespace
}  // namespace sluice
