// What is counted and measured of a source and of a worker, one row each: the statistics in text and in JSON are made of these
// rows, and docs/reference/statistics.md is held to them. A new metric is a row here and the member that it reads. What
// handlers count by themselves is no row: handler_metrics.hpp.
//
// Threads      any; constant.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "observe/statistics.hpp"

namespace sluice {

template <typename Of>
struct Metric {
    std::string_view name;  // in text and JSON: lower case and underscores
    std::string_view help;  // what it counts, as the page says it
    MetricKind kind;
    std::uint64_t (*value)(const Of&);
    bool is_rare = false;  // in text only if it is not 0
    bool ends = false;     // a term of the conservation law: messages that have ended so
};

// In the order in which they are written.
std::span<const Metric<SourceStatistics>> source_metrics();
std::span<const Metric<WorkerStatistics>> worker_metrics();

}  // namespace sluice
