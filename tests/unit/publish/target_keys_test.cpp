// What becomes of other keys while messages of one cannot be published.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "publish/fake_target.hpp"
#include "publish/target.hpp"

namespace sluice {
namespace {

using Bodies = std::vector<std::string>;
using Statuses = std::vector<sluice_status>;

// Takes everything; the test answers. `turn`: the target's thread has looked at everything once since the call.
class TargetKeys : public ::testing::Test {
protected:
    explicit TargetKeys() {
        Target::Options options;
        options.backoff_first_ns = 100'000'000;
        options.backoff_max_ns = 400'000'000;
        target = std::make_unique<Target>(fake.port(), options, clock, Logger{});
        EXPECT_TRUE(target->start());
    }

    // In a call of its own; the token of the first.
    std::uint64_t publish(TestBatch& batch) {
        const std::uint64_t before = fake.calls.value();
        batch.submit_to(*target);
        EXPECT_TRUE(fake.calls.reaches(before + 1));
        return fake.calls_made().back().token;
    }
    void turn() {
        for (int news = 0; news < 2; ++news) {
            TestBatch batch({});
            batch.submit_to(*target);
            ASSERT_TRUE(batch.wait());
        }
    }
    void advance(int ms) {
        clock.advance(std::chrono::milliseconds(ms));
        turn();
    }
    Bodies last() { return fake.calls_made().back().bodies; }

