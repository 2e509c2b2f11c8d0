// Deferred messages and units of work: what takes effect when one is resumed, and what becomes of it when a unit fails.
#include "work/deferring_bench.hpp"

namespace sluice {
namespace {

TEST_F(WorkerDeferred, MakeNoEffectsUntilTheyAreResumedInAUnitOfTheirOwn) {
    make(WorkerBench::quick(), {&database});
    on_handle = [](const Handled& call) { EXPECT_EQ(call.write(), SLUICE_QUEUED); };
    on_resume = [&](const Handled& call) {
        EXPECT_NE(call.ticket, tickets.at("a1"));
        EXPECT_EQ(call.write("resumed " + call.id()), SLUICE_QUEUED);
        return SLUICE_DONE;
    };
    bench->push("a1 b1 a2");
    bench->run();
    EXPECT_EQ(database.durable(), Texts{"b1"});
    EXPECT_EQ(resume("a1", 77), SLUICE_OK);
    bench->run();
    EXPECT_EQ(resumed, Texts{"a1 77"});
    EXPECT_EQ(database.durable(), (Texts{"b1", "resumed a1"}));
    EXPECT_EQ(bench->ended(), (Texts{"b1 acked", "a1 acked"}));
    EXPECT_EQ(bench->called(), (Texts{"a1", "b1", "a2"}));
}

TEST_F(WorkerDeferred, MayBeDeferredAgainWhenResumedOrFail) {
    make();
    int times = 0;
    on_resume = [&](const Handled& call) {
        tickets[call.id()] = call.ticket;
        return ++times == 1 ? SLUICE_DEFER : call.say(SLUICE_RETRY, "no");
    };
    bench->push("a1 a2");
    bench->run();
    EXPECT_EQ(resume("a1", 1), SLUICE_OK);
    bench->run();
    EXPECT_EQ(bench->worker->deferred(), 1u);
    EXPECT_EQ(resume("a1", 2), SLUICE_OK);
    bench->run();
    EXPECT_EQ(resumed, (Texts{"a1 1", "a1 2"}));
    EXPECT_EQ(bench->called(), (Texts{"a1", "a1#2", "a2"})) << "a retry begins from the start";
    EXPECT_EQ(bench->ended(), Texts{"a1 acked"});
}

TEST_F(WorkerDeferred, AreResumedAgainIfTheirUnitFails) {
    make(WorkerBench::quick(), {&database});
    on_resume = [](const Handled& call) {
        call.write();
        return SLUICE_DONE;
    };
    bench->push("a1 a2");
    bench->run();
    database.hold();
    EXPECT_EQ(resume("a1", 5), SLUICE_OK);
    bench->run();
    database.answer(SLUICE_CONFLICT);
    answer_all();
    EXPECT_EQ(resumed, (Texts{"a1 5", "a1 5"}));
    EXPECT_EQ(bench->ended(), Texts{"a1 acked"});
}

TEST_F(WorkerDeferred, RunAgainWithAllOthersIfAUnitBeforeTheirsFails) {
    database.hold();
    make(WorkerBench::batches_of(1), {&database}, true);
    on_handle = [](const Handled& call) { call.write(); };
    bench->push("b1 a1 a2");
    bench->run();
    const sluice_ticket first = tickets.at("a1");
    database.answer(SLUICE_CONFLICT);
    answer_all();
    EXPECT_EQ(complete(first, SLUICE_DONE), SLUICE_STALE);
    EXPECT_NE(tickets.at("a1"), first);
    EXPECT_EQ(cancelled, std::vector<sluice_ticket>{first})
        << "whoever works on it is told that the result is no longer wanted";
    EXPECT_EQ(complete("a1", SLUICE_DONE), SLUICE_OK);
    bench->run();
    EXPECT_EQ(bench->ended(), (Texts{"b1 acked", "a1 acked"}));
}

}  // namespace
}  // namespace sluice
