// What handlers publish: after the commit, in order, and acked only once it is stored.
#include "work/publishing_bench.hpp"

namespace sluice {
namespace {

class CommitsPublishes : public PublishingTest {
protected:
    CommitsPublishes() : PublishingTest(false) {}
    void make(FakeHandler::Handle handle) { PublishingTest::make(std::move(handle), WorkerBench::batches_of(1)); }
};

TEST_F(CommitsPublishes, LeaveAfterTheCommitAndAreConfirmedBeforeTheAck) {
    database.hold();
    make([](const Handled& call) {
        EXPECT_EQ(call.write(), SLUICE_QUEUED);
        EXPECT_EQ(call.publish("of " + call.id()), SLUICE_QUEUED);
        return SLUICE_DONE;
    });
    bench->push("a1");
    bench->run();
    EXPECT_EQ(target.counts().pending, 0u) << "nothing before the commit";
    database.answer();
    EXPECT_EQ(ended(1), Texts{"a1 acked"});
    EXPECT_EQ(published(), Texts{"of a1"});
}

TEST_F(CommitsPublishes, OfAUnitWithoutWritesWaitForTheUnitBefore) {
    database.hold();
    make([](const Handled& call) {
        if (call.id() == "a1") return call.write() == SLUICE_QUEUED ? SLUICE_DONE : SLUICE_RETRY;
        return call.publish(call.id()) == SLUICE_QUEUED ? SLUICE_DONE : SLUICE_RETRY;
    });
    bench->push("a1 a2");
    bench->run();
    EXPECT_EQ(target.counts().pending, 0u);
    database.answer(SLUICE_CONFLICT);
    bench->run();
    EXPECT_EQ(target.counts().pending, 0u) << "a2 runs again with a1";
    bench->run_after(std::chrono::milliseconds(100));
    database.answer();
    EXPECT_EQ(ended(2), (Texts{"a1 acked", "a2 acked"}));
    EXPECT_EQ(published(), Texts{"a2"});
    EXPECT_EQ(bench->called(), (Texts{"a1", "a2", "a1", "a2"}));
}

TEST_F(CommitsPublishes, AreForgottenWithAMessageThatFails) {
    make([](const Handled& call) {
        EXPECT_EQ(call.publish(call.id()), SLUICE_QUEUED);
        return call.id() == "a1" ? SLUICE_REJECT : SLUICE_DONE;
    });
    bench->push("a1 a2");
    EXPECT_EQ(ended(2), (Texts{"a1 dead letter", "a2 acked"}));
    EXPECT_EQ(published(), Texts{"a2"});
}

TEST_F(CommitsPublishes, AreNotSentForAMessageThatTheCommitRefused) {
    database.hold();
    make([](const Handled& call) {
        EXPECT_EQ(call.write(), SLUICE_QUEUED);
        EXPECT_EQ(call.publish(call.id()), SLUICE_QUEUED);
        return SLUICE_DONE;
    });
    bench->push("a1");
    bench->run();
    database.answer(SLUICE_OK, {{"a1", SLUICE_CONSTRAINT}});
    EXPECT_EQ(ended(1), Texts{"a1 dead letter"});
    EXPECT_EQ(published(), Texts{});
}

TEST_F(CommitsPublishes, ThatTheTargetRefusesMakeADeadLetter) {
    answer = SLUICE_INVALID;
    make([](const Handled& call) {
        EXPECT_EQ(call.publish(call.id()), SLUICE_QUEUED);
        return SLUICE_DONE;
    });
    bench->push("a1");
    EXPECT_EQ(ended(1), Texts{"a1 dead letter"});
    EXPECT_NE(bench->error.find("target \"out\" refused what it publishes"), std::string::npos) << bench->error;
}

// Its effects are committed, whether or not the database records that: the handler must not make them again.
TEST_F(CommitsPublishes, ThatTheTargetRefusedAreAllThatAReplayDoes) {
    answer = SLUICE_INVALID;
    const auto handle = [](const Handled& call) {
        EXPECT_EQ(call.write(), SLUICE_QUEUED);
        EXPECT_EQ(call.publish("1 of " + call.id()), SLUICE_QUEUED);
        EXPECT_EQ(call.publish("2 of " + call.id()), SLUICE_QUEUED);
        return SLUICE_DONE;
    };
    make(handle);
    bench->push("a1");
    EXPECT_EQ(ended(1), Texts{"a1 dead letter"});
    EXPECT_EQ(database.durable(), Texts{"a1"});
    for (const sluice_status next : {SLUICE_INVALID, SLUICE_OK}) {  // refused once more, it still owes the same
        const std::string owed = bench->owed;
        ASSERT_NE(owed, "");
        answer = next;
        make(handle);
        bench->push_replayed("a1", owed);
        EXPECT_EQ(ended(1), Texts{next == SLUICE_OK ? "a1 acked" : "a1 dead letter"});
        EXPECT_EQ(bench->called(), Texts{});
    }
    EXPECT_EQ(database.durable(), Texts{"a1"}) << "once";
    const Texts all = published();
    EXPECT_EQ(Texts(all.end() - 2, all.end()), (Texts{"1 of a1", "2 of a1"}));
}

TEST_F(CommitsPublishes, ThatCannotBeReadFromADeadLetterLeaveItWhatItIs) {
    make([](const Handled&) { return SLUICE_DONE; });
    bench->push_replayed("a1", "\x09what is this");
    EXPECT_EQ(ended(1), Texts{"a1 dead letter"});
    EXPECT_EQ(bench->called(), Texts{});
    EXPECT_EQ(bench->owed, "\x09what is this");
    EXPECT_NE(bench->error.find("cannot be read from its dead letter"), std::string::npos) << bench->error;
}

TEST_F(CommitsPublishes, ThatTheTargetNoLongerTakesGiveTheMessageBack) {
    make([](const Handled& call) {
        EXPECT_EQ(call.publish(call.id()), SLUICE_QUEUED);
        return SLUICE_DONE;
    });
    stop(target, clock);
    bench->push("a1");
    EXPECT_EQ(ended(1), Texts{"a1 released"});
}

}  // namespace
}  // namespace sluice
