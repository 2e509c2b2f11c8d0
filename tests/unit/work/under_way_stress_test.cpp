// What waits at a worker, looked at and taken away by another thread while the worker is inside handlers. ThreadSanitizer
// judges.
#include <atomic>
#include <memory>
#include <thread>

#include "work/deferring_bench.hpp"

namespace sluice {
namespace {

// Resumed messages get their verdict, and what waits for them is due, while another thread asks `why` and gives back what
// waits, as at the deadline of a stop.
TEST_F(WorkerDeferred, AreLookedAtAndGivenBackWhileResumedOnesGetTheirVerdict) {
    constexpr int rounds = 200;
    make();
    // Relaxed throughout, as the test must not order by itself what the worker has to.
    std::atomic<std::uint64_t> calls{0}, looked{0};
    std::atomic<bool> over{false};
    on_resume = [&](const Handled&) {
        const std::uint64_t before = looked.load(std::memory_order_relaxed);
        calls.fetch_add(1, std::memory_order_relaxed);
        while (looked.load(std::memory_order_relaxed) == before) std::this_thread::yield();
        return SLUICE_DONE;
    };
    on_handle = [&](const Handled&) {
        calls.fetch_add(1, std::memory_order_relaxed);
        std::this_thread::yield();
    };
    std::thread other([&] {
        std::uint64_t seen = 0;
        for (std::uint64_t round = 0; !over.load(std::memory_order_relaxed); ++round) {
            while (seen == calls.load(std::memory_order_relaxed) && !over.load(std::memory_order_relaxed))
                std::this_thread::yield();
            seen = calls.load(std::memory_order_relaxed);
            auto question = std::make_shared<PoolQuestion>();
            question->key_hash = 'a';
            bench->worker->ask(question);
            bench->worker->answer_from_outside();
            if (round % 4 == 0) bench->worker->release_behind_handler();
            looked.fetch_add(1, std::memory_order_relaxed);
        }
    });
    Texts ended;
    for (int round = 0; round < rounds; ++round) {
        bench->push("a1 a2 b1 b2 b3 c1 d1");
        bench->run();
        EXPECT_EQ(resume("a1", 1), SLUICE_OK);
        bench->push("b4 b5 c2 d2");
        bench->run();
        if (tickets.contains("a2") && complete("a2", SLUICE_DONE) == SLUICE_OK) bench->run();
        tickets.clear();
        const Texts some = bench->ended();
        ended.insert(ended.end(), some.begin(), some.end());
    }
    over.store(true, std::memory_order_relaxed);
    other.join();
    EXPECT_EQ(ended.size(), rounds * 11u) << "each ended once, or was given back";
    EXPECT_TRUE(bench->messages.empty());
}

}  // namespace
}  // namespace sluice
