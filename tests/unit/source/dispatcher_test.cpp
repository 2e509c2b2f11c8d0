#include "source/dispatcher.hpp"

#include <gtest/gtest.h>

#include <future>
#include <map>
#include <mutex>

#include "work/pool_bench.hpp"

namespace sluice {
namespace {

// Two workers: key a goes to the first, b to the second. Both block in their handlers until they are released.
class DispatcherTest : public testing::Test {
protected:
    void make(WhenFullThen when_full) {
        WorkPolicy policy;
        policy.queue_capacity = 2;
        policy.batch_max = 1;
        pool = bench.make_pool(handler, 2, policy, {outcomes, bell, confirmed});
        bench.watch.start();
        PoolRules rules;
        rules.when = {{"/type", "flight"}};
        rules.route.by = RouteRules::By::pointer;
        rules.route.key = "/k";
        rules.route.workers = {{"a", 0}, {"b", 1}};
        rules.route.worker_count = 2;
        rules.route.missing = RouteRules::Missing::dead_letter;
        auto router = SourceRouter::make({rules});
        ASSERT_TRUE(router);
        dispatcher = std::make_unique<Dispatcher>(std::move(*router), store,
                                                  std::vector<Dispatcher::PoolLane>{{pool.get(), when_full, bench.logging.logger("pools.p")}});
    }
    Message* message(const std::string& id, const std::string& body) {
        sluice_incoming incoming{};
        incoming.struct_size = sizeof incoming;
        incoming.id = {id.data(), id.size()};
        incoming.body = {body.data(), body.size()};
        return store.create(incoming);
    }
    // "a1 b1": of keys a and b.
    void dispatch(std::string_view ids) {
        MessageList polled;
        while (!ids.empty()) {
            const std::string id(ids.substr(0, ids.find(' ')));
            ids.remove_prefix(std::min(id.size() + 1, ids.size()));
            polled.push_back(message(id, R"({"type":"flight","k":")" + id.substr(0, 1) + "\"}"));
        }
        dispatcher->dispatch(polled, 0, ended);
    }
    std::string take_ended() {
        std::string all;
        while (Message* message = ended.pop_front()) {
            if (!all.empty()) all += ' ';
            all.append(message->view.id.data, message->view.id.size);
            outcome = message->outcome;
            error = message->error();
            store.destroy(message);
        }
        return all;
    }
    // Until the workers have ended `count` messages; pushes what waits whenever there is room.
    void work_off(std::uint64_t count) {
        const std::int64_t deadline = bench.soon();
        for (std::uint64_t done = 0; done < count;) {
            ASSERT_LT(bench.clock.now(), deadline);
            bell.lie_down();
            if (outcomes.empty() && !dispatcher->may_push()) bell.wait(test_deadline);
            bell.rise();
            take_outcomes(outcomes, [&](Message* message) {
                ++done;
                store.destroy(message);
            });
            dispatcher->push_waiting(0, ended);
        }
    }
    std::string handled(std::uint32_t worker) {
        const std::lock_guard lock(mutex);
        return handled_by[worker];
    }
    void TearDown() override {
        if (!released) release.set_value();
        pool->stop(StopMode::finish_current);
        EXPECT_TRUE(pool->join(bench.soon()));
        take_outcomes(outcomes, [&](Message* message) { store.destroy(message); });
        MessageList rest;
        dispatcher->release_all(rest);
        while (Message* message = rest.pop_front()) store.destroy(message);
        EXPECT_EQ(store.live(), 0u);
        bench.watch.stop();
        pool->close();
    }
    void let_go() {
        released = true;
        release.set_value();
    }

