// What one instance of a handler counts and measures by itself: declared while it is created, then of a fixed shape.
//
// Threads      declare: main, before freeze. measure: whoever runs the worker (from another thread a count may be lost, and
//              nothing worse). read: any; before freeze there is nothing to read.
// Errors       declare: invalid, one sentence for the author of the handler.
// Limits       limits::handler_metrics_max, of which limits::handler_histograms_max are histograms of 11 KiB each.
// Cost         measure: a load and a store; it allocates nothing, and what is not declared costs nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "observe/histogram.hpp"

namespace sluice {

enum class MetricKind : std::uint8_t {
    counter,    // since the start, never less
    gauge,      // now
    histogram,  // how often each size, since the start
};

struct DeclaredMetric {
    std::string name;  // lower-case letters, digits and '_'
    std::string help;  // one line
    std::string unit;  // "ns", "By", …; may be empty
    MetricKind kind = MetricKind::counter;

    bool operator==(const DeclaredMetric&) const = default;
};

// A metric at one moment: of one instance, or of all workers of a pool together.
struct MetricReading {
    DeclaredMetric metric;
    std::int64_t value = 0;         // of counters and gauges; of several workers their sum
    HistogramSnapshot histogram{};  // of histograms; of several workers all that they have recorded
};

class HandlerMetrics {
public:
    Result<std::uint32_t> declare(DeclaredMetric metric);
    void freeze() { frozen_.store(true, std::memory_order_release); }  // (W) all that is declared, for (R) in read()

    // A counter grows by `value` (if that is not negative), a gauge becomes it, a histogram records it. A number that was not
    // declared is ignored.
    void measure(std::uint32_t number, std::int64_t value);
    // In the order in which they were declared.
    std::vector<MetricReading> read() const;

private:
    struct Measured {
        DeclaredMetric metric;
        std::atomic<std::int64_t> value{0};  // nothing else is read with it
        std::unique_ptr<Histogram> histogram{};
    };

    std::deque<Measured> metrics_;
    std::atomic<bool> frozen_{false};
};

// Adds what another instance of the same handler has measured: by name.
void add(std::vector<MetricReading>& to, std::vector<MetricReading> more);

}  // namespace sluice
