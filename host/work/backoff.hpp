// How long a message waits for its next attempt, or for what its handler depends on.
//
// Threads      one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

#include "core/clock.hpp"
#include "core/limits.hpp"
#include "core/work_policy.hpp"

namespace sluice {

class Backoff {
public:
    Backoff(const WorkPolicy& policy, std::uint64_t seed)
        : policy_(policy),
          random_(static_cast<std::minstd_rand::result_type>(seed)) {}

    // After the failed attempt of this number. `asked_ms`: what the handler wants, as sluice_fault::retry_delay_ms. Without
    // that exponential with full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    std::int64_t after_ns(std::uint32_t attempt, std::int64_t asked_ms) {
        if (asked_ms != 0) return std::clamp<std::int64_t>(asked_ms, 0, limits::retry_delay_ms_max) * ns_per_ms;
        const std::uint32_t doublings = std::min(attempt - 1, 30u);
        const std::int64_t most = std::min(policy_.backoff_ms << doublings, policy_.backoff_max_ms) * ns_per_ms;
        return std::uniform_int_distribution<std::int64_t>(0, most)(random_);
    }

    // After an outage that the handler reports, which does not count as an attempt: as often as a circuit asks its database,
    // whatever the policy of retries, since nothing else bounds these. `times`: in a row before this one. `asked_ms`: what the
    // handler wants, or none if not positive.
    std::int64_t outage_ns(std::uint32_t times, std::int64_t asked_ms) {
        if (asked_ms > 0) return std::min(asked_ms, limits::retry_delay_ms_max) * ns_per_ms;
        const std::int64_t most = std::min((100 * ns_per_ms) << std::min(times, 10u), 5'000 * ns_per_ms);
        return std::uniform_int_distribution<std::int64_t>(most - most / 4, most)(random_);
    }

private:
    const WorkPolicy& policy_;
    std::minstd_rand random_;
};

}  // namespace sluice
