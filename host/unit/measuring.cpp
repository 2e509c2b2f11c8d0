#include "unit/measuring.hpp"

#include <optional>
#include <string>

#include "core/bytes.hpp"
#include "core/limits.hpp"
#include "plugin/fault.hpp"

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

std::string shown(sluice_bytes bytes) {
    return clean_text(view_of(bytes).substr(0, limits::fault_text_bytes));
}

}  // namespace

sluice_status Measuring::declare(const sluice_metric& metric, std::uint32_t* number, sluice_fault* fault) {
    if (frozen_) return set_fault(fault, SLUICE_INVALID, "metrics are declared in create(), before it returns");
    const auto kind = kind_of(metric.kind);
    if (!kind) return set_fault(fault, SLUICE_UNSUPPORTED, "this host has no metrics of kind " + std::to_string(metric.kind));
    if (metrics_ == nullptr) metrics_ = std::make_unique<HandlerMetrics>();
    const auto declared = metrics_->declare({shown(metric.name), shown(metric.help), shown(metric.unit), *kind});
    if (!declared) return set_fault(fault, SLUICE_INVALID, declared.error().message);
    *number = *declared;
    return SLUICE_OK;
}

void Measuring::freeze() {
    frozen_ = true;
    if (metrics_ != nullptr) metrics_->freeze();
}

}  // namespace sluice
