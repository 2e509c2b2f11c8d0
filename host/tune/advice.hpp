// What `sluice tune` makes of its measurements: which setting it recommends, and how many messages a queue must hold.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace sluice {

struct TuneSetting {
    std::uint32_t workers = 1;
    std::uint32_t batch = 1;
    std::uint32_t capacity = 1;
    bool operator==(const TuneSetting&) const = default;
};

struct TuneFigures {
    TuneSetting setting;
    std::uint64_t messages = 0;
    double per_second = 0;
    std::uint64_t p50_ns = 0;  // receive to settle
    std::uint64_t p99_ns = 0;
};

// The best of `figures`, which is not empty: of those within 5 % of the highest throughput the one with the lowest p99, but
// fewer workers, then a smaller batch, where that costs less than a tenth of it.
const TuneFigures& recommended(std::span<const TuneFigures> figures);

// Values to try around the one that is configured: a fraction of it, itself, a multiple; within 1 .. max, rising, without
// twins.
std::vector<std::uint32_t> values_around(std::uint32_t configured, std::uint32_t factor, std::uint32_t max);

// A burst of `burst_s` seconds at `arrival` messages per second, of which `service` per second are processed: how many wait at
// its end.
struct QueueNeed {
    std::uint64_t messages = 0;  // of all workers: (arrival - service) * burst
    std::uint32_t capacity = 0;  // of each worker, never below two batches
};
QueueNeed queue_need(double arrival, double service, double burst_s, const TuneSetting& setting);

// "messages arrive at 500k/s and are processed at 300k/s: a burst of 1s leaves (500k/s - 300k/s) x 1s = 200,000 waiting, …"
std::string explain(const QueueNeed& need, double arrival, double service, double burst_s, const TuneSetting& setting);

}  // namespace sluice
