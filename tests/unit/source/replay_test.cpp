#include "source/replay.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <mutex>

#include "source/source_bench.hpp"
#include "text/json_read.hpp"

namespace sluice {
namespace {

class Ended final : public ReplayReturn {
public:
    void put(std::unique_ptr<ReplayItem> item) override {
        const std::lock_guard lock(mutex_);
        items_.push_back(std::move(item));
        count.add();
    }
    const ReplayItem& at(std::size_t index) {
        const std::lock_guard lock(mutex_);
        return *items_.at(index);
    }
    Tally count;

private:
    std::mutex mutex_;
    std::vector<std::unique_ptr<ReplayItem>> items_;
};

class ReplayTest : public testing::Test {
protected:
    using Handled = FakeHandler::Call;

    std::unique_ptr<ReplayItem> item(const std::string& place, const std::string& body = "{\"k\":1}") {
        auto made = std::make_unique<ReplayItem>();
        made->place = place;
        made->letter.id = "m" + place;
        made->letter.source = "fake";
        made->letter.body = body;
        made->letter.headers = {{"h", "1"}, {"h", "2"}};
        made->letter.message_key = "region-7";
        made->letter.subject = "orders.eu";
        made->back = back;
        return made;
    }
    bool replay(const std::string& place) {
        auto made = item(place);
        return bench.loop->replay(made);
    }
    // The source brings nothing and goes on until it is told to stop.
    void start(FakeHandler::Handle handle, WorkPolicy policy = {}, std::vector<FakeDatabase*> databases = {}) {
        bench.source.on_wake = [this] { woken.add(); };
        bench.source.on_poll = [this](std::uint32_t, std::uint32_t wait_ms, sluice_fault*) {
            if (wait_ms != 0) woken.reaches(++waits);
            return SLUICE_OK;
        };
        bench.start(std::move(handle), 1, policy, std::move(databases));
    }
    void stop() {
        bench.loop->request_stop();
        bench.pool->stop(StopMode::drain);
        woken.add(1000);
        bench.close();
        const SourceCounts counts = bench.loop->replay_counts();
        EXPECT_TRUE(counts.law_holds());
        EXPECT_EQ(counts.in_flight, 0u);
        EXPECT_EQ(bench.loop->counts().received, 0u) << "it is not of the source";
    }

