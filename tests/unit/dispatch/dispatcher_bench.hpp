// A dispatcher with one pool of two workers that a test holds up: key a goes to the first, b to the second, others by hash.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dispatch/dispatcher.hpp"
#include "work/pool_bench.hpp"

namespace sluice {

// Those of key a block in their handler until let_go(). A queue has room for two, and a worker takes one at a time.
class DispatcherTest : public testing::Test {
protected:
    void make(WhenFull::Then when_full) {
        make({.pool = nullptr, .when_full = {.then = when_full}, .logger = bench.logging.logger("pools.p")});
    }
    void make(PoolFeed::Options options) {
        WorkPolicy policy;
        policy.queue_capacity = 2;
        policy.batch_max = 1;
        policy.backoff_ms = policy.backoff_max_ms = 3'600'000;
        policy.warn_at_ms = warn_at_ms;
        pool = bench.make_pool(handler, 2, policy, {outcomes, event_count, confirmed});
        bench.watch.start();
        PoolRules rules;
        rules.when = {{"/type", "flight"}};
        rules.route.by = RouteBy::pointer;
        rules.route.key = "/k";
        rules.route.workers = {{"a", 0}, {"b", 1}};
        rules.route.worker_count = 2;
        rules.route.missing.then = MissingKey::Then::dead_letter;
        auto router = SourceRouter::make({rules});
        ASSERT_TRUE(router);
        options.pool = pool.get();
        dispatcher = std::make_unique<Dispatcher>(std::move(*router), store, std::vector<PoolFeed::Options>{std::move(options)},
                                                  &recorded);
    }
    void make_overflow(std::uint32_t messages) {
        make({.pool = nullptr,
              .when_full = {.then = WhenFull::Then::overflow, .overflow = messages},
              .logger = bench.logging.logger("pools.p")});
    }
    void make_release(bool keeps_order) {
        make({.pool = nullptr,
              .when_full = {.then = WhenFull::Then::release, .timeout_ms = 100},
              .logger = bench.logging.logger("pools.p"),
              .keeps_order = keeps_order});
    }
    Message* message(const std::string& id, const std::string& body) {
        sluice_incoming incoming{};
        incoming.struct_size = sizeof incoming;
        incoming.id = {id.data(), id.size()};
        incoming.body = {body.data(), body.size()};
        Message* made = store.create(incoming);
        made->received_ns = now_ns;
        return made;
    }
    // "a1 b1": of keys a and b.
    void dispatch(std::string_view ids) {
        MessageList polled;
        while (!ids.empty()) {
            const std::string id(ids.substr(0, ids.find(' ')));
            ids.remove_prefix(std::min(id.size() + 1, ids.size()));
            polled.push_back(message(id, R"({"type":"flight","k":")" + id.substr(0, 1) + "\"}"));
        }
        dispatcher->dispatch(polled, now_ns, ended);
    }
    // The first worker holds a0 in its handler, a1 and a2 in its queue.
    void fill() {
        dispatch("a0");
        ASSERT_TRUE(entered[0].reaches(1));
        dispatch("a1 a2");
        ASSERT_EQ(dispatcher->waiting(), 0u);
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
            event_count.prepare_wait();
            if (outcomes.empty() && !dispatcher->may_push()) event_count.wait(test_deadline);
            event_count.end_wait();
            take_outcomes(outcomes, [&](Message* message) {
                ++done;
                dispatcher->came_back(*message);
                store.destroy(message);
            });
            dispatcher->push_waiting(now_ns, ended);
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
    std::function<sluice_verdict(const FakeHandler::Call&)> verdict = [](const FakeHandler::Call&) { return SLUICE_DONE; };
    FakeHandler handler{[this](const FakeHandler::Call& call) {
        entered[call.message.worker].add();
        if (call.id()[0] == 'a') gate.wait();
        const sluice_verdict said = verdict(call);
        const std::lock_guard lock(mutex);
        handled_by[call.message.worker] += call.id() + " ";
        return said;
    }};
    std::int64_t now_ns = 0;
    std::int64_t warn_at_ms = 0;
    Inbox<Outcomes> outcomes;
    EventCount event_count;
    Confirmed confirmed{"fake"};
    MessageStore store{"fake"};
    std::unique_ptr<WorkerPool> pool;
    RecordedBefore recorded;
    std::unique_ptr<Dispatcher> dispatcher;
    MessageList ended;
    Outcome outcome = Outcome::none;
    std::string error;
};

}  // namespace sluice
