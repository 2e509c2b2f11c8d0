// What one worker does with the verdicts of its handler.
#include "work/worker.hpp"

#include <stdexcept>

#include "temporary_folder.hpp"
#include "work/failing.hpp"
#include "work/worker_bench.hpp"

namespace sluice {
namespace {

using std::chrono::milliseconds;

sluice_verdict done(const Handled&) {
    return SLUICE_DONE;
}

TEST(Worker, HandlesInOrderAndReportsInOrder) {
    WorkerBench bench(done);
    bench.push("a1 b1 a2 -1");
    bench.run();
    EXPECT_EQ(bench.called(), (Texts{"a1", "b1", "a2", "-1"}));
    EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "b1 acked", "a2 acked", "-1 acked"}));
    EXPECT_EQ(bench.worker->counts().done, 4u);
}

TEST(Worker, RetriesAMessageBeforeThoseOfItsKeyThatFollowAndLetsOtherKeysGoOn) {
    WorkerBench bench(Failing{{{"a1", 1}}}, slow_retries());
    bench.push("a1 a2 b1 a3");
    bench.run();
    EXPECT_EQ(bench.called(), (Texts{"a1", "b1"})) << "a2 and a3 are not run in the batch";
    EXPECT_EQ(bench.worker->parked(), 3u);
    bench.push("a4 c1");
    bench.run();
    EXPECT_EQ(bench.called(), Texts{"c1"});
    bench.run_after(milliseconds(1'000));
    EXPECT_EQ(bench.called(), (Texts{"a1#2", "a2", "a3", "a4"}));
    EXPECT_EQ(bench.ended(), (Texts{"b1 acked", "c1 acked", "a1 acked", "a2 acked", "a3 acked", "a4 acked"}));
    EXPECT_EQ(bench.worker->counts().retried, 1u);
}

TEST(Worker, RetriesAMessageWithoutAKeyAlone) {
    WorkerBench bench(Failing{{{"-1", 1}}}, slow_retries());
    bench.push("-1 -2");
    bench.run();
    EXPECT_EQ(bench.called(), (Texts{"-1", "-2"}));
    bench.run_after(milliseconds(1'000));
    EXPECT_EQ(bench.ended(), (Texts{"-2 acked", "-1 acked"}));
}

TEST(Worker, TellsASourceThatKeepsCountOfEachFailedAttemptAndNoOther) {
    for (const bool keeps : {true, false}) {
        WorkerBench bench(Failing{{{"a1", 2}}}, slow_retries());
        bench.keeps_attempts = keeps;
        bench.push("a1 a2 b1");
        bench.run();
        EXPECT_EQ(bench.ended(), Texts{"b1 acked"});
        const Texts first = bench.attempted();
        ASSERT_EQ(first.size(), keeps ? 1u : 0u);
        if (keeps) {
            EXPECT_EQ(first[0].substr(0, 10), "1#2 after ");
            EXPECT_EQ(bench.reasons, Texts{"not yet"}) << "in the words of the handler";
        }
        bench.run_after(milliseconds(1'000));
        bench.run_after(milliseconds(1'000));
        EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "a2 acked"}));
        EXPECT_EQ(bench.attempted().size(), keeps ? 1u : 0u);
    }
}

TEST(Worker, RetriesAMessageAloneWhereOrderIsNotKept) {
    WorkPolicy policy = slow_retries();
    policy.keep_order = false;
    WorkerBench bench(Failing{{{"a1", 1}}}, policy);
    bench.push("a1 a2 a3");
    bench.run();
    EXPECT_EQ(bench.called(), (Texts{"a1", "a2", "a3"}));
    bench.push("a4");
    bench.run();
    EXPECT_EQ(bench.worker->parked(), 1u);
    bench.run_after(milliseconds(1'000));
    EXPECT_EQ(bench.ended(), (Texts{"a2 acked", "a3 acked", "a4 acked", "a1 acked"}));
}

TEST(Worker, WaitsAsLongAsTheHandlerSays) {
    WorkerBench bench(
        [](const Handled& call) {
            call.fault->retry_delay_ms = 7'000;
            return call.message.attempt == 1 ? SLUICE_RETRY : SLUICE_DONE;
        },
        slow_retries());
    bench.push("a1");
    bench.run();
    bench.run_after(milliseconds(6'999));
    EXPECT_EQ(bench.called(), Texts{"a1"});
    bench.run_after(milliseconds(1));
    EXPECT_EQ(bench.called(), Texts{"a1#2"});
}

TEST(Worker, TriesAgainAtOnceWhereTheHandlerSaysSoAndNotWhereItSaysNothing) {
    for (const std::int64_t delay : {std::int64_t{SLUICE_AT_ONCE}, std::int64_t{0}}) {
        WorkerBench bench(
            [&](const Handled& call) {
                EXPECT_EQ(call.fault->retry_delay_ms, 0) << "as the host hands it over";
                call.fault->retry_delay_ms = delay;
                return call.message.attempt == 1 ? SLUICE_RETRY : SLUICE_DONE;
            },
            slow_retries());
        bench.push("a1");
        bench.run();
        EXPECT_EQ(bench.called(), delay == 0 ? Texts{"a1"} : (Texts{"a1", "a1#2"}));
    }
}

TEST(Worker, TakesAnEndlessDelayForAYear) {
    WorkerBench bench([](const Handled& call) {
        call.fault->retry_delay_ms = INT64_MAX;
        return call.message.attempt == 1 ? SLUICE_RETRY : SLUICE_DONE;
    });
    bench.push("a1");
    bench.run();
    bench.run_after(std::chrono::hours(24 * 364));
    EXPECT_EQ(bench.called(), Texts{"a1"});
    bench.run_after(std::chrono::hours(24));
    EXPECT_EQ(bench.called(), Texts{"a1#2"});
}

TEST(Worker, GivesAMessageUpWhenItsAttemptsAreUsedUp) {
    WorkerBench bench(Failing{{{"a1", 9}}});
    bench.push("a1 a2");
    bench.run();
    EXPECT_EQ(bench.called(), (Texts{"a1", "a1#2", "a1#3", "a2"}));
    EXPECT_EQ(bench.ended(), (Texts{"a1 dead letter", "a2 acked"}));
}

TEST(Worker, GivesAMessageUpAtOnceIfFailuresAreToBeSkipped) {
    WorkPolicy policy = WorkerBench::quick();
    policy.park = false;
    WorkerBench bench(Failing{{{"a1", 1}}}, policy);
    bench.push("a1 a2");
    bench.run();
    EXPECT_EQ(bench.called(), (Texts{"a1", "a2"}));
    EXPECT_EQ(bench.ended(), (Texts{"a1 dead letter", "a2 acked"}));
}

TEST(Worker, RejectsAndSkipsAsTheHandlerSays) {
    WorkerBench bench(
        [](const Handled& call) { return call.say(call.id() == "a1" ? SLUICE_SKIP : SLUICE_REJECT, "no order"); });
    bench.push("a1 a2");
    bench.run();
    EXPECT_EQ(bench.ended(), (Texts{"a1 skipped", "a2 dead letter"}));
    EXPECT_EQ(bench.error, "no order");
    EXPECT_EQ(bench.worker->counts().rejected, 1u);
    EXPECT_EQ(bench.worker->counts().skipped, 1u);
}

TEST(Worker, TakesAnExceptionForARetryWithItsTextAndForMisbehaviour) {
    WorkPolicy policy = WorkerBench::quick();
    policy.attempts = 1;
    WorkerBench bench([](const Handled&) -> sluice_verdict { throw std::runtime_error("out of cheese"); }, policy);
    bench.push("a1");
    bench.run();
    EXPECT_EQ(bench.ended(), Texts{"a1 dead letter"});
    EXPECT_EQ(bench.error, "an exception left the handler: out of cheese");
    EXPECT_EQ(bench.worker->counts().misbehaved, 1u);
}

TEST(Worker, TakesAnUnknownVerdictForARetryAndForMisbehaviour) {
    WorkerBench bench([](const Handled& call) { return call.message.attempt == 1 ? sluice_verdict{77} : SLUICE_DONE; });
    bench.push("a1");
    bench.run();
    EXPECT_EQ(bench.called(), (Texts{"a1", "a1#2"}));
    EXPECT_EQ(bench.worker->counts().misbehaved, 1u);
    EXPECT_NE(bench.log.text().find("unknown verdict 77"), std::string::npos);
}

TEST(Worker, TakesNoMoreThanABatchAtATime) {
    WorkPolicy policy = WorkerBench::batches_of(2);
    WorkerBench bench(done, policy);
    bench.push("a1 a2 a3");
    EXPECT_EQ(bench.worker->run(), Runnable::Next::again);
    EXPECT_EQ(bench.called(), (Texts{"a1", "a2"}));
    EXPECT_EQ(bench.worker->run(), Runnable::Next::idle);
    EXPECT_EQ(bench.called(), Texts{"a3"});
}

TEST(Worker, StopsTakingWhenAParkedKeyIsFullUntilItsRetry) {
    WorkPolicy policy = slow_retries();
    policy.park_limit = 2;
    WorkerBench bench(Failing{{{"a1", 1}}}, policy);
    bench.push("a1");
    bench.run();
    bench.push("a2 a3 b1");
    bench.run();
    EXPECT_EQ(bench.called(), Texts{"a1"}) << "a3 has no room, and b1 stands behind it";
    bench.run_after(milliseconds(1'000));
    EXPECT_EQ(bench.called(), (Texts{"a1#2", "a2", "a3", "b1"}));
}

TEST(Worker, GivesUpWhatAParkedKeyHasNoRoomForIfAskedTo) {
    WorkPolicy policy = slow_retries();
    policy.park_limit = 1;
    policy.park_full_dead_letters = true;
    WorkerBench bench(Failing{{{"a1", 1}}}, policy);
    bench.push("a1");
    bench.run();
    bench.push("a2 b1");
    bench.run();
    EXPECT_EQ(bench.ended(), (Texts{"a2 dead letter", "b1 acked"}));
    EXPECT_NE(bench.error, "its key") << "b1 ended last";
    bench.run_after(milliseconds(1'000));
    EXPECT_EQ(bench.ended(), Texts{"a1 acked"});
}

TEST(Worker, StopsTakingWhenAsMuchIsParkedAsItsQueueHolds) {
    WorkPolicy policy = slow_retries();
    policy.queue_capacity = policy.batch_max = 2;
    WorkerBench bench([](const Handled& call) { return call.message.attempt == 1 ? SLUICE_RETRY : SLUICE_DONE; }, policy);
    bench.push("a1 b1");
    bench.run();
    bench.push("c1");
    bench.run();
    EXPECT_EQ(bench.called(), (Texts{"a1", "b1"}));
    bench.run_after(milliseconds(1'000));
    bench.run_after(milliseconds(1'000));
    EXPECT_EQ(bench.ended().size(), 3u);
}

TEST(Worker, GivesBackWhatIsNotBegunAndFinishesTheRunningMessage) {
    WorkerBench* running = nullptr;
    WorkerBench bench([&](const Handled& call) {
        if (call.id() == "a2") running->worker->stop(StopMode::finish_current);
        return SLUICE_DONE;
    });
    running = &bench;
    bench.push("a1 a2 a3 b1");
    bench.run();
    EXPECT_EQ(bench.called(), (Texts{"a1", "a2"}));
    EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "a2 acked", "a3 released", "b1 released"}));
    bench.push("a4");
    bench.run();
    EXPECT_EQ(bench.ended(), Texts{"a4 released"}) << "what comes after the stop goes back too";
}

TEST(Worker, GivesBackEachKeyInTheOrderReceived) {
    WorkPolicy policy = slow_retries();
    policy.batch_max = 3;
    WorkerBench bench(Failing{{{"a1", 1}}}, policy);
    bench.push("a1 b1 a2 a3 b2");
    bench.worker->run();
    bench.worker->stop(StopMode::finish_current);
    bench.run();
    EXPECT_EQ(bench.ended(), (Texts{"b1 acked", "a1 released", "a2 released", "a3 released", "b2 released"}));
}

TEST(Worker, WorksOffWhatItHasWhenItDrains) {
    WorkerBench bench(Failing{{{"a1", 1}}}, slow_retries());
    bench.push("a1 a2");
    bench.run();
    bench.worker->stop(StopMode::drain);
    bench.run();
    EXPECT_EQ(bench.ended(), Texts{});
    bench.run_after(milliseconds(1'000));
    EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "a2 acked"}));
}

TEST(Worker, BurnsNoAttemptOfAMessageThatWasToldToGiveUp) {
    WorkPolicy policy = WorkerBench::quick();
    policy.attempts = 1;
    WorkerBench* running = nullptr;
    WorkerBench bench(
        [&](const Handled& call) {
            running->worker->stop(StopMode::finish_current);
            EXPECT_EQ(call.api.cancelled(call.host, call.ticket), 0u);
            running->host->cancel();
            EXPECT_EQ(call.api.cancelled(call.host, call.ticket), 1u);
            return SLUICE_RETRY;
        },
        policy);
    running = &bench;
    bench.push("a1");
    bench.run();
    EXPECT_EQ(bench.ended(), Texts{"a1 released"});
}

TEST(Worker, TellsASourceThatWaitsWhenItsQueueIsHalfEmpty) {
    WorkPolicy policy = WorkerBench::quick();
    policy.queue_capacity = 4;
    policy.batch_max = 1;
    WorkerBench bench(done, policy);
    bench.push("a1 a2 a3 a4");
    bench.worker->note_waiting_for_room();
    bench.worker->run();
    EXPECT_TRUE(bench.worker->awaited()) << "one slot is not worth a wake-up";
    bench.worker->run();
    EXPECT_FALSE(bench.worker->awaited());
}

TEST(Worker, GivesBackWhatWaitsBehindAHandlerThatDoesNotReturn) {
    WorkPolicy policy = slow_retries();
    policy.batch_max = 2;
    WorkerBench* at = nullptr;
    WorkerBench bench(
        [&](const Handled& call) {
            if (call.id() == "a1") return call.say(SLUICE_RETRY, "not yet");
            if (call.id() == "b1") at->worker->release_behind_handler();
            return SLUICE_DONE;
        },
        policy);
    at = &bench;
    bench.push("a1 a2");
    bench.run();
    bench.push("b1 c1 a3 d1 d2");
    bench.worker->run();
    EXPECT_EQ(bench.called(), (Texts{"a1", "b1", "c1"}));
    EXPECT_EQ(bench.ended(),
              (Texts{"a1 released", "a2 released", "a3 released", "d1 released", "d2 released", "b1 acked", "c1 acked"}))
        << "parked and queued, but not what is in the same batch";
    EXPECT_EQ(bench.worker->parked(), 0u);
    bench.push("a4");
    bench.run();
    EXPECT_EQ(bench.ended(), Texts{"a4 acked"}) << "nothing is left of the parked key";
}

TEST(Worker, GivesNothingBackBehindAHandlerThatIsNotRunning) {
    WorkerBench bench(done);
    bench.push("a1");
    bench.worker->release_behind_handler();
    bench.run();
    EXPECT_EQ(bench.ended(), Texts{"a1 acked"});
}

TEST(Worker, GivesASuspectAUnitOfItsOwn) {
    WorkerBench bench(done);
    bench.suspects = "b1";
    bench.push("a1 a2 b1 a3 b2");
    bench.run();
    EXPECT_EQ(bench.called(), (Texts{"a1", "a2", "b1", "a3", "b2"}));
    EXPECT_EQ(bench.worker->counts().units, 3u);
}

TEST(Worker, GivesASuspectUpThatHasEndedTheProcessTooOften) {
    WorkerBench bench(done);
    bench.start();
    TemporaryFolder folder;
    {
        Suspects before(folder.path / "suspects", bench.logging.logger("host"));
        ASSERT_TRUE(before.add({{"test", "a1"}, {"test", "b1"}}, 1));
        for (int i = 0; i < 2; ++i) ASSERT_TRUE(before.add({{"test", "a1"}}, 1));
    }
    Poison poison(folder.path, bench.logging.logger("host"));
    ASSERT_TRUE(poison.open(1, 1));
    bench.host->watch_for_poison(poison, poison.note("test", "p", "fake.so"));
    bench.suspects = "a1 b1";
    bench.push("a1 a2 b1");
    bench.run();
    EXPECT_EQ(bench.called(), (Texts{"a2", "b1"}));
    EXPECT_EQ(bench.ended(), (Texts{"a1 dead letter", "a2 acked", "b1 acked"}));
    poison.close();
    bench.stop();  // before what it notes in
}

TEST(Worker, NotesWhichMessageIsInTheHandler) {
    TemporaryFolder folder;
    std::string noted;
    WorkerBench bench([&](const Handled&) {
        for (const HandlerMarks::Marked& note : HandlerMarks::read(folder.path / "begun"))
            noted += note.source + ":" + note.id + " ";
        return SLUICE_DONE;
    });
    bench.start();
    Poison poison(folder.path, bench.logging.logger("host"));
    ASSERT_TRUE(poison.open(1, 1));
    bench.host->watch_for_poison(poison, poison.note("test", "p", "fake.so"));
    bench.push("a1 b1");
    bench.run();
    EXPECT_EQ(noted, "test:a1 test:b1 ");
    EXPECT_TRUE(HandlerMarks::read(folder.path / "begun").empty());
    bench.stop();  // before what it notes in
}

}  // namespace
}  // namespace sluice
