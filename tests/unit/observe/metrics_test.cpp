#include "observe/metrics.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

namespace sluice {
namespace {

std::string page() {
    std::ifstream in(SLUICE_ROOT "/docs/reference/statistics.md");
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

template <typename Of>
void expect_described(std::span<const Metric<Of>> metrics) {
    const std::string text = page();
    std::set<std::string_view> names;
    for (const Metric<Of>& metric : metrics) {
        const std::string row = "\n| `" + std::string(metric.name) + "` | " + std::string(metric.help) + " |\n";
        EXPECT_NE(text.find(row), std::string::npos) << "docs/reference/statistics.md lacks this row:" << row;
        EXPECT_TRUE(names.insert(metric.name).second) << metric.name << " is there twice";
        EXPECT_EQ(metric.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos) << metric.name;
    }
}

TEST(Metrics, AreDescribedAsTheyAre) {
    expect_described(source_metrics());
    expect_described(worker_metrics());
}

TEST(Metrics, SayWhichAreTheEndsOfTheConservationLaw) {
    SourceStatistics source;
    std::uint64_t one = 1;
    SourceCounts& counts = source.counts;
    for (std::uint64_t* count : {&counts.acked, &counts.dead_lettered, &counts.skipped, &counts.dropped_by_policy,
                                 &counts.released, &counts.lost_lease, &counts.abandoned})
        *count = one *= 3;
    counts.received = counts.in_flight = counts.retried = counts.recognised = source.parked = 1'000'000;
    std::uint64_t sum = 0;
    for (const auto& metric : source_metrics())
        if (metric.ends) sum += metric.value(source);
    EXPECT_EQ(sum, counts.settled());
}

}  // namespace
}  // namespace sluice
