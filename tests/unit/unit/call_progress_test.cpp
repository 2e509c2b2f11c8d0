// How far a handler says that it is.
#include "unit/call_progress.hpp"

#include "work/worker_bench.hpp"

namespace sluice {
namespace {

TEST(CallProgress, IsOfTheCallThatSaidItWhicheverOfItsMessages) {
    CallTickets call;
    CallProgress progress;
    call.begin_batch(10, 3);
    EXPECT_EQ(progress.in_words(call, 0), "");
    progress.say(12, 40, 1'000'000'000);
    EXPECT_EQ(progress.in_words(call, 3'000'000'000), ", 40 done so far, as it said 2.0 s ago");
    call.end_batch();
    EXPECT_EQ(progress.in_words(call, 3'000'000'000), "");
    call.begin(13);
    EXPECT_EQ(progress.in_words(call, 3'000'000'000), "");
}

TEST(CallProgress, IsThatOfTheCallUnderWay) {
    std::vector<std::string> seen;
    sluice_ticket old = 0;
    WorkerBench* here = nullptr;
    WorkerBench bench([&](const Handled& call) {
        if (call.id() == "a1") {
            EXPECT_EQ(call.api.work_done(call.host, call.ticket, 40), SLUICE_OK);
            here->clock.advance(std::chrono::milliseconds(1'200));
            old = call.ticket;
        } else {
            EXPECT_EQ(call.api.work_done(call.host, old, 41), SLUICE_STALE);
            EXPECT_EQ(call.api.work_done(call.host, 0, 41), SLUICE_STALE);
        }
        seen.push_back(here->host->progress());
        return SLUICE_DONE;
    });
    here = &bench;
    bench.push("a1 a2");
    bench.run();
    EXPECT_EQ(seen, (std::vector<std::string>{", 40 done so far, as it said 1.2 s ago", ""}));
    EXPECT_EQ(bench.host->progress(), "");
}

}  // namespace
}  // namespace sluice
