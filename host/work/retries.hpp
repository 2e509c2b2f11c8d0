// What becomes of a message whose attempt has failed: when it is tried again, or that it is given up.
//
// After an outage - the handler says that something it depends on is unreachable: a service, a printer - the attempt stays the
// same. The message waits with its key and every other key goes on, as an outage may concern the customer of one message alone.
// If it concerns all of them, all of them wait, up to the bound of parked messages, and the worker takes nothing new until one
// has come through.
//
// Threads      whoever runs the worker.
// Errors       each failure is logged with its text, as PoolNotices allows; the message keeps it for as long as it waits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/message.hpp"
#include "core/work_policy.hpp"
#include "observe/counters.hpp"
#include "observe/logging.hpp"
#include "work/backoff.hpp"
#include "work/pool_notices.hpp"
#include "work/reports.hpp"

namespace sluice {

class Retries {
public:
    Retries(const WorkPolicy& policy, PoolNotices& notices, WorkerCounters& counters, Reports& reports, const Clock& clock,
            Logger logger, std::uint64_t seed)
        : policy_(policy),
          notices_(notices),
          counters_(counters),
          reports_(reports),
          clock_(clock),
          logger_(logger),
          backoff_(policy, seed) {}

    // When it is tried again after a failure of its own, as its next attempt; 0: it has no attempts left, and was given up.
    // `delay_ms`: what the handler wants, as sluice_fault::retry_delay_ms.
    std::int64_t after_failure_ns(Message* message, std::int64_t delay_ms, std::string text);
    // When it is tried again after an outage.
    std::int64_t after_outage_ns(Message* message, std::int64_t delay_ms, std::string text);
    // It becomes a dead letter. `text`: what the handler said, or nothing.
    static void give_up(Message* message, std::string text);

private:
    void say_failed(const Message& message, std::int64_t backoff_ns, std::string_view text);

    const WorkPolicy& policy_;
    PoolNotices& notices_;
    WorkerCounters& counters_;
    Reports& reports_;
    const Clock& clock_;
    const Logger logger_;
    Backoff backoff_;
};

}  // namespace sluice