    FakeTarget fake{[](const Call&, sluice_fault*) { return SLUICE_QUEUED; }};
    FakeClock clock{1};
    std::unique_ptr<Target> target;
};

TEST_F(TargetKeys, OfWhichOneFailsHoldsUpNoOther) {
    TestBatch first({"a:1", "b:1", "a:2"});
    const std::uint64_t token = publish(first);
    fake.answer(token, 1, SLUICE_UNAVAILABLE, "the leader of the partition is unreachable");
    turn();
    TestBatch second({"a:3", "c:1"});
    publish(second);
    EXPECT_EQ(last(), Bodies{"c:1"}) << "b and c go on, a waits";
    fake.answer(fake.calls_made()[1].token, 1, SLUICE_OK);
    fake.answer(token + 1, 1, SLUICE_OK);
    turn();
    advance(1'000);
    EXPECT_EQ(fake.calls.value(), 2u) << "a:2 is not answered yet";
    fake.answer(token + 2, 1, SLUICE_UNAVAILABLE);
    ASSERT_TRUE(fake.calls.reaches(3));
    EXPECT_EQ(last(), (Bodies{"a:1", "a:2", "a:3"}));
    EXPECT_GT(fake.calls_made()[2].token, token + 3);
    fake.answer(fake.calls_made()[2].token, 3, SLUICE_OK);
    ASSERT_TRUE(first.wait() && second.wait());
    EXPECT_EQ(first.statuses(), Statuses(3, SLUICE_OK));
    EXPECT_EQ(target->counts().pending, 0u);
    stop(*target, clock);
}

TEST_F(TargetKeys, WaitLongerAfterEachFailureWhileOthersAreStored) {
    TestBatch bad({"a:1"});
    std::uint64_t token = publish(bad);
    std::vector<std::unique_ptr<TestBatch>> others;
    for (const int wait_ms : {100, 200, 400, 400}) {
        fake.answer(token, 1, SLUICE_UNKNOWN, "no answer");
        turn();
        others.push_back(std::make_unique<TestBatch>(Bodies{"b:1"}));
        const std::uint64_t other = publish(*others.back());
        EXPECT_EQ(last(), Bodies{"b:1"}) << "at once";
        fake.answer(other, 1, SLUICE_OK);
        ASSERT_TRUE(others.back()->wait());
        const std::uint64_t calls = fake.calls.value();
        advance(wait_ms - 1);
        EXPECT_EQ(fake.calls.value(), calls) << wait_ms;
        advance(1);
        ASSERT_TRUE(fake.calls.reaches(calls + 1)) << wait_ms;
        EXPECT_EQ(last(), Bodies{"a:1"});
        token = fake.calls_made().back().token;
    }
    EXPECT_EQ(target->away_since_ns(), 0) << "it is reachable";
    fake.answer(token, 1, SLUICE_OK);
    ASSERT_TRUE(bad.wait());
    stop(*target, clock);
}

TEST_F(TargetKeys, OfWhichAllFailAreTheTargetsOutage) {
    TestBatch first({"a:1"});
    TestBatch second({"b:1"});
    TestBatch third({"c:1"});
    fake.answer(publish(first), 1, SLUICE_UNAVAILABLE, "no route");
    turn();
    fake.answer(publish(second), 1, SLUICE_UNAVAILABLE, "no route");
    turn();
    third.submit_to(*target);
    turn();
    EXPECT_EQ(fake.calls.value(), 2u) << "nothing is tried while it is unreachable";
    EXPECT_NE(target->away_since_ns(), 0);
    advance(200);
    ASSERT_TRUE(fake.calls.reaches(3));
    Bodies tried = last();
    std::ranges::sort(tried);
    EXPECT_EQ(tried, (Bodies{"a:1", "b:1", "c:1"}));
    fake.answer(fake.calls_made()[2].token, 3, SLUICE_OK);
    ASSERT_TRUE(first.wait() && second.wait() && third.wait());
    turn();
    EXPECT_EQ(target->away_since_ns(), 0);
    stop(*target, clock);
}

TEST_F(TargetKeys, MakeNoDifferenceWhereTheTargetIsFull) {
    TestBatch first({"a:1", "b:1", "a:2"});
    const std::uint64_t token = publish(first);
    fake.answer(token, 1, SLUICE_UNAVAILABLE);
    turn();
    fake.answer(token + 1, 1, SLUICE_FULL);
    turn();
    TestBatch second({"c:1", "a:3"});
    second.submit_to(*target);
    advance(1'000);
    EXPECT_EQ(fake.calls.value(), 1u) << "nothing overtakes what a full target gave back";
    fake.answer(token + 2, 1, SLUICE_FULL);
    ASSERT_TRUE(fake.calls.reaches(2));
    EXPECT_EQ(last(), (Bodies{"a:1", "b:1", "a:2", "c:1", "a:3"}));
    fake.answer(fake.calls_made()[1].token, 5, SLUICE_OK);
    ASSERT_TRUE(first.wait() && second.wait());
    stop(*target, clock);
}

TEST_F(TargetKeys, GoOnBehindAMessageThatIsRefused) {
    TestBatch batch({"a:1", "a:2"});
    std::uint64_t token = publish(batch);
    fake.answer(token, 2, SLUICE_UNAVAILABLE);
    turn();
    advance(100);
    ASSERT_TRUE(fake.calls.reaches(2));
    token = fake.calls_made()[1].token;
    fake.answer(token, 1, SLUICE_INVALID, "too large");
    fake.answer(token + 1, 1, SLUICE_OK);
    ASSERT_TRUE(batch.wait());
    EXPECT_EQ(batch.statuses(), (Statuses{SLUICE_INVALID, SLUICE_OK}));
    stop(*target, clock);
}

TEST_F(TargetKeys, AreAnsweredAtTheEndOfAStop) {
    TestBatch first({"a:1"});
    TestBatch behind({"a:2"});
    fake.answer(publish(first), 1, SLUICE_CONFLICT);
    turn();
    behind.submit_to(*target);
    turn();
    target->request_stop(clock.now() + 1'000'000'000);
    ASSERT_TRUE(fake.calls.reaches(2)) << "once more, though its backoff is not over";
    EXPECT_EQ(last(), (Bodies{"a:1", "a:2"}));
    fake.answer(fake.calls_made()[1].token, 2, SLUICE_CONFLICT);
    turn();
    clock.advance(std::chrono::seconds(2));
    target->request_stop(clock.now());
    ASSERT_TRUE(first.wait() && behind.wait());
    EXPECT_EQ(first.statuses(), Statuses{SLUICE_STOPPED});
    EXPECT_EQ(behind.statuses(), Statuses{SLUICE_STOPPED});
    ASSERT_TRUE(target->join(clock.now() + 1'000'000'000));
}

// Keys fail one by one, each with what the adapter has of it, and the next call in which it comes (sluice_queue.publish).
class PartitionedAdapter {
public:
    PartitionedAdapter() : answerer_([this] { answer_all(); }) {}
    ~PartitionedAdapter() {
        {
            const std::lock_guard lock(mutex_);
            ending_ = true;
            changed_.notify_all();
        }
        answerer_.join();
    }

    FakeTarget fake{[this](const Call& call, sluice_fault*) { return publish(call); }};
    std::map<std::string, Bodies> stored;  // by key

private:
    struct Taken {
        std::uint64_t token;
        std::string body;
        std::uint64_t call;
        std::string key() const { return body.substr(0, body.find(':')); }
    };

    sluice_status publish(const Call& call) {
        const std::lock_guard lock(mutex_);
        ++calls_;
        if (random_() % 30 == 0) return SLUICE_UNAVAILABLE;
        bool is_in_order = true;
        for (const std::string& body : call.bodies)
            if (const auto fence = fences_.find(body.substr(0, body.find(':')));
                fence != fences_.end() && fence->second.refuses)
                is_in_order = fence->second.refuses = false;
        if (!is_in_order) return SLUICE_CONFLICT;
        for (std::size_t at = 0; at < call.bodies.size(); ++at) queue_.push_back({call.token + at, call.bodies[at], calls_});
        changed_.notify_all();
        return SLUICE_QUEUED;
    }

    void answer_all() {
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [&] { return ending_ || !queue_.empty(); });
            if (queue_.empty()) return;
            const Taken one = queue_.front();
            queue_.pop_front();
            const auto fence = fences_.find(one.key());
            const bool follows = fence != fences_.end() && one.call <= fence->second.last_call;
            if (follows || random_() % 10 == 0) {
                fake.answer(one.token, 1, SLUICE_UNAVAILABLE, "its partition has no leader");
                if (!follows) fences_[one.key()] = {calls_, true};
            } else {
                stored[one.key()].push_back(one.body);
                fake.answer(one.token, 1, SLUICE_OK);
            }
            if (random_() % 4 == 0) {
                lock.unlock();
                std::this_thread::yield();
                lock.lock();
            }
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Taken> queue_;
    struct Fence {
        std::uint64_t last_call;  // that had begun when it failed
        bool refuses;             // the next call in which the key comes
    };
    std::map<std::string, Fence> fences_;
    std::uint64_t calls_ = 0;
    std::mt19937_64 random_{11};
    bool ending_ = false;
    std::thread answerer_;
};

TEST(TargetKeysStress, StaysInOrderWhileItsMessagesFailOneByOne) {
    constexpr int keys = 12;
    PartitionedAdapter adapter;
    SystemClock clock;
    Target target(adapter.fake.port(), quick(), clock, {});
    ASSERT_TRUE(target.start());
    std::mt19937_64 random(3);
    std::map<std::string, Bodies> expected;
    std::vector<std::unique_ptr<TestBatch>> batches;
    for (int at = 0; at < 600; ++at) {
        Bodies bodies;
        for (std::uint64_t left = 1 + random() % 20; left > 0; --left) {
            const std::string key = "k" + std::to_string(random() % keys);
            bodies.push_back(key + ":" + std::to_string(expected[key].size()));
            expected[key].push_back(bodies.back());
        }
        batches.push_back(std::make_unique<TestBatch>(bodies));
        batches.back()->submit_to(target);
        if (random() % 8 == 0) {
            ASSERT_TRUE(batches.back()->wait());
        }
    }
    for (const auto& batch : batches) ASSERT_TRUE(batch->wait());
    stop(target, clock);
    EXPECT_EQ(adapter.stored, expected);
    EXPECT_GT(target.counts().retried, 100u);
    EXPECT_EQ(target.counts().pending, 0u);
}

}  // namespace
}  // namespace sluice
