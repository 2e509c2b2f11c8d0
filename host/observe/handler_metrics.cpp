#include "observe/handler_metrics.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/limits.hpp"

namespace sluice {
namespace {

Error invalid(std::string why) {
    return {ErrorKind::invalid, std::move(why)};
}

bool is_name(const std::string& name) {
    return !name.empty() && name.size() <= limits::metric_name_bytes && name[0] >= 'a' && name[0] <= 'z' &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
}

bool is_unit(const std::string& unit) {
    return unit.size() <= limits::metric_unit_bytes &&
           std::ranges::all_of(unit, [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\'; });
}

}  // namespace

Result<std::uint32_t> HandlerMetrics::declare(DeclaredMetric metric) {
    if (frozen_.load(std::memory_order_relaxed))
        return invalid("metric \"" + metric.name + "\" comes too late: declare metrics in create(), before start()");
    if (!is_name(metric.name))
        return invalid("\"" + metric.name + "\" is no name of a metric: a lower-case letter, then up to " +
                       std::to_string(limits::metric_name_bytes - 1) + " of them, digits and _");
    if (!is_unit(metric.unit))
        return invalid("metric \"" + metric.name + "\" has the unit \"" + metric.unit + "\": give one of up to " +
                       std::to_string(limits::metric_unit_bytes) + " printable characters without spaces and quotes, or none");
    if (std::ranges::any_of(metrics_, [&](const Measured& other) { return other.metric.name == metric.name; }))
        return invalid("metric \"" + metric.name + "\" is declared twice");
    const bool is_histogram = metric.kind == MetricKind::histogram;
    const auto histograms = std::ranges::count_if(metrics_, [](const Measured& other) { return other.histogram != nullptr; });
    if (metrics_.size() == limits::handler_metrics_max)
        return invalid("a handler may have at most " + std::to_string(limits::handler_metrics_max) + " metrics");
    if (is_histogram && histograms == limits::handler_histograms_max)
        return invalid("a handler may have at most " + std::to_string(limits::handler_histograms_max) + " histograms");
    Measured& made = metrics_.emplace_back();
    made.metric = std::move(metric);
    if (is_histogram) made.histogram = std::make_unique<Histogram>();
    return static_cast<std::uint32_t>(metrics_.size() - 1);
}

void HandlerMetrics::measure(std::uint32_t number, std::int64_t value) {
    if (number >= metrics_.size()) return;
    Measured& measured = metrics_[number];
    switch (measured.metric.kind) {
        case MetricKind::counter:
            if (value > 0)
                measured.value.store(measured.value.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
            return;
        case MetricKind::gauge: return measured.value.store(value, std::memory_order_relaxed);
        case MetricKind::histogram: return measured.histogram->record(value);
    }
}

std::vector<MetricReading> HandlerMetrics::read() const {
    std::vector<MetricReading> readings;
    if (!frozen_.load(std::memory_order_acquire)) return readings;  // (R)
    for (const Measured& measured : metrics_)
        readings.push_back({measured.metric, measured.value.load(std::memory_order_relaxed),
                            measured.histogram == nullptr ? HistogramSnapshot() : measured.histogram->snapshot()});
    return readings;
}

void add(std::vector<MetricReading>& to, std::vector<MetricReading> more) {
    for (MetricReading& one : more) {
        const auto same = std::ranges::find(to, one.metric, &MetricReading::metric);
        if (same == to.end()) {
            to.push_back(std::move(one));
        } else {
            same->value += one.value;
            same->histogram.merge(one.histogram);
        }
    }
}

}  // namespace sluice
