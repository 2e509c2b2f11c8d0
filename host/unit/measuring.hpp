// What a handler measures by itself, as it asks for that through its services (HandlerMetrics keeps it).
//
// Threads      declare, freeze: main. measure: whoever runs the worker. readings: any.
// Cost         a handler that declares nothing has nothing but a pointer.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "observe/handler_metrics.hpp"
#include "sluice/host.h"

namespace sluice {

class Measuring {
public:
    // As the service `metric`, while the handler is created.
    sluice_status declare(const sluice_metric& metric, std::uint32_t* number, sluice_fault* fault);
    // It is created: nothing is declared any more.
    void freeze();
    void measure(std::uint32_t number, std::int64_t value) {
        if (metrics_ != nullptr) metrics_->measure(number, value);
    }
    // Once it is created.
    std::vector<MetricReading> readings() const {
        return metrics_ == nullptr ? std::vector<MetricReading>() : metrics_->read();
    }

private:
    std::unique_ptr<HandlerMetrics> metrics_;  // constant once it is frozen; NULL: there are none
    bool frozen_ = false;
};

}  // namespace sluice
