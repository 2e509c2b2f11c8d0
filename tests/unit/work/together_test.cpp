// What one worker does with a handler that takes many messages in one call.
#include "work/together.hpp"

#include <stdexcept>

#include "ending.hpp"
#include "temporary_folder.hpp"
#include "work/failing.hpp"
#include "work/notes.hpp"
#include "work/worker_bench.hpp"

namespace sluice {
namespace {

using std::chrono::milliseconds;

// Calls of handle_batch are in `batches`, each with its ids; of handle() as ever in called().
struct TogetherTest : testing::Test {
    void make(FakeHandler::Handle alone, std::function<void(const FakeHandler::Batch&)> together,
              const WorkPolicy& policy = WorkerBench::quick(), std::vector<FakeDatabase*> databases = {}) {
        bench = std::make_unique<WorkerBench>(std::move(alone), policy, std::move(databases));
        bench->handler.on_batch = [this, together = std::move(together)](const FakeHandler::Batch& batch) {
            batches.push_back(batch.ids());
            together(batch);
        };
    }
    static sluice_verdict done(const Handled&) { return SLUICE_DONE; }
    static void all_done(const FakeHandler::Batch& batch) { batch.say_all(SLUICE_DONE); }

    FakeDatabase database;
    FakeDatabase deduplicating{"db", true};
    std::unique_ptr<WorkerBench> bench;
    Texts batches;
};

TEST_F(TogetherTest, IsOfOneMessagePerKeyAndTheLaterOnesComeInTheNextCall) {
    make(done, all_done);
    bench->push("a1 b1 a2 -1 -2 a3 b2 c1");
    bench->run();
    EXPECT_EQ(batches, (Texts{"a1 b1 -1 -2 c1", "a2 b2"}));
    EXPECT_EQ(bench->called(), Texts{"a3"}) << "what is left alone is handled alone";
    EXPECT_EQ(bench->ended(),
              (Texts{"a1 acked", "b1 acked", "-1 acked", "-2 acked", "c1 acked", "a2 acked", "b2 acked", "a3 acked"}));
    EXPECT_EQ(bench->worker->counts().handled, 8u);
    EXPECT_EQ(bench->worker->counts().units, 1u);
}

TEST_F(TogetherTest, HasNoMoreMessagesThanMayBeInACall) {
    make(done, all_done);
    bench->call_max = 2;
    bench->push("a1 b1 c1 d1 a2");
    bench->run();
    EXPECT_EQ(batches, (Texts{"a1 b1", "c1 d1"}));
    EXPECT_EQ(bench->called(), Texts{"a2"});
}

// A batch of one key is not walked over for each of its messages, and is handled in order all the same.
TEST_F(TogetherTest, KeepsTheOrderOfAKeyThatFillsTheBatch) {
    WorkPolicy policy = WorkerBench::quick();
    policy.batch_max = 64;
    make(done, all_done, policy);
    bench->call_max = 2;
    bench->push("a1 a2 a3 a4 a5 a6 a7 a8 b1 a9 b2");
    bench->run();
    Texts of_a, of_b;
    for (const std::string& ended : bench->ended()) (ended[0] == 'a' ? of_a : of_b).push_back(ended.substr(0, 2));
    EXPECT_EQ(of_a, (Texts{"a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9"}));
    EXPECT_EQ(of_b, (Texts{"b1", "b2"}));
}

TEST_F(TogetherTest, LeavesWhatItDoesNotDecideToHandleWithoutItsWrites) {
    const auto alone = [](const Handled& call) {
        if (call.write(call.id() + " alone") != SLUICE_QUEUED) return SLUICE_RETRY;
        return call.id() == "c1" ? call.say(SLUICE_REJECT, "no order") : SLUICE_DONE;
    };
    make(alone,
         [](const FakeHandler::Batch& batch) {
             for (const Handled& call : batch.calls) EXPECT_EQ(call.write(call.id() + " together"), SLUICE_QUEUED);
             batch.say("a1 d1", SLUICE_DONE);
             batch.say("c1", SLUICE_REJECT);  // b1 stays as it was: retry
             batch.say("e1", SLUICE_SKIP);
         },
         WorkerBench::quick(), {&database});
    bench->push("a1 b1 c1 d1 e1");
    bench->run();
    EXPECT_EQ(batches, Texts{"a1 b1 c1 d1 e1"});
    EXPECT_EQ(bench->called(), (Texts{"b1", "c1"})) << "at their first attempt";
    EXPECT_EQ(database.durable(), (Texts{"a1 together", "d1 together", "b1 alone"}));
    EXPECT_EQ(bench->ended(), (Texts{"a1 acked", "d1 acked", "e1 skipped", "b1 acked", "c1 dead letter"}));
    EXPECT_EQ(bench->error, "no order");
    EXPECT_EQ(bench->worker->counts().retried, 0u) << "what one says of the batch is no attempt of a message";
    EXPECT_EQ(bench->worker->counts().units, 1u);
}

TEST_F(TogetherTest, ThatThrowsOrAnswersNonsenseIsHandledOneByOneAndSaysWhy) {
    for (const bool throws : {true, false}) {
        batches.clear();
        make(done, [&](const FakeHandler::Batch& batch) {
            batch.say_all(throws ? SLUICE_DONE : 4711);
            if (throws) throw std::runtime_error("no more room");
        });
        bench->push("a1 b1 c1");
        bench->run();
        EXPECT_EQ(bench->called(), (Texts{"a1", "b1", "c1"}));
        EXPECT_EQ(bench->ended(), (Texts{"a1 acked", "b1 acked", "c1 acked"}));
        EXPECT_EQ(bench->worker->counts().misbehaved, 1u);
        EXPECT_EQ(bench->times_logged("warn", "broke a rule in a call with 3 messages, the first of them a1"), 1u);
        EXPECT_EQ(bench->times_logged("warn", throws ? "no more room" : "the unknown verdict 4711"), 1u);
    }
}

TEST_F(TogetherTest, ThatMeetsAnOutageIsTriedAgainWithoutCountingAndNotOneByOne) {
    bool is_away = true;
    make(done, [&](const FakeHandler::Batch& batch) {
        batch.say("b1", SLUICE_DONE);
        if (is_away)
            sluice_fault_set(batch.fault, SLUICE_UNAVAILABLE, "the bank does not answer", 24);
        else
            batch.say_all(SLUICE_DONE);
    });
    bench->push("a1 b1 c1 a2");
    bench->run();
    EXPECT_EQ(batches, Texts{"a1 b1 c1"}) << "a2 waits for a1";
    EXPECT_EQ(bench->called(), Texts());
    EXPECT_EQ(bench->ended(), Texts{"b1 acked"});
    is_away = false;
    bench->run_after(milliseconds(10'000));
    EXPECT_EQ(bench->ended(), (Texts{"a1 acked", "c1 acked", "a2 acked"}));
    EXPECT_EQ(bench->worker->counts().retried, 0u);
}

TEST_F(TogetherTest, ThatLosesADatabaseComesAgainWholeAndInOrder) {
    make(write_id,
         [](const FakeHandler::Batch& batch) {
             for (std::size_t i = 0; i < batch.calls.size(); ++i)
                 if (write_id(batch.calls[i]) == SLUICE_DONE) batch.verdicts[i] = SLUICE_DONE;
         },
         WorkerBench::quick(), {&database});
    database.execute_answer = SLUICE_UNAVAILABLE;
    bench->push("a1 b1 a2 c1");
    bench->run();
    EXPECT_EQ(batches, Texts{"a1 b1 c1"});
    EXPECT_EQ(bench->ended(), Texts());
    database.execute_answer = SLUICE_QUEUED;
    bench->run_after(milliseconds(10'000));
    EXPECT_EQ(batches, (Texts{"a1 b1 c1", "a1 b1 c1"}));
    EXPECT_EQ(database.durable(), (Texts{"a1", "b1", "c1", "a2"}));
    EXPECT_EQ(bench->worker->counts().retried, 0u);
}

TEST_F(TogetherTest, DoesNotTakeWhatFollowsAFailureOfItsKey) {
    make(
        Failing{{{"a1", 1}}},
        [](const FakeHandler::Batch& batch) {
            batch.say_all(SLUICE_DONE);
            batch.say("a1", SLUICE_RETRY);
        },
        slow_retries());
    bench->push("a1 b1 a2 b2 c1");
    bench->run();
    EXPECT_EQ(batches, Texts{"a1 b1 c1"});
    EXPECT_EQ(bench->called(), (Texts{"a1", "b2"})) << "a2 waits with a1";
    bench->run_after(milliseconds(1'000));
    EXPECT_EQ(bench->ended(), (Texts{"b1 acked", "c1 acked", "b2 acked", "a1 acked", "a2 acked"}));
}

TEST_F(TogetherTest, DoesNotTakeWhatTheDatabaseKnows) {
    FakeDatabase& database = deduplicating;
    make(write_id,
         [](const FakeHandler::Batch& batch) {
             for (const Handled& call : batch.calls) call.write();
             batch.say_all(SLUICE_DONE);
         },
         WorkerBench::quick(), {&database});
    bench->push("b1 d1");
    bench->run();
    bench->ended();
    batches.clear();
    bench->push("b1 a1 c1 d1 e1");
    bench->run();
    EXPECT_EQ(batches, Texts{"a1 c1"}) << "the call ends with one that is known: what is called stands together in the unit";
    EXPECT_EQ(bench->called(), Texts{"e1"});
    EXPECT_EQ(database.durable(), (Texts{"b1", "d1", "a1", "c1", "e1"}));
    EXPECT_EQ(bench->ended(), (Texts{"b1 acked", "a1 acked", "c1 acked", "d1 acked", "e1 acked"}));
}

// In a unit in which something was queried sqlite cannot forget what it was told to drop before.
TEST_F(TogetherTest, ForgetsWhereThereAreRecordsInsteadOfDropping) {
    make([](const Handled& call) { return call.write(), call.say(SLUICE_REJECT, "no"); }, all_done, WorkerBench::quick(),
         {&deduplicating});
    bench->push("a1");
    bench->run();
    EXPECT_EQ(bench->ended(), Texts{"a1 dead letter"});
    EXPECT_EQ(deduplicating.drops, 0);
    EXPECT_FALSE(deduplicating.knows("a1")) << "replayed it is new";
}

// A database that records a part of a message and then cannot say: nothing of it may stay.
TEST_F(TogetherTest, LeavesNothingOfWhatCannotBeLookedUpNow) {
    make(write_id,
         [&](const FakeHandler::Batch& batch) {
             for (const Handled& call : batch.calls) call.write();
             batch.say_all(SLUICE_DONE);
         },
         WorkerBench::quick(), {&deduplicating});
    deduplicating.record_answer = SLUICE_UNAVAILABLE;
    bench->push("a1 b1");
    bench->run();
    EXPECT_EQ(batches, Texts());
    deduplicating.record_answer = SLUICE_OK;
    bench->run_after(milliseconds(10'000));
    EXPECT_EQ(batches, Texts{"a1 b1"});
    EXPECT_EQ(deduplicating.durable(), (Texts{"a1", "b1"}));
    EXPECT_EQ(bench->ended(), (Texts{"a1 acked", "b1 acked"}));
}

// Handled again by itself a message is recorded anew, or it would count as known.
TEST_F(TogetherTest, RecordsWhatIsHandledAgainByItselfOnce) {
    FakeDatabase& database = deduplicating;
    make(write_id, [](const FakeHandler::Batch&) {}, WorkerBench::quick(), {&database});
    for (int time = 0; time < 2; ++time) {
        bench->push("a1 b1");
        bench->run();
    }
    EXPECT_EQ(bench->called(), (Texts{"a1", "b1"}));
    EXPECT_EQ(database.durable(), (Texts{"a1", "b1"}));
    EXPECT_EQ(bench->ended(), (Texts{"a1 acked", "b1 acked", "a1 acked", "b1 acked"}));
}

TEST_F(TogetherTest, MayDeferSomeAlsoIfTheyEndBeforeTheCallDoes) {
    std::map<std::string, sluice_ticket> tickets;
    const sluice_host_api* api = nullptr;
    sluice_host* host = nullptr;
    make(done, [&](const FakeHandler::Batch& batch) {
        batch.say_all(SLUICE_DONE);
        batch.say("a1 b1 d1", SLUICE_DEFER);
        for (const Handled& call : batch.calls) tickets[call.id()] = call.ticket;
        api = &batch.calls[0].api, host = batch.calls[0].host;
        EXPECT_EQ(end(*api, host, tickets["b1"], ending(SLUICE_DONE)), SLUICE_OK);
        EXPECT_EQ(end(*api, host, tickets["d1"], ending(SLUICE_REJECT, SLUICE_OK, "no")), SLUICE_OK);
        EXPECT_EQ(end(*api, host, tickets["d1"], ending(SLUICE_DONE)), SLUICE_STALE) << "it has ended";
        EXPECT_EQ(end(*api, host, tickets["c1"], ending(SLUICE_DONE)), SLUICE_OK) << "of no use, since it is done";
    });
    bench->push("a1 b1 c1 d1");
    bench->run();
    EXPECT_EQ(bench->ended(), (Texts{"c1 acked", "b1 acked", "d1 dead letter"}));
    EXPECT_EQ(end(*api, host, tickets["c1"], ending(SLUICE_DONE)), SLUICE_STALE);
    EXPECT_EQ(end(*api, host, tickets["a1"], ending(SLUICE_DONE)), SLUICE_OK);
    bench->run();
    EXPECT_EQ(bench->ended(), Texts{"a1 acked"});
}

TEST_F(TogetherTest, KnowsTheTicketsOfItsMessagesAndNoOthersAndOnlyWhileItRuns) {
    std::vector<Handled> kept;
    make(write_id,
         [&](const FakeHandler::Batch& batch) {
             for (const Handled& call : batch.calls) kept.push_back(call);
             Handled next = batch.calls.back();
             ++next.ticket;
             EXPECT_EQ(next.write("stranger"), SLUICE_STALE);
             batch.say_all(SLUICE_DONE);
         },
         WorkerBench::quick(), {&database});
    bench->push("a1 b1 c1");
    bench->run();
    ASSERT_EQ(kept.size(), 3u);
    for (const Handled& call : kept) EXPECT_EQ(call.write("late"), SLUICE_STALE);
    EXPECT_EQ(database.durable(), Texts());
}

TEST_F(TogetherTest, EndsWithTheCallThatRunsWhenTheHostStops) {
    make(done, [&](const FakeHandler::Batch& batch) {
        batch.say("a1", SLUICE_DONE);  // and not b1, which could be handled again by itself
        bench->worker->stop(StopMode::finish_current);
    });
    bench->push("a1 b1 a2 a3");
    bench->run();
    EXPECT_EQ(batches, Texts{"a1 b1"});
    EXPECT_EQ(bench->called(), Texts());
    EXPECT_EQ(bench->ended(), (Texts{"a1 acked", "b1 released", "a2 released", "a3 released"}));
}

TEST_F(TogetherTest, IsNotedMessageByMessageAndHasNoSuspects) {
    TemporaryFolder folder;
    Texts noted;
    make(done, [&](const FakeHandler::Batch& batch) {
        for (const HandlerMarks::Marked& note : HandlerMarks::read(folder.path / "begun")) noted.push_back(note.id);
        batch.say_all(SLUICE_DONE);
    });
    bench->start();
    Poison poison(folder.path, bench->logging.logger("host"));
    ASSERT_TRUE(poison.open(4, 1));
    bench->host->watch_for_poison(poison, notes(poison, 4));
    bench->suspects = "s1";
    bench->push("s1 a1 b1 c1");
    bench->run();
    std::sort(noted.begin(), noted.end());
    EXPECT_EQ(noted, (Texts{"a1", "b1", "c1"}));
    EXPECT_EQ(bench->called(), Texts{"s1"});
    EXPECT_TRUE(HandlerMarks::read(folder.path / "begun").empty());
    bench->stop();  // before what it notes in
}

TEST_F(TogetherTest, IsDescribedByItsFirstMessageAndTheNumberOfTheOthers) {
    std::string described;
    make(done, [&](const FakeHandler::Batch& batch) {
        described = bench->worker->describe_current();
        batch.say_all(SLUICE_DONE);
    });
    bench->push("a1 b1 c1");
    bench->run();
    EXPECT_EQ(described, "message a1 and 2 others");
}

}  // namespace
}  // namespace sluice
