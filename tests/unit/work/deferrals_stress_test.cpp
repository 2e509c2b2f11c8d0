// Deferred messages that many threads end at once.
#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

#include "ending.hpp"
#include "source/source_bench.hpp"
#include "work/worker_bench.hpp"

namespace sluice {
namespace {

// Threads that end what was deferred, some of it twice, some with tickets of others, while the pool works.
TEST(WorkerDeferredStress, EndsEveryMessageOnceAndEachKeyInOrder) {
    constexpr std::uint64_t total = 4'000;
    constexpr std::uint64_t keys = 50;
    struct Open {
        sluice_host* host;
        sluice_ticket ticket;
    };
    std::mutex mutex;
    std::condition_variable more;
    std::vector<Open> open;
    bool ended = false;
    std::array<std::atomic<std::uint64_t>, keys> next{};
    std::atomic<int> violations{0};

    SourceBench bench;
    std::uint64_t delivered = 0;
    std::vector<std::uint64_t> numbers(keys, 0);
    std::uint64_t acked = 0;
    bench.source.on_poll = [&](std::uint32_t max, std::uint32_t, sluice_fault*) {
        for (std::uint32_t i = 0; i < max && delivered < total; ++i) {
            const std::uint64_t key = delivered % keys;
            EXPECT_EQ(bench.push(std::to_string(numbers[key]++), "{\"k\":" + std::to_string(key) + "}", ++delivered),
                      SLUICE_OK);
        }
        return delivered == total ? SLUICE_END : SLUICE_OK;
    };
    bench.source.on_settle = [&](FakeSource::Settlements items) {
        for (const sluice_settlement& item : items) acked += item.action == SLUICE_ACK;
        return SLUICE_OK;
    };

    std::vector<std::thread> enders;
    for (unsigned seed = 0; seed < 3; ++seed)
        enders.emplace_back([&, seed] {
            std::minstd_rand random(seed + 1);
            for (;;) {
                Open one{};
                {
                    std::unique_lock lock(mutex);
                    more.wait(lock, [&] { return ended || !open.empty(); });
                    if (open.empty()) return;
                    const std::size_t at = random() % open.size();
                    one = open[at];
                    open[at] = open.back();
                    open.pop_back();
                }
                if (random() % 4 == 0 &&
                    end(host_api(), one.host, one.ticket + 1 + random() % 1000, ending(SLUICE_DONE)) == SLUICE_INVALID)
                    violations.fetch_add(1);
                sluice_status status = SLUICE_OK;
                switch (random() % 4) {
                    case 0: status = host_api().resume(one.host, one.ticket, random()); break;
                    case 1: status = end(host_api(), one.host, one.ticket, ending(SLUICE_RETRY)); break;
                    default: status = end(host_api(), one.host, one.ticket, ending(SLUICE_DONE));
                }
                // A neighbour's guess may have hit it: then it has ended all the same, once.
                if (status != SLUICE_OK && status != SLUICE_STALE) violations.fetch_add(1);
                if (random() % 3 == 0 && end(host_api(), one.host, one.ticket, ending(SLUICE_DONE)) == SLUICE_OK)
                    violations.fetch_add(1);
            }
        });

    WorkPolicy policy = WorkerBench::quick();
    policy.attempts = 1'000;
    FakeHandler::Handle handle = [&](const Handled& call) {
        const std::string body(call.message.body.data, call.message.body.size);
        const std::uint64_t key = std::stoull(body.substr(5));
        const std::uint64_t number = std::stoull(call.id());
        // Begun only when all before it have ended: only a further attempt comes twice.
        const std::uint64_t expected = next[key].load();
        if (number == expected)
            next[key].store(number + 1);
        else if (number + 1 != expected)
            violations.fetch_add(1);
        if (number % 2 == 1) return SLUICE_DONE;
        const std::lock_guard lock(mutex);
        open.push_back({call.host, call.ticket});
        more.notify_one();
        return SLUICE_DEFER;
    };
    bench.on_handler = [](FakeHandler& handler) {
        handler.on_resume = [](const Handled&, std::uint64_t) { return SLUICE_DONE; };
    };
    bench.start(handle, 4, policy);
    bench.close();
    {
        const std::lock_guard lock(mutex);
        ended = true;
    }
    more.notify_all();
    for (std::thread& ender : enders) ender.join();
    EXPECT_EQ(violations.load(), 0);
    EXPECT_EQ(acked, total);
    EXPECT_EQ(bench.loop->counts().in_flight, 0u);
    EXPECT_TRUE(bench.loop->counts().law_holds());
}

}  // namespace
}  // namespace sluice
