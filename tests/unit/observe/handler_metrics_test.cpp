#include "observe/handler_metrics.hpp"

#include <gtest/gtest.h>

#include "core/limits.hpp"

namespace sluice {
namespace {

DeclaredMetric metric(std::string name, MetricKind kind = MetricKind::counter, std::string unit = {}) {
    return {std::move(name), "Something that is counted.", std::move(unit), kind};
}

std::string refusal(HandlerMetrics& metrics, DeclaredMetric declared) {
    const auto number = metrics.declare(std::move(declared));
    return number ? "accepted" : number.error().message;
}

TEST(HandlerMetrics, CountSetAndRecord) {
    HandlerMetrics metrics;
    const std::uint32_t sent = *metrics.declare(metric("sent"));
    const std::uint32_t cached = *metrics.declare(metric("cached", MetricKind::gauge, "By"));
    const std::uint32_t answer = *metrics.declare(metric("answer", MetricKind::histogram, "ns"));
    EXPECT_TRUE(metrics.read().empty()) << "not yet frozen";
    metrics.freeze();
    metrics.measure(sent, 2);
    metrics.measure(sent, 3);
    metrics.measure(sent, -1);
    metrics.measure(cached, 7);
    metrics.measure(cached, -4);
    for (const std::int64_t time : {10, 20, 30}) metrics.measure(answer, time);
    metrics.measure(99, 1);
    const auto readings = metrics.read();
    ASSERT_EQ(readings.size(), 3u);
    EXPECT_EQ(readings[0].metric, metric("sent"));
    EXPECT_EQ(readings[0].value, 5) << "a counter only grows";
    EXPECT_EQ(readings[1].value, -4);
    EXPECT_EQ(readings[2].histogram.count(), 3u);
    EXPECT_EQ(readings[2].histogram.percentile(50), 20u);
}

TEST(HandlerMetrics, RefuseWhatCannotBeShown) {
    HandlerMetrics metrics;
    for (const char* name : {"", "Sent", "9lives", "a-b", "a b", "_a"})
        EXPECT_NE(refusal(metrics, metric(name)).find("is no name of a metric"), std::string::npos) << name;
    EXPECT_EQ(refusal(metrics, metric(std::string(limits::metric_name_bytes, 'a'))), "accepted");
    EXPECT_NE(refusal(metrics, metric(std::string(limits::metric_name_bytes + 1, 'b'))), "accepted");
    EXPECT_EQ(refusal(metrics, metric("sent")), "accepted");
    EXPECT_EQ(refusal(metrics, metric("sent", MetricKind::gauge)), "metric \"sent\" is declared twice");
    for (const char* unit : {"a b", "\"", "an_endless_unit__"})
        EXPECT_NE(refusal(metrics, metric("b", MetricKind::gauge, unit)).find("has the unit"), std::string::npos) << unit;
    metrics.freeze();
    EXPECT_NE(refusal(metrics, metric("late")).find("comes too late"), std::string::npos);
}

TEST(HandlerMetrics, AreBoundedInNumber) {
    HandlerMetrics metrics;
    for (std::uint32_t i = 0; i < limits::handler_histograms_max; ++i)
        EXPECT_TRUE(metrics.declare(metric("h" + std::to_string(i), MetricKind::histogram)));
    EXPECT_EQ(refusal(metrics, metric("h", MetricKind::histogram)), "a handler may have at most 8 histograms");
    for (std::uint32_t i = limits::handler_histograms_max; i < limits::handler_metrics_max; ++i)
        EXPECT_TRUE(metrics.declare(metric("c" + std::to_string(i))));
    EXPECT_EQ(refusal(metrics, metric("c")), "a handler may have at most 32 metrics");
}

TEST(HandlerMetrics, OfSeveralWorkersAreAddedUpByName) {
    HandlerMetrics first;
    HandlerMetrics second;
    for (HandlerMetrics* one : {&first, &second}) {
        const std::uint32_t sent = *one->declare(metric("sent"));
        const std::uint32_t answer = *one->declare(metric("answer", MetricKind::histogram));
        one->measure(sent, one == &first ? 1 : 10);
        one->measure(answer, one == &first ? 5 : 50);
    }
    (void)second.declare(metric("own", MetricKind::gauge));
    first.freeze();
    second.freeze();
    std::vector<MetricReading> all;
    add(all, first.read());
    add(all, second.read());
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[0].value, 11);
    EXPECT_EQ(all[1].histogram.count(), 2u);
    EXPECT_EQ(all[1].histogram.max(), 50u);
    EXPECT_EQ(all[2].metric.name, "own");
}

}  // namespace
}  // namespace sluice
