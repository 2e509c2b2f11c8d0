#include "tune/advice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "core/limits.hpp"
#include "observe/readable.hpp"

namespace sluice {
namespace {

constexpr double good_enough = 0.95;           // of the highest throughput: below that, runs of the same setting differ too
constexpr double worth_it = 1.1;               // a p99 longer by less than that buys fewer workers
constexpr std::uint64_t batches_at_least = 2;  // one that runs, one that comes in

}  // namespace

const TuneFigures& recommended(std::span<const TuneFigures> figures) {
    const auto slower = [](const TuneFigures& a, const TuneFigures& b) { return a.per_second < b.per_second; };
    const double enough = std::max_element(figures.begin(), figures.end(), slower)->per_second * good_enough;
    std::vector<const TuneFigures*> fast;
    for (const TuneFigures& one : figures)
        if (one.per_second >= enough) fast.push_back(&one);
    const auto longer = [](const TuneFigures* a, const TuneFigures* b) { return a->p99_ns < b->p99_ns; };
    const double p99 = static_cast<double>((*std::min_element(fast.begin(), fast.end(), longer))->p99_ns) * worth_it;
    std::erase_if(fast, [p99](const TuneFigures* one) { return static_cast<double>(one->p99_ns) > p99; });
    const auto modesty = [](const TuneFigures* one) {
        return std::tuple(one->setting.workers, one->setting.batch, one->setting.capacity);
    };
    return **std::min_element(fast.begin(), fast.end(),
                              [&](const TuneFigures* a, const TuneFigures* b) { return modesty(a) < modesty(b); });
}

std::vector<std::uint32_t> values_around(std::uint32_t configured, std::uint32_t factor, std::uint32_t max) {
    std::vector<std::uint32_t> values;
    for (const std::uint64_t value :
         {std::uint64_t{configured} / factor, std::uint64_t{configured}, std::uint64_t{configured} * factor})
        values.push_back(static_cast<std::uint32_t>(std::clamp<std::uint64_t>(value, 1, max)));
    values.erase(std::unique(values.begin(), values.end()), values.end());
    return values;
}

QueueNeed queue_need(double arrival, double service, double burst_s, const TuneSetting& setting) {
    QueueNeed need;
    need.messages = static_cast<std::uint64_t>(std::llround(std::max(arrival - service, 0.0) * burst_s));
    const std::uint64_t each = (need.messages + setting.workers - 1) / setting.workers;
    need.capacity = static_cast<std::uint32_t>(
        std::clamp<std::uint64_t>(each, std::min<std::uint64_t>(batches_at_least * setting.batch, limits::queue_capacity_max),
                                  limits::queue_capacity_max));
    return need;
}

std::string explain(const QueueNeed& need, double arrival, double service, double burst_s, const TuneSetting& setting) {
    const std::string in = readable_rate(arrival), out = readable_rate(service);
    const std::string burst = readable_duration(static_cast<std::uint64_t>(burst_s * 1e9));
    if (need.messages == 0)
        return fmt::format(
            "messages arrive at {} and are processed at {}: no queue grows, two batches per worker are enough: "
            "queue.capacity {}",
            in, out, need.capacity);
    return fmt::format(
               "messages arrive at {} and are processed at {}: a burst of {} leaves ({} - {}) x {} = {} messages waiting, over "
               "{} workers {} each: "
               "queue.capacity {} takes it in",
               in, out, burst, in, out, burst, readable_count(need.messages), setting.workers,
               readable_count((need.messages + setting.workers - 1) / setting.workers), need.capacity) +
           (need.capacity == limits::queue_capacity_max ? ", as far as a queue can" : "") +
           "; with less, the source waits and nothing is lost";
}

}  // namespace sluice
