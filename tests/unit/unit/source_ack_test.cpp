// Queue and database are one: messages are acked in the unit of their effects.
#include <optional>

#include "publish/fake_target.hpp"
#include "work/worker_bench.hpp"

namespace sluice {
namespace {

using std::chrono::milliseconds;

class SourceAckTest : public testing::Test {
protected:
    SourceAckTest() { database.resource = "file 7"; }

    WorkerBench& make(FakeHandler::Handle handle, std::vector<FakeDatabase*> databases, std::uint32_t batch_max = 64,
                      std::vector<std::pair<std::string, Target*>> targets = {}) {
        bench.emplace(std::move(handle), WorkerBench::batches_of(batch_max), std::move(databases), std::move(targets));
        bench->start();
        bench->host->session().ack_in_units("file 7", "the queue");
        return *bench;
    }
    WorkerBench& make() { return make(write_id, {&database}); }
    // "a1 acked in unit": by now, before anybody has settled it.
    Texts in_units() {
        Texts all;
        for (const Message* message : bench->messages)
            if (message->acked_in_unit) all.emplace_back(message->view.id.data, message->view.id.size);
        return all;
    }

    FakeDatabase database, other{"other"}, recording{"recording", true};
    std::optional<WorkerBench> bench;
};

TEST_F(SourceAckTest, StandInTheUnitOfTheEffects) {
    make().push("a1 b1");
    bench->run();
    EXPECT_EQ(database.durable(), (Texts{"a1", "ack 1", "b1", "ack 2"}));
    EXPECT_EQ(in_units(), (Texts{"a1", "b1"}));
    EXPECT_EQ(database.settle_calls, 1) << "one for all of them";
    EXPECT_EQ(bench->ended(), (Texts{"a1 acked", "b1 acked"}));
}

TEST_F(SourceAckTest, AreTheSourcesOwnBusinessWhereTheDatabaseIsAnother) {
    bench.emplace(write_id, WorkerBench::quick(), std::vector<FakeDatabase*>{&database});
    bench->start();
    bench->host->session().ack_in_units("file 8", "the queue");
    bench->host->session().ack_in_units("", "the queue");
    bench->host->session().ack_in_units("file 7", "");
    bench->push("a1");
    bench->run();
    EXPECT_EQ(database.durable(), Texts{"a1"});
    EXPECT_EQ(in_units(), Texts{});
    EXPECT_EQ(bench->ended(), Texts{"a1 acked"});
}

TEST_F(SourceAckTest, AreOnlyForMessagesThatAreDone) {
    make(
        [](const Handled& call) {
            EXPECT_EQ(call.write(), SLUICE_QUEUED);
            return call.id() == "a1" ? SLUICE_REJECT : call.id() == "b1" ? SLUICE_SKIP : SLUICE_DONE;
        },
        {&database})
        .push("a1 b1 c1");
    bench->run();
    EXPECT_EQ(database.durable(), (Texts{"c1", "ack 3"}));
    EXPECT_EQ(in_units(), Texts{"c1"});
}

// Without its ack in the unit, another host could have had the message meanwhile.
TEST_F(SourceAckTest, ThatThrowAreALostConnectionAndTheMessageRunsAgain) {
    make([](const Handled&) { return SLUICE_DONE; }, {&database}).push("a1");
    database.settle_throws = true;
    bench->run();
    EXPECT_EQ(bench->ended(), Texts{});
    EXPECT_EQ(bench->times_logged("warn", "an exception left the plugin of the database: the adapter has a mistake"), 1u);
    database.settle_throws = false;
    bench->run_after(std::chrono::seconds(6));
    EXPECT_EQ(database.durable(), Texts{"ack 1"});
    EXPECT_EQ(bench->ended(), Texts{"a1 acked"});
    EXPECT_EQ(bench->called(), (Texts{"a1", "a1"})) << "the attempt is the same";
}

TEST_F(SourceAckTest, AreNotForReplayedMessages) {
    make();
    bench->push_replayed("a1", "");
    bench->run();
    EXPECT_EQ(database.durable(), Texts{"a1"});
    EXPECT_EQ(in_units(), Texts{});
}

TEST_F(SourceAckTest, AreMadeAgainWithAUnitThatRunsAgain) {
    database.hold();
    make().push("a1");
    bench->run();
    EXPECT_EQ(in_units(), Texts{"a1"});
    database.answer(SLUICE_UNAVAILABLE);
    bench->run();
    EXPECT_EQ(in_units(), Texts{}) << "not acked by a unit that failed";
    bench->run_after(milliseconds(5'000));
    database.answer();
    bench->run();
    EXPECT_EQ(database.durable(), (Texts{"a1", "ack 1"}));
    EXPECT_EQ(in_units(), Texts{"a1"});
}

TEST_F(SourceAckTest, ThatComeTooLateTakeTheEffectsWithThem) {
    database.lose_lease(2);
    make().push("a1 b1 c1");
    bench->run();
    EXPECT_EQ(database.durable(), (Texts{"a1", "ack 1", "c1", "ack 3"}));
    EXPECT_EQ(in_units(), (Texts{"a1", "c1"}));
    EXPECT_EQ(bench->ended(), (Texts{"a1 acked", "b1 lost lease", "c1 acked"}));
}

TEST_F(SourceAckTest, AreNotBlamedForAWriteThatIsRefused) {
    database.hold();
    make().push("a1 b1");
    bench->run();
    database.answer(SLUICE_OK, {{"a1", SLUICE_CONSTRAINT}});
    bench->run();
    EXPECT_EQ(in_units(), Texts{"b1"});
    EXPECT_EQ(bench->ended(), (Texts{"a1 dead letter", "b1 acked"}));
}

TEST_F(SourceAckTest, ThatAreFoundLateLetTheRestOfTheUnitRunAgainWithoutTheirMessages) {
    database.lose_lease(2);
    database.finds_lost_leases_late = false;
    make().push("a1 b1 c1");
    bench->run();
    EXPECT_EQ(database.durable(), Texts{});
    EXPECT_EQ(bench->ended(), Texts{"b1 lost lease"});
    bench->run_after(milliseconds(5'000));
    EXPECT_EQ(database.durable(), (Texts{"a1", "ack 1", "c1", "ack 3"}));
    EXPECT_EQ(bench->ended(), (Texts{"a1 acked", "c1 acked"}));
}

TEST_F(SourceAckTest, ThatTheDatabaseRefusesAreLeftToTheSourceWhichIsSaidOnce) {
    database.settle_answer = SLUICE_UNSUPPORTED;
    make().push("a1 b1");
    bench->run();
    bench->push("a2");
    bench->run();
    EXPECT_EQ(database.durable(), (Texts{"a1", "b1", "a2"}));
    EXPECT_EQ(in_units(), Texts{});
    EXPECT_EQ(bench->ended(), (Texts{"a1 acked", "b1 acked", "a2 acked"}));
    EXPECT_EQ(bench->times_logged("warn", "their source acks them"), 1u);
}

TEST_F(SourceAckTest, ComeLastWhereSeveralDatabasesTakePart) {
    other.hold();
    make(
        [](const Handled& call) {
            EXPECT_EQ(call.write({}, "db"), SLUICE_QUEUED);
            return call.write({}, "other") == SLUICE_QUEUED ? SLUICE_DONE : SLUICE_RETRY;
        },
        {&other, &database})
        .push("a1");
    bench->run();
    EXPECT_EQ(database.durable(), Texts{});
    other.answer();
    bench->run();
    EXPECT_EQ(database.durable(), (Texts{"a1", "ack 1"}));
}

TEST_F(SourceAckTest, AreLeftToTheSourceWhereAnotherDatabaseDeduplicates) {
    make([](const Handled& call) { return call.write({}, "db") == SLUICE_QUEUED ? SLUICE_DONE : SLUICE_RETRY; },
         {&database, &recording})
        .push("a1");
    bench->run();
    EXPECT_EQ(in_units(), Texts{}) << "both would have to come last";
    EXPECT_EQ(bench->ended(), Texts{"a1 acked"});
}

TEST_F(SourceAckTest, WaitForWhatIsPublished) {
    SystemClock clock;
    FakeTarget fake;
    Target target{fake.port(), quick(), clock, Logger()};
    ASSERT_TRUE(target.start());
    make(
        [](const Handled& call) {
            EXPECT_EQ(call.write(), SLUICE_QUEUED);
            return call.publish("of " + call.id()) == SLUICE_QUEUED ? SLUICE_DONE : SLUICE_RETRY;
        },
        {&database}, 64, {{"out", &target}})
        .push("a1");
    const std::uint64_t news = bench->news.value();
    bench->run();
    ASSERT_TRUE(bench->news.reaches(news + 2)) << "committed, and published";
    EXPECT_EQ(in_units(), Texts{});
    EXPECT_EQ(database.durable(), Texts{"a1"});
    bench->run();
    EXPECT_EQ(bench->ended(), Texts{"a1 acked"});
    bench.reset();
    stop(target, clock);
}

TEST_F(SourceAckTest, ThatTheDatabaseCannotTakeNowWait) {
    make([](const Handled&) { return SLUICE_DONE; }, {&database}).push("a1");
    database.settle_answer = SLUICE_UNAVAILABLE;
    bench->run();
    EXPECT_EQ(bench->ended(), Texts{});
    database.settle_answer = SLUICE_QUEUED;
    bench->run_after(milliseconds(5'000));
    EXPECT_EQ(database.durable(), Texts{"ack 1"});
    EXPECT_EQ(bench->called(), (Texts{"a1", "a1"}));
    EXPECT_EQ(bench->ended(), Texts{"a1 acked"});
}

TEST_F(SourceAckTest, OfAMessageWithoutEffectsAreTheSourcesWhereNoUnitCanBegin) {
    make([](const Handled&) { return SLUICE_DONE; }, {&database}).push("a1");
    database.begin_answer = SLUICE_UNAVAILABLE;
    bench->run();
    EXPECT_EQ(bench->ended(), Texts{"a1 acked"});
    EXPECT_EQ(database.durable(), Texts{});
}

}  // namespace
}  // namespace sluice
