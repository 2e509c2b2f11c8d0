#include "source/source_gates.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "source/source_bench.hpp"

namespace sluice {
namespace {

class SourceGates : public SourceLoopTest {};

TEST_F(SourceGates, SaysWhyItIsNotPolled) {
    deliver(50, SLUICE_OK);
    bench.dead_letters_max = 5;
    bench.dead_letters_period_ns = 3'600'000'000'000;
    Tally handled;
    start([&](const Handled& call) {
        handled.add();
        return call.say(SLUICE_REJECT, "no");
    });
    ASSERT_TRUE(handled.reaches(50));
    const std::int64_t deadline_ns = bench.clock.now() + 10'000 * ns_per_ms;
    while (bench.loop->not_polled().reason != "dead_letters.max_rate" && bench.clock.now() < deadline_ns)
        std::this_thread::yield();
    EXPECT_EQ(bench.loop->not_polled().reason, "dead_letters.max_rate");
    EXPECT_GT(bench.loop->not_polled().since_ns, 0);
    bench.loop->request_stop();
    bench.pool->stop(StopMode::finish_current);
    close();
    EXPECT_EQ(bench.loop->not_polled().reason, "") << "it has ended";
}

TEST_F(SourceGates, TellsTheSourceHowManyBytesThereIsRoomFor) {
    MemoryLimit memory(1u << 20, bench.logging.logger("memory"));
    bench.on_loop = [&](SourceLoop& loop) { loop.share(memory); };
    std::uint64_t max_bytes = 0;
    bench.source.on_poll = [&](std::uint32_t max, std::uint32_t, sluice_fault*) {
        EXPECT_GT(max, 0u);
        max_bytes = bench.source.polled.max_bytes;
        return SLUICE_END;
    };
    start([](const Handled&) { return SLUICE_DONE; });
    close();
    EXPECT_GT(max_bytes, 0u);
    EXPECT_LE(max_bytes, 1u << 17) << "a share of the last eighth of the limit";
    bench.loop = nullptr;  // before its limit
}

}  // namespace
}  // namespace sluice
