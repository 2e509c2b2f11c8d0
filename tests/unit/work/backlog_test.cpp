#include "work/backlog.hpp"

#include <gtest/gtest.h>

#include <list>
#include <string>
#include <vector>

namespace sluice {
namespace {

class BacklogTest : public testing::Test {
protected:
    static WorkPolicy small() {
        WorkPolicy policy;
        policy.batch_max = 4;
        policy.park_limit = 3;
        policy.queue_capacity = 16;
        return policy;
    }
    // "a1": of key a; "-1" has none; "a1!" is a suspect.
    Message* message(std::string id) {
        const bool suspect = id.back() == '!';
        if (suspect) id.pop_back();
        names_.push_back(id);
        Message& made = messages_.emplace_back();
        made.view.id = {names_.back().data(), names_.back().size()};
        made.key_hash = id[0] == '-' ? 0 : static_cast<std::uint64_t>(id[0]);
        made.suspect = suspect;
        return &made;
    }
    MessageList list(const std::vector<std::string>& ids) {
        MessageList made;
        for (const std::string& id : ids) made.push_back(message(id));
        return made;
    }
    void push(const std::vector<std::string>& ids) {
        MessageList messages = list(ids);
        backlog.queue().push(messages);
        ASSERT_TRUE(messages.empty());
    }
    static std::string text(MessageList& taken) {
        std::string all;
        while (Message* one = taken.pop_front())
            all += (all.empty() ? "" : " ") + std::string(one->view.id.data, one->view.id.size);
        return all;
    }
    std::string collect(std::int64_t now_ns = 0, bool only_resumed = false) {
        MessageList batch;
        ran_again = backlog.collect(now_ns, batch, refused, only_resumed);
        return text(batch);
    }
    // The first of what is queued fails, and the rest of its batch is handled as far as it may be.
    Message* fail_first(std::int64_t due_ns) {
        MessageList batch;
        const bool again = backlog.collect(0, batch, refused);
        Message* failed = batch.pop_front();
        backlog.failed(failed, due_ns);
        while (Message* next = batch.pop_front())
            if (!backlog.follows_failed(next)) handled.push_back(next);
        backlog.park_failed(again);
        return failed;
    }
    std::string take_all(bool behind_deferred = true) {
        MessageList all;
        backlog.take_all(all, behind_deferred);
        return text(all);
    }

