// What a handler measures.
#include "unit/measuring.hpp"

#include <gmock/gmock.h>

#include "work/worker_bench.hpp"

namespace sluice {
namespace {

using testing::HasSubstr;

sluice_metric metric(std::string_view name, std::uint32_t kind = SLUICE_METRIC_COUNTER) {
    sluice_metric metric{};
    metric.struct_size = sizeof metric;
    metric.kind = kind;
    metric.name = {name.data(), name.size()};
    metric.help = {"What\nit counts.", 15};
    return metric;
}

TEST(Measuring, IsWhatWasDeclaredAtTheCreation) {
    std::uint32_t sent = 9;
    WorkerBench bench([&](const Handled& call) {
        call.api.measure(call.host, sent, 3);
        FaultBuffer fault;
        const sluice_metric late = metric("late");
        std::uint32_t number = 7;
        EXPECT_EQ(call.api.metric(call.host, &late, &number, fault.get()), SLUICE_INVALID);
        EXPECT_THAT(fault.text(), HasSubstr("before it returns"));
        EXPECT_EQ(number, 7u);
        return SLUICE_DONE;
    });
    bench.handler.on_create = [&](const sluice_setup& setup, sluice_fault* fault) {
        const sluice_metric good = metric("sent");
        EXPECT_EQ(setup.api->metric(setup.host, &good, &sent, fault), SLUICE_OK);
        EXPECT_EQ(setup.api->metric(setup.host, &good, &sent, fault), SLUICE_INVALID) << "twice";
        const sluice_metric newer = metric("newer", 17);
        EXPECT_EQ(setup.api->metric(setup.host, &newer, &sent, fault), SLUICE_UNSUPPORTED);
        EXPECT_EQ(setup.api->metric(setup.host, nullptr, &sent, fault), SLUICE_CONTRACT);
    };
    bench.push("a1 a2");
    bench.run();
    const auto readings = bench.host->metrics();
    ASSERT_EQ(readings.size(), 1u);
    EXPECT_EQ(readings[0].metric.help, "What it counts.");
    EXPECT_EQ(readings[0].value, 6);
}

TEST(Measuring, IsNothingWhereNothingWasDeclared) {
    WorkerBench bench([](const Handled& call) {
        call.api.measure(call.host, 0, 3);
        return SLUICE_DONE;
    });
    bench.push("a1");
    bench.run();
    EXPECT_TRUE(bench.host->metrics().empty());
    EXPECT_EQ(bench.ended(), Texts{"a1 acked"});
}

}  // namespace
}  // namespace sluice
