// When the service of an open queue is due, and what the log is told while it does not work.
//
// It costs a comparison while nothing is due. A queue without a service is asked once, and never due again.
//
// Threads      the thread of that source or target.
// Ownership    the port and the clock outlive it.
// Errors       SLUICE_FAILED, SLUICE_CORRUPT: the queue cannot go on. Anything else passes: the log says so once, and once that
//              it is over.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>

#include "core/clock.hpp"
#include "observe/logging.hpp"
#include "plugin/port/queue_port.hpp"

namespace sluice {

class ServiceCalls {
public:
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

    ServiceCalls(QueuePort& queue, const Clock& clock, Logger logger) : queue_(queue), clock_(clock), logger_(logger) {}

    // The queue has been opened, and its thread has started.
    void begin() {
        due_ns_ = at_once;
        failures_ = 0;
    }
    std::int64_t due_ns() const { return due_ns_; }  // or never
    bool is_due(std::int64_t now_ns) const { return now_ns >= due_ns_; }

    // Calls it. SLUICE_OK, also when it failed in passing.
    sluice_status call(FaultBuffer& fault) {
        std::uint32_t next_ms = 0;
        const sluice_status status = queue_.service(next_ms, fault);
        due_ns_ = never;
        if (status == SLUICE_FAILED || status == SLUICE_CORRUPT) return status;
        if (status == SLUICE_OK && next_ms == 0 && failures_ == 0) return SLUICE_OK;
        const std::int64_t now =
            clock_.now();  // once it has returned: however long it took, the queue is not called all the time
        if (status == SLUICE_OK)
            worked(now);
        else
            failed(now, fault.error(status).message);
        if (next_ms != 0)
            due_ns_ = now + next_ms * ns_per_ms;
        else if (status != SLUICE_OK)
            due_ns_ = now + std::min(retry_first_ns << std::min(failures_ - 1, 10u), retry_max_ns);
        return SLUICE_OK;
    }

private:
    static constexpr std::int64_t at_once = std::numeric_limits<std::int64_t>::min();
    static constexpr std::int64_t retry_first_ns = 100 * ns_per_ms;  // as for polls
    static constexpr std::int64_t retry_max_ns = 5'000 * ns_per_ms;

    void worked(std::int64_t now_ns) {
        if (failures_ != 0) logger_.info("is serviced again after {:.1f} s", static_cast<double>(now_ns - since_ns_) / 1e9);
        failures_ = 0;
    }
    void failed(std::int64_t now_ns, const std::string& why) {
        if (failures_++ != 0) return;
        since_ns_ = now_ns;
        logger_.warn("cannot be serviced now, and is tried again: {}", why);
    }

    QueuePort& queue_;
    const Clock& clock_;
    const Logger logger_;
    std::int64_t due_ns_ = never;
    std::uint32_t failures_ = 0;  // in a row
    std::int64_t since_ns_ = 0;   // of the first of them
};

}  // namespace sluice
