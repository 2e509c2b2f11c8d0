// What a message publishes is kept with its record until it is confirmed: a crash between commit and publish loses none of it.
#include "unit/publishes_codec.hpp"
#include "work/publishing_bench.hpp"

namespace sluice {
namespace {

using std::chrono::milliseconds;

class KeptPublishesTest : public PublishingTest {
protected:
    KeptPublishesTest() : PublishingTest(true) {}

    // A host from its start on; what the one before knew is gone, what it had under way has ended with it.
    WorkerBench& restart(const std::string& target_name = "out") {
        return make(
            [](const Handled& call) {
                EXPECT_EQ(call.write(), SLUICE_QUEUED);
                EXPECT_EQ(call.publish("1 of " + call.id()), SLUICE_QUEUED);
                EXPECT_EQ(call.publish("2 of " + call.id()), SLUICE_QUEUED);
                return SLUICE_DONE;
            },
            WorkerBench::quick(), target_name);
    }
    // a1 is committed, and then the host is killed: nobody runs the worker any more.
    void crash_between_commit_and_publish() {
        database.hold();
        restart().push("a1");
        bench->run();
        database.answer();
        database.hold(false);
    }
};

TEST_F(KeptPublishesTest, AreKeptWithTheCommitAndNotLongerThanUntilTheyAreConfirmed) {
    database.hold();
    restart().push("a1");
    bench->run();
    EXPECT_FALSE(database.keeps("a1"));
    database.answer();
    EXPECT_TRUE(database.keeps("a1"));
    EXPECT_EQ(ended(1), Texts{"a1 acked"});
    EXPECT_FALSE(database.keeps("a1"));
    EXPECT_EQ(published(), (Texts{"1 of a1", "2 of a1"}));
}

TEST_F(KeptPublishesTest, AreSentOnceMoreByTheHostThatComesAfterACrashBetweenCommitAndPublish) {
    crash_between_commit_and_publish();
    restart().push("a1");
    EXPECT_EQ(ended(1), Texts{"a1 acked"});
    EXPECT_EQ(bench->called(), Texts{}) << "its effects are there";
    EXPECT_EQ(published(), (Texts{"1 of a1", "2 of a1"}));
    EXPECT_FALSE(database.keeps("a1"));

    restart().push("a1");
    EXPECT_EQ(ended(1), Texts{"a1 acked"});
    EXPECT_EQ(published(), (Texts{"1 of a1", "2 of a1"})) << "nothing is kept any more";
}

TEST_F(KeptPublishesTest, OfAMessageFoundToBeSeenInTheCommitAreThoseOfThen) {
    crash_between_commit_and_publish();
    database.hold();
    database.finds_duplicates_late = true;
    restart().push("a1 b1");
    bench->run();
    database.answer(SLUICE_OK, {{"a1", SLUICE_SEEN}});
    EXPECT_EQ(ended(2), (Texts{"a1 acked", "b1 acked"}));
    EXPECT_EQ(published(), (Texts{"1 of a1", "2 of a1", "1 of b1", "2 of b1"})) << "not twice, and in the order of the unit";
    restart().push("a1");
    bench->run();
    database.answer(SLUICE_OK, {{"a1", SLUICE_SEEN}});
    EXPECT_EQ(ended(1), Texts{"a1 acked"});
    EXPECT_EQ(published().size(), 4u) << "what was confirmed is not sent again";
}

TEST_F(KeptPublishesTest, ComeBeforeThoseOfLaterMessagesWhereOnlyTheCommitFindsThem) {
    crash_between_commit_and_publish();
    database.hold();
    database.finds_duplicates_late = true;
    restart().push("a0 a1 a2 a3");
    bench->run();
    database.answer(SLUICE_OK, {{"a1", SLUICE_SEEN}});
    EXPECT_EQ(ended(4), (Texts{"a0 acked", "a1 acked", "a2 acked", "a3 acked"}));
    EXPECT_EQ(published(), (Texts{"1 of a0", "2 of a0", "1 of a1", "2 of a1", "1 of a2", "2 of a2", "1 of a3", "2 of a3"}));
}

TEST_F(KeptPublishesTest, ThatCannotBeFoundNowHoldBackThoseOfLaterMessagesOfTheKey) {
    crash_between_commit_and_publish();
    database.hold();
    database.finds_duplicates_late = true;
    database.kept_answer = SLUICE_UNAVAILABLE;
    restart().push("a1 b1 a2");
    bench->run();
    database.answer(SLUICE_OK, {{"a1", SLUICE_SEEN}});
    EXPECT_EQ(ended(1), Texts{"b1 acked"});
    EXPECT_EQ(published(), (Texts{"1 of b1", "2 of b1"})) << "a2 is committed, and what it publishes waits for a1";
    EXPECT_EQ(database.durable(), (Texts{"a1", "b1", "a2"}));
    database.kept_answer = SLUICE_OK;
    database.finds_duplicates_late = false;
    bench->clock.advance(milliseconds(5'000));
    bench->run();
    while (database.submitted() != 0) database.answer();
    EXPECT_EQ(ended(2), (Texts{"a1 acked", "a2 acked"}));
    EXPECT_EQ(published(), (Texts{"1 of b1", "2 of b1", "1 of a1", "2 of a1", "1 of a2", "2 of a2"}));
    EXPECT_EQ(database.durable(), (Texts{"a1", "b1", "a2"})) << "each once in effect";
}

TEST_F(KeptPublishesTest, ToATargetThatIsGoneMakeADeadLetterThatNamesIt) {
    crash_between_commit_and_publish();
    restart("elsewhere").push("a1");
    EXPECT_EQ(ended(1), Texts{"a1 dead letter"});
    EXPECT_NE(bench->error.find("publish to target \"out\", which is not in `targets` any more"), std::string::npos)
        << bench->error;
    // Its source hears that it is done, and the database may forget what it keeps of it.
    const std::string owed = bench->owed;
    database.keeps("a1", "");
    restart().push_replayed("a1", owed);
    EXPECT_EQ(ended(1), Texts{"a1 acked"});
    EXPECT_EQ(bench->called(), Texts{});
    EXPECT_EQ(published(), (Texts{"1 of a1", "2 of a1"}));
}

TEST_F(KeptPublishesTest, ThatCannotBeReadAreTheDatabasesDamageAndNoMessagesFault) {
    database.keeps("a1", "\x09what is this");
    database.hold();
    restart().push("a1");
    bench->run();
    database.finds_duplicates_late = true;
    database.keeps("a1", "\x09what is this");
    database.answer(SLUICE_OK, {{"a1", SLUICE_SEEN}});
    bench->run();
    EXPECT_EQ(bench->ended(), Texts{});
    EXPECT_TRUE(database.database.circuit->failed_for_good());
    EXPECT_EQ(published(), Texts{});
}

TEST_F(KeptPublishesTest, AreAskedForAgainWhileTheDatabaseCannotSay) {
    crash_between_commit_and_publish();
    database.kept_answer = SLUICE_UNAVAILABLE;
    restart().push("a1");
    bench->run();
    EXPECT_EQ(bench->ended(), Texts{});
    EXPECT_EQ(published(), Texts{});
    database.kept_answer = SLUICE_OK;
    bench->clock.advance(milliseconds(5'000));
    EXPECT_EQ(ended(1), Texts{"a1 acked"});
    EXPECT_EQ(published(), (Texts{"1 of a1", "2 of a1"}));
}

TEST_F(KeptPublishesTest, ThatCannotBeKeptNowLetTheUnitRunAgain) {
    database.keep_answer = SLUICE_UNAVAILABLE;
    restart().push("a1");
    bench->run();
    EXPECT_EQ(database.durable(), Texts{});
    EXPECT_EQ(database.abandoned, 1);
    database.keep_answer = SLUICE_OK;
    bench->clock.advance(milliseconds(5'000));
    EXPECT_EQ(ended(1), Texts{"a1 acked"});
    EXPECT_EQ(published(), (Texts{"1 of a1", "2 of a1"}));
}

TEST_F(KeptPublishesTest, ThatCanNeverBeKeptMakeADeadLetterWithoutEffects) {
    database.keep_answer = SLUICE_INVALID;
    restart().push("a1");
    EXPECT_EQ(ended(1), Texts{"a1 dead letter"});
    EXPECT_NE(bench->error.find("could not be kept with its record: not kept"), std::string::npos) << bench->error;
    EXPECT_EQ(database.durable(), Texts{});
    EXPECT_FALSE(database.knows("a1"));
    EXPECT_EQ(published(), Texts{});
}

TEST_F(KeptPublishesTest, AreSentAllTheSameByADatabaseThatKeepsNoneWhichIsSaidOnce) {
    database.keep_answer = SLUICE_UNSUPPORTED;
    restart().push("a1 b1");
    EXPECT_EQ(ended(2), (Texts{"a1 acked", "b1 acked"}));
    EXPECT_EQ(published().size(), 4u);
    const std::string log = bench->log.text();
    const auto said = log.find("keeps no publishes");
    ASSERT_NE(said, std::string::npos);
    EXPECT_EQ(log.find("keeps no publishes", said + 1), std::string::npos);
}

}  // namespace
}  // namespace sluice
