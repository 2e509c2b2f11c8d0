// Messages whose handler says that something it depends on is unreachable.
#include "ending.hpp"
#include "work/worker_bench.hpp"

namespace sluice {
namespace {

using std::chrono::milliseconds;

sluice_verdict outage(const Handled& call, sluice_status status = SLUICE_UNAVAILABLE, std::int64_t delay_ms = -1) {
    sluice_fault_set(call.fault, status, "503 of the shop", 15);
    call.fault->retry_delay_ms = delay_ms;
    return SLUICE_RETRY;
}

TEST(WorkerOutages, DoNotCountAsAttempts) {
    for (const sluice_status status : {SLUICE_UNAVAILABLE, SLUICE_CONFLICT}) {
        bool reachable = false;
        WorkerBench bench([&](const Handled& call) { return reachable ? SLUICE_DONE : outage(call, status); });
        bench.push("a1");
        for (int i = 0; i < 20; ++i) bench.run_after(std::chrono::seconds(6));
        EXPECT_EQ(bench.ended(), Texts{});
        EXPECT_EQ(bench.called(), Texts(20, "a1")) << "always the first attempt";
        EXPECT_EQ(bench.worker->counts().retried, 0u);
        reachable = true;
        bench.run_after(std::chrono::seconds(6));
        EXPECT_EQ(bench.ended(), Texts{"a1 acked"});
    }
}

TEST(WorkerOutages, WaitLongerEachTime) {
    WorkerBench bench([&](const Handled& call) { return outage(call); });
    bench.push("a1");
    bench.run();
    EXPECT_EQ(bench.called().size(), 1u);
    bench.run_after(milliseconds(74));
    EXPECT_EQ(bench.called().size(), 0u) << "100 ms, less up to a quarter";
    bench.run_after(milliseconds(26));
    EXPECT_EQ(bench.called().size(), 1u);
    bench.run_after(milliseconds(149));
    EXPECT_EQ(bench.called().size(), 0u);
    bench.run_after(milliseconds(51));
    EXPECT_EQ(bench.called().size(), 1u);
    for (int i = 0; i < 100; ++i) bench.run_after(std::chrono::seconds(5));
    EXPECT_EQ(bench.called().size(), 100u) << "and no longer than 5 s";
}

TEST(WorkerOutages, WaitAsLongAsTheHandlerWants) {
    WorkerBench bench([&](const Handled& call) { return outage(call, SLUICE_UNAVAILABLE, call.id() == "a1" ? 7'000 : 0); });
    bench.push("a1 b1");
    bench.run();
    bench.called();
    bench.run_after(milliseconds(6'999));
    EXPECT_EQ(bench.called(), Texts{"b1"}) << "at once would be a busy loop: nothing else bounds it";
    bench.run_after(milliseconds(1));
    EXPECT_EQ(bench.called(), Texts{"a1"});
}

TEST(WorkerOutages, HoldUpTheirOwnKeyOnly) {
    bool reachable = false;
    WorkerBench bench([&](const Handled& call) { return call.id()[0] != 'a' || reachable ? SLUICE_DONE : outage(call); });
    bench.push("a1 a2 b1");
    bench.run();
    bench.push("b2 a3");
    bench.run();
    EXPECT_EQ(bench.ended(), (Texts{"b1 acked", "b2 acked"}));
    reachable = true;
    bench.run_after(milliseconds(100));
    EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "a2 acked", "a3 acked"}));
}

TEST(WorkerOutages, AreSaidWithTheirText) {
    WorkerBench bench([&](const Handled& call) { return outage(call); });
    bench.push("a1");
    bench.run();
    EXPECT_NE(bench.log.text().find("does not count as an attempt"), std::string::npos);
    EXPECT_NE(bench.log.text().find("503 of the shop"), std::string::npos);
}

TEST(WorkerOutages, DoNotCountForDeferredMessagesEither) {
    sluice_ticket ticket = 0;
    WorkerBench bench([&](const Handled& call) {
        ticket = call.ticket;
        return SLUICE_DEFER;
    });
    bench.push("a1");
    for (int i = 0; i < 10; ++i) {
        bench.run_after(std::chrono::seconds(6));
        EXPECT_EQ(end(host_api(), bench.host.get(), ticket, ending(SLUICE_RETRY, SLUICE_UNAVAILABLE, "the printer is off")),
                  SLUICE_OK);
        bench.run();
    }
    EXPECT_EQ(bench.called(), Texts(10, "a1"));
    bench.run_after(std::chrono::seconds(6));
    EXPECT_EQ(end(host_api(), bench.host.get(), ticket, ending(SLUICE_DONE)), SLUICE_OK);
    bench.run();
    EXPECT_EQ(bench.ended(), Texts{"a1 acked"});
}

}  // namespace
}  // namespace sluice