    std::shared_ptr<Ended> back = std::make_shared<Ended>();
    Tally woken;
    std::uint64_t waits = 0;
    SourceBench bench;
};

TEST_F(ReplayTest, IsTheMessageAsItCame) {
    std::promise<std::string> seen;
    start([&](const Handled& call) {
        const sluice_message& message = call.message;
        std::string text = call.id() + " " + std::string(message.source.data, message.source.size) + " " +
                           std::string(message.body.data, message.body.size) + " " + std::to_string(message.attempt);
        for (std::uint32_t i = 0; i < message.header_count; ++i)
            text += " " + std::string(message.headers[i].name.data, 1) + std::string(message.headers[i].value.data, 1);
        text.append(" ").append(message_key_of(message)).append(" ").append(subject_of(message));
        seen.set_value(text);
        return SLUICE_DONE;
    });
    ASSERT_TRUE(replay("7"));
    EXPECT_EQ(seen.get_future().get(), "m7 fake {\"k\":1} 1 h1 h2 region-7 orders.eu");
    ASSERT_TRUE(back->count.reaches(1));
    EXPECT_EQ(back->at(0).outcome, Outcome::acked);
    stop();
    EXPECT_EQ(bench.loop->replay_counts().acked, 1u);
}

TEST_F(ReplayTest, SkippedIsGoneToo) {
    start([](const Handled&) { return SLUICE_SKIP; });
    ASSERT_TRUE(replay("1"));
    ASSERT_TRUE(back->count.reaches(1));
    EXPECT_EQ(back->at(0).outcome, Outcome::skipped);
    stop();
}

TEST_F(ReplayTest, ThatDiesAgainTakesThePlaceOfTheOldDeadLetter) {
    std::string replaced;
    bench.dead_letters.table.publish = [](void* self, const sluice_outgoing* const* messages, std::uint64_t count,
                                          std::uint64_t, sluice_fault*) -> sluice_status {
        auto& fake = *static_cast<FakeTarget*>(self);
        EXPECT_EQ(count, 1u);
        EXPECT_EQ(std::string(messages[0]->replaces.data, messages[0]->replaces.size), "9");
        EXPECT_EQ(text_of(*read_json({messages[0]->body.data, messages[0]->body.size}), "id"), "m9");
        fake.calls.add();
        return SLUICE_OK;
    };
    start([](const Handled& call) { return call.say(SLUICE_REJECT, "never"); });
    ASSERT_TRUE(replay("9"));
    ASSERT_TRUE(back->count.reaches(1));
    EXPECT_EQ(back->at(0).outcome, Outcome::dead_letter);
    EXPECT_EQ(back->at(0).text, "never");
    EXPECT_EQ(bench.dead_letters.calls.value(), 1u);
    stop();
    EXPECT_EQ(bench.loop->replay_counts().dead_lettered, 1u);
}

TEST_F(ReplayTest, IsRecordedUnderItsIdAndUnderThePlaceItsSourceDeliversItFrom) {
    FakeDatabase database("db", true);
    start([](const Handled& call) { return call.write() == SLUICE_QUEUED ? SLUICE_DONE : SLUICE_RETRY; }, {}, {&database});
    auto made = item("4");
    made->letter.delivery = DeadLetter::Delivery{1, 40, 50};
    ASSERT_TRUE(bench.loop->replay(made));
    ASSERT_TRUE(back->count.reaches(1));
    EXPECT_EQ(back->at(0).outcome, Outcome::acked) << back->at(0).text;
    stop();
    EXPECT_EQ(database.identities(), (std::vector<std::string>{"m4", "m4 m 40 50"}));
}

TEST_F(ReplayTest, ThatIsInterruptedBetweenItsCommitAndItsRemovalMakesNoEffectsAgain) {
    FakeDatabase database("db", true);
    start([](const Handled& call) { return call.write() == SLUICE_QUEUED ? SLUICE_DONE : SLUICE_RETRY; }, {}, {&database});
    ASSERT_TRUE(replay("4"));
    ASSERT_TRUE(back->count.reaches(1));
    EXPECT_EQ(back->at(0).outcome, Outcome::acked) << back->at(0).text;
    // The same once more, as after a crash between commit and removal: no effects.
    ASSERT_TRUE(replay("4"));
    ASSERT_TRUE(back->count.reaches(2));
    EXPECT_EQ(back->at(1).outcome, Outcome::acked);
    stop();
    EXPECT_EQ(database.durable(), (std::vector<std::string>{"m4"}));
    EXPECT_TRUE(database.knows("m4"));
}

TEST_F(ReplayTest, StandsBehindWhatItsKeyHasWaiting) {
    std::promise<void> release;
    std::mutex mutex;
    std::vector<std::string> order;
    start([&, released = release.get_future().share()](const Handled& call) {
        released.wait();
        const std::lock_guard lock(mutex);
        order.push_back(call.id());
        return SLUICE_DONE;
    });
    for (const char* place : {"1", "2", "3"}) ASSERT_TRUE(replay(place));
    release.set_value();
    ASSERT_TRUE(back->count.reaches(3));
    stop();
    EXPECT_EQ(order, (std::vector<std::string>{"m1", "m2", "m3"}));
}

TEST_F(ReplayTest, ThatAStopCutsShortStaysWhereItIs) {
    std::promise<void> begun, release;
    start(
        [&, released = release.get_future().share(), first = true](const Handled&) mutable {
            if (std::exchange(first, false)) begun.set_value();
            released.wait();
            return SLUICE_DONE;
        },
        [] {
            WorkPolicy policy;
            policy.batch_max = 1;
            return policy;
        }());
    for (const char* place : {"1", "2"}) ASSERT_TRUE(replay(place));
    begun.get_future().wait();
    bench.loop->request_stop();
    bench.pool->stop(StopMode::finish_current);
    release.set_value();
    ASSERT_TRUE(back->count.reaches(2));
    stop();
    EXPECT_EQ(back->at(0).outcome, Outcome::acked);
    EXPECT_EQ(back->at(1).outcome, Outcome::released);
    EXPECT_EQ(bench.loop->replay_counts().released, 1u);
}

TEST_F(ReplayTest, IsRefusedOnceTheSourceHasEnded) {
    start([](const Handled&) { return SLUICE_DONE; });
    stop();
    auto late = item("1");
    EXPECT_FALSE(bench.loop->replay(late));
    ASSERT_NE(late, nullptr) << "it stays with the caller";
    EXPECT_EQ(back->count.value(), 0u);
}

TEST_F(ReplayTest, OfARecordThatIsTooLargeIsNone) {
    start([](const Handled&) { return SLUICE_DONE; });
    auto large = item("1");
    large->letter.id = std::string(limits::id_bytes_max + 1, 'x');
    ASSERT_TRUE(bench.loop->replay(large));
    ASSERT_TRUE(back->count.reaches(1));
    EXPECT_EQ(back->at(0).outcome, Outcome::released);
    EXPECT_EQ(back->at(0).text, "it is larger than a message may be");
    stop();
}

}  // namespace
}  // namespace sluice
