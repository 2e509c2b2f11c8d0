// What a handler counts and measures by itself, shown in the statistics of its pool:
//
//   class Calls : public sluice::Handler {
//       const sluice::metric::Counter sent_;
//       const sluice::metric::Histogram answer_;
//   public:
//       explicit Calls(const sluice::Setup& setup)
//           : sent_(setup.counter("sent", "Requests sent.")),
//             answer_(setup.histogram("answer", "Time to the answer.", "ns")) {}
//       sluice::Verdict handle(const sluice::Message&, sluice::Context&) override {
//           ...
//           sent_.add();
//           answer_.record(std::chrono::steady_clock::now() - begun);
//
// Threads  declared in the constructor. add, set, record: in handle() and resume().
// Errors   a host without metrics counts nothing. One that refuses a metric throws a Failure, which `sluice check` finds.
// Limits   32 metrics, of which 8 are histograms. Values are whole numbers: choose the unit accordingly.
#pragma once

#include <chrono>
#include <cstdint>

#include "sluice/sdk/services.hpp"

namespace sluice::inline sdk::metric {

// A declared metric; by itself it counts nothing.
class Metric {
public:
    Metric() = default;
    Metric(const detail::Services& services, std::uint32_t kind, std::string_view name, std::string_view help,
           std::string_view unit) {
        const sluice_metric metric{sizeof(sluice_metric), kind, bytes(name), bytes(help), bytes(unit)};
        detail::FaultBuffer buffer;
        const sluice_status status = services.api.metric(services.host, &metric, &number_, &buffer.fault);
        if (status == SLUICE_UNSUPPORTED) return;
        if (status != SLUICE_OK) buffer.raise(status, "metric " + std::string(name));
        measure_ = services.api.measure;
        host_ = services.host;
    }

protected:
    void measure(std::int64_t value) const { measure_(host_, number_, value); }

private:
    void (*measure_)(sluice_host*, std::uint32_t, std::int64_t) = &detail::missing::measure;
    sluice_host* host_ = nullptr;
    std::uint32_t number_ = 0;
};

// Only grows.
class Counter : public Metric {
public:
    using Metric::Metric;
    void add(std::int64_t count = 1) const { measure(count); }
};

// As it is now. Of several workers the sum is shown.
class Gauge : public Metric {
public:
    using Metric::Metric;
    void set(std::int64_t value) const { measure(value); }
};

// How often each size, within 2 %; what is negative counts as 0.
class Histogram : public Metric {
public:
    using Metric::Metric;
    void record(std::int64_t value) const { measure(value); }
    // Of one whose unit is "ns".
    void record(std::chrono::nanoseconds time) const { measure(time.count()); }
};

}  // namespace sluice::inline sdk::metric
