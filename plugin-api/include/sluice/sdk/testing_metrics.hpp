// What a handler has measured, for its unit tests:
//
//   EXPECT_EQ(host.metrics.value("sent"), 3);
//   EXPECT_EQ(host.metrics.recorded("answer").size(), 3u);
//
// Threads    that of the fake.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/host.h"
#include "sluice/sdk/status.hpp"

namespace sluice::inline sdk {

struct FakeMetric {
    std::uint32_t kind = 0;  // SLUICE_METRIC_
    std::string name;
    std::string help;
    std::string unit;
    std::int64_t value = 0;                // of a counter or gauge
    std::vector<std::int64_t> recorded{};  // by a histogram
};

// Refuses what the host refuses.
class FakeMetrics {
public:
    static constexpr std::size_t metrics_max = 32;
    static constexpr std::size_t histograms_max = 8;

    // 0 if there is none of this name.
    std::int64_t value(std::string_view name) const {
        const FakeMetric* found = find(name);
        return found == nullptr ? 0 : found->value;
    }
    std::vector<std::int64_t> recorded(std::string_view name) const {
        const FakeMetric* found = find(name);
        return found == nullptr ? std::vector<std::int64_t>() : found->recorded;
    }
    const FakeMetric* find(std::string_view name) const {
        const auto found = std::find_if(all.begin(), all.end(), [&](const FakeMetric& one) { return one.name == name; });
        return found == all.end() ? nullptr : &*found;
    }

    Status declare(const sluice_metric& metric, std::uint32_t& number) {
        const std::string name(view(metric.name)), unit(view(metric.unit));
        if (metric.kind < SLUICE_METRIC_COUNTER || metric.kind > SLUICE_METRIC_HISTOGRAM)
            return {SLUICE_UNSUPPORTED, "this host has no metrics of kind " + std::to_string(metric.kind)};
        if (name.empty() || name.size() > 64 || name[0] < 'a' || name[0] > 'z' ||
            name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string::npos)
            return {SLUICE_INVALID, "\"" + name + "\" is no name of a metric"};
        const auto is_plain = [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\'; };
        if (unit.size() > 16 || !std::all_of(unit.begin(), unit.end(), is_plain))
            return {SLUICE_INVALID, "metric \"" + name + "\" has the unit \"" + unit + "\""};
        if (find(name) != nullptr) return {SLUICE_INVALID, "metric \"" + name + "\" is declared twice"};
        const auto histograms =
            std::count_if(all.begin(), all.end(), [](const FakeMetric& one) { return one.kind == SLUICE_METRIC_HISTOGRAM; });
        if (all.size() == metrics_max) return {SLUICE_INVALID, "a handler may have at most 32 metrics"};
        if (metric.kind == SLUICE_METRIC_HISTOGRAM && histograms == static_cast<std::ptrdiff_t>(histograms_max))
            return {SLUICE_INVALID, "a handler may have at most 8 histograms"};
        number = static_cast<std::uint32_t>(all.size());
        all.push_back({metric.kind, name, std::string(view(metric.help)), unit});
        return SLUICE_OK;
    }
    void measure(std::uint32_t number, std::int64_t value) {
        if (number >= all.size()) return;
        FakeMetric& one = all[number];
        if (one.kind == SLUICE_METRIC_COUNTER) one.value += std::max<std::int64_t>(value, 0);
        if (one.kind == SLUICE_METRIC_GAUGE) one.value = value;
        if (one.kind == SLUICE_METRIC_HISTOGRAM) one.recorded.push_back(value);
    }

    std::vector<FakeMetric> all;  // of the handler made last
};

}  // namespace sluice::inline sdk
