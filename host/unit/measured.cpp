// The services of a handler that are about itself: what it measures, and how far it is.
#include <fmt/format.h>

#include <optional>

#include "core/bytes.hpp"
#include "plugin/fault.hpp"
#include "unit/handler_host.hpp"

namespace sluice {
namespace {

std::optional<MetricKind> kind_of(std::uint32_t said) {
    switch (said) {
        case SLUICE_METRIC_COUNTER: return MetricKind::counter;
        case SLUICE_METRIC_GAUGE: return MetricKind::gauge;
        case SLUICE_METRIC_HISTOGRAM: return MetricKind::histogram;
        default: return std::nullopt;
    }
}

}  // namespace

sluice_status HandlerHost::metric(const sluice_metric& metric, uint32_t* number, sluice_fault* fault) {
    const auto refused = [&](sluice_status status, const std::string& why) {
        return sluice_fault_set(fault, status, why.data(), why.size());
    };
    const auto text_of = [](sluice_bytes bytes) { return clean_text(view_of(bytes).substr(0, limits::fault_text_bytes)); };
    if (handler_ != nullptr) return refused(SLUICE_INVALID, "metrics are declared in create(), before it returns");
    const auto kind = kind_of(metric.kind);
    if (!kind) return refused(SLUICE_UNSUPPORTED, "this host has no metrics of kind " + std::to_string(metric.kind));
    if (metrics_ == nullptr) metrics_ = std::make_unique<HandlerMetrics>();
    const auto declared = metrics_->declare({text_of(metric.name), text_of(metric.help), text_of(metric.unit), *kind});
    if (!declared) return refused(SLUICE_INVALID, declared.error().message);
    *number = *declared;
    return SLUICE_OK;
}

void HandlerHost::measure(uint32_t number, int64_t value) {
    if (metrics_ != nullptr) metrics_->measure(number, value);
}

std::vector<MetricReading> HandlerHost::metrics() const {
    return metrics_ == nullptr ? std::vector<MetricReading>() : metrics_->read();
}

sluice_status HandlerHost::work_done(sluice_ticket ticket, uint64_t n) {
    if (ticket == 0) return SLUICE_STALE;
    if (!current_.has(ticket)) return deferred_.deadline_ns(ticket) != 0 ? SLUICE_OK : SLUICE_STALE;
    progress_of_.store(0, std::memory_order_relaxed);
    progress_.store(n, std::memory_order_relaxed);
    progress_ns_.store(clock().now(), std::memory_order_relaxed);
    progress_of_.store(ticket, std::memory_order_release);  // (W) whoever sees it sees the other two: (R)
    return SLUICE_OK;
}

std::string HandlerHost::progress() const {
    const sluice_ticket ticket = progress_of_.load(std::memory_order_acquire);
    if (ticket == 0 || !current_.has(ticket)) return {};  // (R)
    const std::uint64_t done = progress_.load(std::memory_order_relaxed);
    const std::int64_t ago_ns = clock().now() - progress_ns_.load(std::memory_order_relaxed);
    return fmt::format(", {} done so far, as it said {:.1f} s ago", done, static_cast<double>(ago_ns) / 1e9);
}

}  // namespace sluice