    WorkPolicy policy = small();
    Backlog backlog{policy};
    MessageList refused, handled;
    bool ran_again = false;
    std::list<std::string> names_;
    std::list<Message> messages_;
};

TEST_F(BacklogTest, GivesWhatIsQueuedABatchAtATime) {
    EXPECT_FALSE(backlog.has_work(0));
    push({"a1", "b1", "a2", "-1", "c1"});
    EXPECT_TRUE(backlog.has_work(0));
    EXPECT_EQ(collect(), "a1 b1 a2 -1");
    EXPECT_FALSE(ran_again);
    EXPECT_EQ(collect(), "c1");
    EXPECT_EQ(collect(), "");
}

TEST_F(BacklogTest, ParksAKeyBehindItsFailedMessageUntilItsTime) {
    push({"a1", "a2", "b1"});
    fail_first(1'000);
    EXPECT_EQ(text(handled), "b1");
    push({"a3", "b2"});
    EXPECT_EQ(collect(999), "b2");
    EXPECT_FALSE(backlog.has_work(999));
    EXPECT_TRUE(backlog.has_work(1'000));
    EXPECT_EQ(collect(1'000), "a1 a2 a3");
}

TEST_F(BacklogTest, ParksAMessageAloneThatHasNoOrder) {
    push({"-1", "-2"});
    fail_first(1'000);
    EXPECT_EQ(text(handled), "-2");
    EXPECT_EQ(collect(1'000), "-1");
}

TEST_F(BacklogTest, TakesNothingNewWhileAParkedKeyIsFull) {
    push({"a1", "a2", "a3", "b1"});
    fail_first(1'000);
    push({"a4", "b2"});
    EXPECT_EQ(collect(), "");
    EXPECT_FALSE(backlog.takes_new());
    EXPECT_FALSE(backlog.has_work(0));
    EXPECT_EQ(collect(1'000), "a1 a2 a3 a4") << "what was held comes with the key that is free again";
    EXPECT_EQ(collect(1'000), "b2");
    EXPECT_TRUE(backlog.takes_new());
}

TEST_F(BacklogTest, RefusesWhatAFullKeyHasNoRoomForWhereItIsToBeADeadLetter) {
    policy.park_full_dead_letters = true;
    push({"a1", "a2", "a3", "b1"});
    fail_first(1'000);
    push({"a4", "b2"});
    EXPECT_EQ(collect(), "b2");
    EXPECT_EQ(text(refused), "a4");
}

TEST_F(BacklogTest, RunsAgainAloneAndFirstWhatHasFailedWithItsUnit) {
    push({"a1", "b1", "c1"});
    MessageList first = list({"x1", "x2"}), later = list({"y1"}), once_more = list({"w1"});
    backlog.run_again(first, false);
    backlog.run_again(later, true);
    backlog.run_again(once_more, false);
    EXPECT_TRUE(backlog.runs_again());
    EXPECT_EQ(collect(), "w1 x1 x2 y1");
    EXPECT_TRUE(ran_again);
    EXPECT_EQ(collect(), "a1 b1 c1");
    EXPECT_FALSE(ran_again);
}

TEST_F(BacklogTest, ParksWhatFollowsInAllThatRunsAgainWithAMessageThatFails) {
    policy.batch_max = 1;
    push({"a3"});
    MessageList again = list({"a1", "b1", "a2"});
    backlog.run_again(again, false);
    fail_first(1'000);
    EXPECT_EQ(collect(), "b1");
    EXPECT_TRUE(ran_again);
    policy.batch_max = 4;
    EXPECT_EQ(collect(), "");
    EXPECT_EQ(collect(1'000), "a1 a2 a3");
}

TEST_F(BacklogTest, GivesASuspectABatchOfItsOwn) {
    push({"a1", "b1!", "c1"});
    EXPECT_EQ(collect(), "a1");
    EXPECT_EQ(collect(), "b1");
    EXPECT_EQ(collect(), "c1");
    MessageList again = list({"x1", "y1", "z1"});
    backlog.run_again(again, false);
    backlog.suspect_again(2);
    EXPECT_EQ(collect(), "x1");
    EXPECT_EQ(collect(), "y1");
    EXPECT_EQ(collect(), "z1");
}

TEST_F(BacklogTest, PutsBackWhatWasNotBegunBeforeWhatIsQueued) {
    push({"a1", "b1", "a2", "b2", "a3"});
    MessageList batch;
    backlog.collect(0, batch, refused);
    backlog.put_back(batch, false, 0);
    EXPECT_EQ(collect(), "a1 b1 a2 b2");
    EXPECT_EQ(collect(), "a3");
}

TEST_F(BacklogTest, PutsBackBeforeTheRestOfAKeyThatIsStillParked) {
    push({"a1", "a2", "a3"});
    fail_first(1'000);
    policy.batch_max = 2;
    MessageList batch;
    backlog.collect(1'000, batch, refused);
    backlog.put_back(batch, false, 1'000);
    policy.batch_max = 4;
    EXPECT_EQ(collect(1'000), "a1 a2 a3");
}

TEST_F(BacklogTest, HoldsAKeyForItsDeferredMessage) {
    push({"a1", "a2", "b1"});
    MessageList batch;
    backlog.collect(0, batch, refused);
    Message* deferred = batch.pop_front();
    backlog.deferred(deferred);
    EXPECT_TRUE(backlog.follows_failed(batch.pop_front()));
    EXPECT_FALSE(backlog.follows_failed(batch.pop_front()));
    backlog.park_failed(false);
    push({"a3"});
    EXPECT_EQ(collect(1'000'000), "");
    backlog.let_followers_go(*deferred, 5);
    EXPECT_EQ(collect(5), "a2 a3");
}

TEST_F(BacklogTest, ResumesDeferredMessagesBeforeWhatIsNewAndAloneWhereNothingElseMayBegin) {
    push({"b1"});
    Message* resumed = message("a1");
    resumed->resuming = true;
    backlog.resume(resumed);
    EXPECT_TRUE(backlog.has_resumed());
    EXPECT_EQ(collect(0, true), "a1");
    backlog.resume(resumed);
    EXPECT_EQ(collect(), "a1 b1");
}

TEST_F(BacklogTest, LetsGoWhatWaitsForAResumedMessageThatHasItsVerdict) {
    push({"a1", "a2"});
    MessageList batch;
    backlog.collect(0, batch, refused);
    Message* deferred = batch.pop_front();
    backlog.deferred(deferred);
    EXPECT_TRUE(backlog.follows_failed(batch.pop_front()));
    backlog.park_failed(false);
    backlog.ended(deferred);
    EXPECT_EQ(collect(7), "") << "not while the batch is under way";
    backlog.let_followers_of_ended_go(7);
    EXPECT_EQ(collect(7), "a2");
}

TEST_F(BacklogTest, GivesAllBackEachKeyInTheOrderReceived) {
    push({"a1", "a2", "b1"});
    fail_first(1'000);
    MessageList again = list({"c1"});
    backlog.run_again(again, false);
    push({"a3", "c2", "b2"});
    EXPECT_EQ(take_all(), "c1 a1 a2 a3 c2 b2");
    EXPECT_FALSE(backlog.has_work(1'000));
    EXPECT_TRUE(backlog.takes_new());
}

TEST_F(BacklogTest, LeavesWhatWaitsForADeferredMessageIfItIsTo) {
    push({"a1", "a2", "b1"});
    MessageList batch;
    backlog.collect(0, batch, refused);
    Message* deferred = batch.pop_front();
    backlog.deferred(deferred);
    EXPECT_TRUE(backlog.follows_failed(batch.pop_front()));
    backlog.park_failed(false);
    push({"a3", "b2"});
    EXPECT_EQ(take_all(false), "b2");
    EXPECT_EQ(take_all(true), "a2 a3");
}

}  // namespace
}  // namespace sluice
