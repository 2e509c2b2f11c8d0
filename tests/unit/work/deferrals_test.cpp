// Messages that a handler defers, and ends later from anywhere.
#include "work/deferring_bench.hpp"

namespace sluice {
namespace {

using std::chrono::milliseconds;

TEST_F(WorkerDeferred, WaitForTheirEndWithTheirKeyWhileAllOthersGoOn) {
    make();
    bench->push("a1 a2 b1 -1");
    bench->run();
    bench->push("a3 b2");
    bench->run();
    EXPECT_EQ(bench->called(), (Texts{"a1", "b1", "-1", "b2"}));
    EXPECT_EQ(bench->ended(), (Texts{"b1 acked", "-1 acked", "b2 acked"}));
    EXPECT_EQ(bench->worker->deferred(), 1u);
    EXPECT_EQ(complete("a1", SLUICE_DONE), SLUICE_OK);
    bench->run();
    EXPECT_EQ(bench->called(), Texts{"a2"});
    EXPECT_EQ(bench->ended(), Texts{"a1 acked"});
    EXPECT_EQ(complete("a2", SLUICE_SKIP), SLUICE_OK);
    bench->run();
    EXPECT_EQ(complete("a3", SLUICE_REJECT, "no such order"), SLUICE_OK);
    bench->run();
    EXPECT_EQ(bench->ended(), (Texts{"a2 skipped", "a3 dead letter"}));
    EXPECT_EQ(bench->error, "no such order");
    EXPECT_EQ(bench->worker->deferred(), 0u);
    bench->push("a4");
    bench->run();
    EXPECT_EQ(bench->called(), (Texts{"a3", "a4"})) << "its key is free again";
}

TEST_F(WorkerDeferred, AreTriedAgainBeforeTheirFollowersAfterARetry) {
    make();
    bench->push("a1 a2");
    bench->run();
    EXPECT_EQ(complete("a1", SLUICE_RETRY, "not yet"), SLUICE_OK);
    bench->run();
    EXPECT_EQ(bench->called(), (Texts{"a1", "a1#2", "a2"}));
    EXPECT_EQ(bench->ended(), Texts{"a1 acked"});
    EXPECT_EQ(bench->worker->counts().retried, 1u);
}

TEST_F(WorkerDeferred, BecomeADeadLetterWhenTheirAttemptsAreUsedUp) {
    WorkPolicy policy = WorkerBench::quick();
    policy.attempts = 1;
    make(policy);
    bench->push("a1 a2");
    bench->run();
    EXPECT_EQ(complete("a1", SLUICE_RETRY, "the printer is out of paper"), SLUICE_OK);
    bench->run();
    EXPECT_EQ(bench->ended(), Texts{"a1 dead letter"});
    EXPECT_EQ(bench->error, "the printer is out of paper");
    EXPECT_EQ(bench->called(), (Texts{"a1", "a2"}));
}

TEST_F(WorkerDeferred, MayBeEndedBeforeTheHandlerHasSaidSo) {
    make();
    on_handle = [&](const Handled& call) {
        EXPECT_EQ(complete(call.ticket, SLUICE_SKIP), SLUICE_OK);
        EXPECT_EQ(complete(call.ticket, SLUICE_DONE), SLUICE_STALE) << "twice";
    };
    bench->push("a1 a2 b1");
    bench->run();
    EXPECT_EQ(bench->ended(), (Texts{"b1 acked", "a1 skipped", "a2 skipped"})) << "b1 did not defer: its end is of no use";
}

TEST_F(WorkerDeferred, AnswerStaleToEveryTicketThatIsNotOut) {
    make();
    bench->push("a1");
    bench->run();
    const sluice_ticket ticket = tickets.at("a1");
    EXPECT_EQ(complete(sluice_ticket{0}, SLUICE_DONE), SLUICE_STALE);
    EXPECT_EQ(complete(ticket + 1, SLUICE_DONE), SLUICE_STALE);
    EXPECT_EQ(complete(ticket ^ (std::uint64_t{1} << 49), SLUICE_DONE), SLUICE_STALE) << "the same of another worker";
    EXPECT_EQ(complete(ticket, SLUICE_DEFER), SLUICE_INVALID);
    EXPECT_EQ(host_api().cancelled(bench->host.get(), ticket), 0u);
    EXPECT_EQ(complete(ticket, SLUICE_DONE), SLUICE_OK);
    EXPECT_EQ(complete(ticket, SLUICE_DONE), SLUICE_STALE) << "not even before the worker has looked";
    bench->run();
    EXPECT_EQ(complete(ticket, SLUICE_DONE), SLUICE_STALE);
    EXPECT_EQ(resume("a1", 1), SLUICE_STALE);
    EXPECT_EQ(host_api().cancelled(bench->host.get(), ticket), 1u) << "whoever works on it may give up";
    EXPECT_EQ(bench->ended(), Texts{"a1 acked"});

    bench->push("a2");
    bench->run();
    bench->host->stop();
    EXPECT_EQ(complete("a2", SLUICE_DONE), SLUICE_STALE) << "the host has stopped the pool";
}

TEST_F(WorkerDeferred, AreTriedAgainWhenTheirTimeIsOverAndNobodyCanBeAsked) {
    WorkPolicy policy = WorkerBench::quick();
    policy.timeout_ms = 100;
    make(policy);
    bench->push("a1 a2");
    bench->run();
    bench->run_after(milliseconds(99));
    EXPECT_EQ(bench->worker->deferred(), 1u);
    bench->run_after(milliseconds(1));
    EXPECT_EQ(bench->called(), (Texts{"a1", "a1#2", "a2"}));
    EXPECT_EQ(complete("a1", SLUICE_DONE), SLUICE_STALE);
    EXPECT_EQ(bench->ended(), Texts{"a1 acked"});
}

// Somebody may still read the message: its memory must not go to another one.
TEST_F(WorkerDeferred, StayUntilTheyAreEndedIfTheirHandlerCannotBeAskedAndMayKeepViews) {
    WorkPolicy policy = WorkerBench::quick();
    policy.timeout_ms = 100;
    make(policy, {}, false, true);
    bench->push("a1 a2");
    bench->run();
    EXPECT_NE(bench->log.text().find("has no `cancel`, and does not say that it keeps no views"), std::string::npos);
    for (int i = 0; i < 3; ++i) bench->run_after(milliseconds(1'000));
    EXPECT_EQ(bench->worker->deferred(), 1u);
    EXPECT_EQ(host_api().cancelled(bench->host.get(), tickets.at("a1")), 1u) << "it can see that its time is over";
    bench->host->cancel();
    bench->run();
    EXPECT_EQ(bench->ended(), Texts{}) << "not even when the host is about to leave";
    EXPECT_EQ(complete("a1", SLUICE_SKIP), SLUICE_OK);
    bench->run();
    EXPECT_EQ(bench->ended(), Texts{"a1 skipped"});
}

TEST_F(WorkerDeferred, AreAskedForOnceWhenTheirTimeIsOverAndMayBeEndedThen) {
    make(WorkerBench::quick(), {}, true);
    bench->push("a1");
    bench->run();
    bench->run_after(milliseconds(limits::deferred_ms));
    bench->run_after(milliseconds(Deferred::grace_ms - 1));
    EXPECT_EQ(cancelled, std::vector<sluice_ticket>{tickets.at("a1")});
    EXPECT_EQ(bench->worker->deferred(), 1u);
    EXPECT_EQ(host_api().cancelled(bench->host.get(), tickets.at("a1")), 1u);
    EXPECT_EQ(complete("a1", SLUICE_DONE), SLUICE_OK);
    bench->run();
    EXPECT_EQ(bench->ended(), Texts{"a1 acked"});
}

TEST_F(WorkerDeferred, AreTriedAgainWhenTheirHandlerStaysSilentAfterItWasAsked) {
    WorkPolicy policy = WorkerBench::quick();
    policy.timeout_ms = 100;
    make(policy, {}, true);
    bench->push("a1 a2");
    bench->run();
    bench->run_after(milliseconds(100));
    EXPECT_EQ(bench->worker->deferred(), 1u);
    bench->run_after(milliseconds(99));
    EXPECT_EQ(bench->called(), Texts{"a1"}) << "it may still end it";
    bench->run_after(milliseconds(1));
    EXPECT_EQ(cancelled, std::vector<sluice_ticket>{tickets.at("a1")}) << "once";
    EXPECT_EQ(bench->called(), (Texts{"a1#2", "a2"})) << "its key is free again";
    EXPECT_EQ(complete("a1", SLUICE_DONE), SLUICE_STALE);
    EXPECT_EQ(bench->ended(), Texts{"a1 acked"});
}

TEST_F(WorkerDeferred, BecomeDeadLettersWhenTheirHandlerStaysSilentAtEachAttempt) {
    WorkPolicy policy = WorkerBench::quick();
    policy.timeout_ms = 100;
    policy.attempts = 1;
    make(policy, {}, true);
    bench->push("a1 b1");
    bench->run();
    bench->run_after(milliseconds(100));
    bench->run_after(milliseconds(100));
    EXPECT_EQ(bench->ended(), (Texts{"b1 acked", "a1 dead letter"}));
    EXPECT_NE(bench->error.find("nor when its handler was asked to"), std::string::npos) << bench->error;
}

TEST_F(WorkerDeferred, AreBoundedAndTriedLaterBeyondThatWithoutABurntAttempt) {
    WorkPolicy policy = WorkerBench::quick();
    policy.keep_order = false;
    policy.queue_capacity = limits::deferred_max + 10;
    make(policy);
    std::string ids;
    for (std::uint32_t i = 0; i <= limits::deferred_max; ++i) ids += (i == 0 ? "a" : " a") + std::to_string(i);
    bench->push(ids);
    bench->run();
    EXPECT_EQ(bench->worker->deferred(), limits::deferred_max);
    EXPECT_EQ(bench->worker->parked(), 1u);
    EXPECT_NE(bench->log.text().find("are deferred already"), std::string::npos);
    EXPECT_EQ(complete("a0", SLUICE_DONE), SLUICE_OK);
    bench->called();
    bench->run_after(milliseconds(1'000));
    EXPECT_EQ(bench->called(), Texts{"a" + std::to_string(limits::deferred_max)}) << "still its first attempt";
    EXPECT_EQ(bench->worker->deferred(), limits::deferred_max);
}

}  // namespace
}  // namespace sluice
