// Which threads run the workers of a pool.
#include "work/worker_pool.hpp"

#include <map>
#include <set>
#include <thread>

#include "source/source_bench.hpp"
#include "work/pool_bench.hpp"

namespace sluice {
namespace {

// The threads on which each worker's handler was called, over a few thousand messages that fail and block now and then.
std::map<std::uint32_t, std::set<std::thread::id>> threads_of_workers(bool affine) {
    constexpr std::uint64_t total = 3'000;
    std::mutex mutex;
    std::map<std::uint32_t, std::set<std::thread::id>> threads;
    SourceBench bench;
    std::uint64_t delivered = 0;
    bench.source.on_poll = [&](std::uint32_t max, std::uint32_t, sluice_fault*) {
        for (std::uint32_t i = 0; i < max && delivered < total; ++i) {
            const std::string id = std::to_string(++delivered);
            EXPECT_EQ(bench.push(id, "{\"k\":" + id + "}", delivered), SLUICE_OK);
        }
        return delivered == total ? SLUICE_END : SLUICE_OK;
    };
    bench.on_handler = [affine](FakeHandler& handler) { handler.thread_affine = affine; };
    WorkPolicy policy;
    policy.batch_max = 4;
    policy.backoff_ms = policy.backoff_max_ms = 1;
    bench.start(
        [&](const FakeHandler::Call& call) {
            const std::uint64_t number = std::stoull(call.id());
            if (number % 50 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));  // a handler that blocks
            const std::lock_guard lock(mutex);
            threads[call.message.worker].insert(std::this_thread::get_id());
            return number % 7 == 0 && call.message.attempt == 1 ? SLUICE_RETRY : SLUICE_DONE;
        },
        4, policy);
    bench.close();
    EXPECT_EQ(bench.loop->counts().acked, total);
    return threads;
}

TEST(WorkerPool, RunsAHandlerThatIsTiedToItsThreadAlwaysOnTheSame) {
    const auto threads = threads_of_workers(true);
    ASSERT_EQ(threads.size(), 4u);
    std::set<std::thread::id> all;
    for (const auto& [worker, its] : threads) {
        EXPECT_EQ(its.size(), 1u) << "worker " << worker;
        all.insert(its.begin(), its.end());
    }
    EXPECT_EQ(all.size(), 4u) << "one each";
}

TEST(WorkerPool, RunsOtherHandlersOnWhicheverThreadIsFree) {
    const auto threads = threads_of_workers(false);
    ASSERT_EQ(threads.size(), 4u);
    std::set<std::thread::id> all;
    for (const auto& [worker, its] : threads) all.insert(its.begin(), its.end());
    EXPECT_LE(all.size(), 4u);
}

// What the workers of a pool share: given to each before it starts, freed with the last.
TEST(WorkerPool, LoadsOnceWhatItsHandlersShare) {
    FakeHandler handler([](const FakeHandler::Call&) { return SLUICE_DONE; });
    FakeHandler* shared = &handler;
    std::vector<std::string> events;
    sluice_status answer = SLUICE_UNAVAILABLE;
    handler.on_load_shared = [&](void** loaded, sluice_fault*) {
        events.emplace_back("loaded");
        *loaded = &shared;
        return answer;
    };
    handler.on_shared = [&](std::string_view what, void* given) {
        EXPECT_EQ(given, &shared);
        events.emplace_back(what);
    };
    Inbox<Outcomes> outcomes;
    EventCount event_count;
    const Confirmed confirmed{"test"};
    PoolBench bench;
    {
        auto pool = bench.create_pool(handler, 3, {}, {outcomes, event_count, confirmed, false});
        EXPECT_EQ(pool->start().error().kind, ErrorKind::unavailable);
        answer = SLUICE_OK;
        EXPECT_TRUE(pool->start());
        EXPECT_TRUE(pool->start()) << "may be called again";
        EXPECT_EQ(events, (std::vector<std::string>{"loaded", "loaded", "used", "used", "used"}));
        pool->close();
    }
    EXPECT_EQ(events.back(), "freed");
    EXPECT_EQ(events.size(), 6u);
}

}  // namespace
}  // namespace sluice
