// A source thread with one pool and a store of dead letters: all real but for the plugins.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "source/fake_source.hpp"
#include "source/source_loop.hpp"
#include "work/fake_database.hpp"
#include "work/pool_bench.hpp"

namespace sluice {

struct SourceBench : PoolBench {
    // Routes by /k of the body.
    void start(FakeHandler::Handle handle, std::uint32_t workers, const WorkPolicy& policy,
               std::vector<FakeDatabase*> databases = {}) {
        for (FakeDatabase* database : databases) use(*database);
        handler = std::make_unique<FakeHandler>(std::move(handle));
        on_handler(*handler);
        loop = std::make_unique<SourceLoop>("fake", "fake", source.create_port(), clock, logging.logger("sources.fake"),
                                            [this] { ended.add(); });
        pool = make_pool(*handler, workers, policy, loop->return_path());
        PoolRules rules;
        rules.route.by = RouteBy::pointer;
        rules.route.key = "/k";
        rules.route.worker_count = workers;
        auto router = SourceRouter::make({rules});
        ASSERT_TRUE(router);
        ASSERT_TRUE(target.start());
        loop->connect(std::move(*router),
                      {{.pool = pool.get(), .when_full = {}, .logger = logging.logger("pools.p"), .rebalance = rebalance}},
                      target, 2 * limits::poll_batch + pool->room());
        on_loop(*loop);
        loop->proxy().limit_dead_letters({dead_letters_max, dead_letters_period_ns});
        ASSERT_TRUE(loop->open());
        watch.start();
        loop->start();
    }
    // As the host closes; the loop has ended or is about to.
    void close() {
        ASSERT_TRUE(loop->join(clock.now() + 100'000'000'000)) << log.text();
        pool->stop(StopMode::finish_current);
        ASSERT_TRUE(pool->join(soon()));
        watch.stop();
        loop->close();
        pool->close();
        stop(target, clock);
    }
    sluice_status push(const std::string& id, const std::string& body, std::uint64_t tag, std::uint32_t lane = 0) const {
        sluice_incoming incoming{};
        incoming.struct_size = sizeof incoming;
        incoming.body = {body.data(), body.size()};
        incoming.id = {id.data(), id.size()};
        incoming.tag = tag;
        incoming.lane = lane;
        return source.sink->push(source.sink->context, &incoming);
    }

    std::function<void(FakeHandler&)> on_handler = [](FakeHandler&) {};
    std::function<void(SourceLoop&)> on_loop = [](SourceLoop&) {};
    FakeSource source;
    FakeTarget::OnPublish on_dead_letter = [](const Call&, sluice_fault*) { return SLUICE_OK; };
    FakeTarget dead_letters{[this](const Call& call, sluice_fault* fault) { return on_dead_letter(call, fault); }};
    Target target{dead_letters.port(), quick(), clock, logging.logger("dead_letters")};
    bool rebalance = true;
    std::uint64_t dead_letters_max = 0;
    std::int64_t dead_letters_period_ns = 1;
    Tally ended;
    std::unique_ptr<FakeHandler> handler;
    std::unique_ptr<SourceLoop> loop;
    std::unique_ptr<WorkerPool> pool;
};

class SourceLoopTest : public testing::Test {
protected:
    using Handled = FakeHandler::Call;

    // Delivers `count` messages in the first poll and says `then` in all that follow.
    void deliver(std::uint64_t count, sluice_status then) {
        bench.source.on_poll = [this, count, then](std::uint32_t, std::uint32_t, sluice_fault* fault) {
            if (++polls > 1) return sluice_fault_set(fault, then, "so it is", 8);
            for (std::uint64_t tag = 1; tag <= count; ++tag)
                EXPECT_EQ(bench.push("m" + std::to_string(tag), "{\"k\":" + std::to_string(tag) + "}", tag), SLUICE_OK);
            return SLUICE_OK;
        };
    }
    void start(FakeHandler::Handle handle) { bench.start(std::move(handle), 1, WorkPolicy{}); }
    void close() { bench.close(); }
    void expect_law() {
        EXPECT_TRUE(bench.loop->counts().law_holds());
        EXPECT_EQ(bench.loop->counts().in_flight, 0u);
    }
    bool logged(const std::string& text) const { return bench.log.text().find(text) != std::string::npos; }

    SourceBench bench;
    int polls = 0;
};

}  // namespace sluice