    PoolBench bench;
    std::promise<void> release;
    std::shared_future<void> gate = release.get_future().share();
    bool released = false;
    std::mutex mutex;
    std::map<std::uint32_t, std::string> handled_by;
    Tally entered[2];
    FakeHandler handler{[this](const FakeHandler::Call& call) {
        entered[call.message.worker].add();
        if (call.id()[0] == 'a') gate.wait();
        const std::lock_guard lock(mutex);
        handled_by[call.message.worker] += call.id() + " ";
        return SLUICE_DONE;
    }};
    Inbox<Outcomes> outcomes;
    Doorbell bell;
    Confirmed confirmed{"fake"};
    MessageStore store{"fake"};
    std::unique_ptr<WorkerPool> pool;
    std::unique_ptr<Dispatcher> dispatcher;
    MessageList ended;
    Outcome outcome = Outcome::none;
    std::string error;
};

TEST_F(DispatcherTest, OneFullWorkerHoldsUpNoOther) {
    make(WhenFullThen::block);
    dispatch("a0");
    ASSERT_TRUE(entered[0].reaches(1));
    dispatch("a1 a2 a3 b1 a4 b2");
    EXPECT_EQ(dispatcher->waiting(), 2u) << "a3 and a4 wait";
    EXPECT_FALSE(dispatcher->may_push());
    work_off(2);
    EXPECT_EQ(handled(1), "b1 b2 ");
    EXPECT_EQ(handled(0), "");
    let_go();
    work_off(5);
    EXPECT_EQ(handled(0), "a0 a1 a2 a3 a4 ") << "in the order polled";
    EXPECT_EQ(dispatcher->waiting(), 0u);
    EXPECT_EQ(take_ended(), "");
}

TEST_F(DispatcherTest, GivesBackWhatWaitsForRoom) {
    make(WhenFullThen::block);
    dispatch("a0");
    ASSERT_TRUE(entered[0].reaches(1));
    dispatch("a1 a2 a3 a4");
    dispatcher->release_all(ended);
    EXPECT_EQ(take_ended(), "a3 a4");
    EXPECT_EQ(outcome, Outcome::released);
    EXPECT_EQ(dispatcher->waiting(), 0u);
}

TEST_F(DispatcherTest, DropsWhatHasNoRoomIntoTheDeadLetters) {
    make(WhenFullThen::drop_dead_letter);
    dispatch("a0");
    ASSERT_TRUE(entered[0].reaches(1));
    dispatch("a1 a2 a3 a4 b1");
    EXPECT_EQ(take_ended(), "a3 a4");
    EXPECT_EQ(outcome, Outcome::dead_letter);
    EXPECT_EQ(error, "the queue of worker 0 was full, and when_full says drop: dead_letter");
    EXPECT_EQ(dispatcher->waiting(), 0u);
}

TEST_F(DispatcherTest, DropsWhatHasNoRoomAndOnlyCountsIt) {
    make(WhenFullThen::drop_count);
    dispatch("a0");
    ASSERT_TRUE(entered[0].reaches(1));
    dispatch("a1 a2 a3");
    EXPECT_EQ(take_ended(), "a3");
    EXPECT_EQ(outcome, Outcome::dropped);
}

TEST_F(DispatcherTest, EndsWhatNoWorkerIsToHave) {
    make(WhenFullThen::block);
    const auto end_of = [&](Message* one) {
        MessageList polled;
        polled.push_back(one);
        dispatcher->dispatch(polled, 0, ended);
        EXPECT_EQ(take_ended(), "x");
        EXPECT_EQ(outcome, Outcome::dead_letter);
        return error;
    };
    EXPECT_EQ(end_of(message("x", R"({"type":"train","k":"a"})")), "no pool's `when` takes it");
    EXPECT_EQ(end_of(message("x", R"({"type":"flight"})")), "it has no key, and missing_key says dead_letter");
    Message* refused = message("x", "cut");
    refused->outcome = Outcome::dead_letter;
    refused->fail("too long");
    EXPECT_EQ(end_of(refused), "too long");
}

TEST_F(DispatcherTest, KeepsAKeyThatIsNotAViewOfTheBody) {
    make(WhenFullThen::block);
    Message* escaped = message("x", R"({"type":"flight","k":"\u0062"})");
    MessageList polled;
    polled.push_back(escaped);
    dispatcher->dispatch(polled, 0, ended);
    ASSERT_TRUE(entered[1].reaches(1)) << "b, unescaped, goes to the second worker";
    EXPECT_NE(escaped->own_key, nullptr);
    EXPECT_EQ(std::string(escaped->view.key.data, escaped->view.key.size), "b");
    work_off(1);
}

}  // namespace
}  // namespace sluice
