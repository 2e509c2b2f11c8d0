#include "observe/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "observe/metrics.hpp"
#include "observe/readable.hpp"
#include "text/json_text.hpp"

namespace sluice {
namespace {

constexpr std::size_t deepest_shown = 3;
constexpr std::int64_t not_polled_said_ns = 2'000'000'000;  // a busy host polls and waits for room many times per second

double per_second_of(std::uint64_t count, std::int64_t elapsed_ns) {
    return elapsed_ns <= 0 ? 0.0 : static_cast<double>(count) * 1e9 / static_cast<double>(elapsed_ns);
}

// The fullest queues, empty ones left out; the same order for the same depths, so that lines can be compared.
std::vector<const WorkerStatistics*> deepest_of(const SourceStatistics& source) {
    std::vector<const WorkerStatistics*> queues;
    for (const WorkerStatistics& worker : source.workers)
        if (worker.depth != 0) queues.push_back(&worker);
    std::stable_sort(queues.begin(), queues.end(),
                     [](const WorkerStatistics* a, const WorkerStatistics* b) { return a->depth > b->depth; });
    if (queues.size() > deepest_shown) queues.resize(deepest_shown);
    return queues;
}

// Workers keep their places from one snapshot to the next, unless the configuration was reloaded between the two.
std::uint64_t busy_before_of(const SourceStatistics& before, std::size_t place, const WorkerStatistics& worker) {
    const auto is_it = [&](const WorkerStatistics& one) { return one.worker == worker.worker && one.pool == worker.pool; };
    if (place < before.workers.size() && is_it(before.workers[place])) return before.workers[place].counts.busy_ns;
    const auto found = std::find_if(before.workers.begin(), before.workers.end(), is_it);
    return found == before.workers.end() ? 0 : found->counts.busy_ns;
}

// "NAME: received 20000, acked 19990", "NAME handled 20, done 19"
template <typename Of>
void append_metrics(std::string& to, std::string_view name, std::span<const Metric<Of>> metrics, const Of& of) {
    to += name;
    std::string_view before = name.ends_with(']') ? " " : ": ";
    for (const Metric<Of>& metric : metrics)
        if (const std::uint64_t value = metric.value(of); value != 0 || !metric.is_rare)
            fmt::format_to(std::back_inserter(to), "{}{} {}", std::exchange(before, ", "), metric.name, value);
}

void append_latency(std::string& to, const HistogramSnapshot& latency) {
    if (latency.count() == 0) return;
    fmt::format_to(std::back_inserter(to), ", latency p50 {} p99 {} max {}", readable_duration(latency.percentile(50)),
                   readable_duration(latency.percentile(99)), readable_duration(latency.max()));
}

JsonFields source_fields(std::string_view event, const SourceStatistics& now, const HistogramSnapshot& latency,
                         std::int64_t elapsed_ns, double per_second) {
    JsonFields fields;
    fields.add("event", event).add("source", now.name);
    for (const auto& metric : source_metrics()) fields.add(metric.name, metric.value(now));
    fields.add("rate_per_s", per_second).add("elapsed_ms", elapsed_ns / 1'000'000);
    fields.add("not_polled_because", now.not_polled_because).add("not_polled_ms", now.not_polled_ns / 1'000'000);
    fields.add("latency_p50_ns", latency.percentile(50)).add("latency_p99_ns", latency.percentile(99));
    fields.add("latency_max_ns", latency.max());
    std::string queues = "[";
    for (const WorkerStatistics* queue : deepest_of(now)) {
        JsonFields one;
        one.add("pool", queue->pool).add("worker", std::uint64_t{queue->worker}).add("depth", queue->depth);
        one.add("capacity", queue->capacity).add("high_water", queue->high_water);
        if (queues.size() > 1) queues += ',';
        queues.append("{").append(one.view()).append("}");
    }
    queues += ']';
    fields.add_raw("deepest_queues", queues);
    return fields;
}

JsonFields worker_fields(std::string_view source, const WorkerStatistics& worker, double busy_share) {
    JsonFields fields;
    fields.add("event", "worker_statistics").add("source", source);
    fields.add("pool", worker.pool).add("worker", std::uint64_t{worker.worker});
    for (const auto& metric : worker_metrics()) fields.add(metric.name, metric.value(worker));
    fields.add("depth", worker.depth).add("capacity", worker.capacity).add("high_water", worker.high_water);
    fields.add("busy", busy_share).add("running_ns", worker.running_ns);
    return fields;
}

std::int64_t whole_of(std::uint64_t value) {
    return static_cast<std::int64_t>(value);  // of a histogram: below 2^63, as it was recorded
}

// Times as times, everything else with its unit behind it.
std::string readable_in(std::int64_t value, std::string_view unit) {
    constexpr std::pair<std::string_view, std::uint64_t> times[] = {
        {"ns", 1}, {"us", 1'000}, {"ms", 1'000'000}, {"s", 1'000'000'000}};
    for (const auto& [name, ns] : times)
        if (unit == name && value >= 0 && static_cast<std::uint64_t>(value) <= UINT64_MAX / ns)
            return readable_duration(static_cast<std::uint64_t>(value) * ns);
    return unit.empty() ? std::to_string(value) : fmt::format("{} {}", value, unit);
}

JsonFields handler_fields(std::string_view event, const HandlerStatistics& handler) {
    JsonFields metrics;
    for (const MetricReading& reading : handler.metrics) {
        const auto& [metric, value, histogram] = reading;
        if (metric.kind != MetricKind::histogram) {
            metrics.add(metric.name, value);
            continue;
        }
        JsonFields one;
        one.add("count", histogram.count()).add("p50", histogram.percentile(50)).add("p99", histogram.percentile(99));
        one.add("max", histogram.max());
        metrics.add_raw(metric.name, fmt::format("{{{}}}", one.view()));
    }
    JsonFields fields;
    fields.add("event", event).add("pool", handler.pool).add_raw("metrics", fmt::format("{{{}}}", metrics.view()));
    return fields;
}

}  // namespace

std::string interval_text(const SourceStatistics& now, const HistogramSnapshot& latency, double per_second) {
    std::string text;
    append_metrics(text, now.name, source_metrics(), now);
    const auto out = std::back_inserter(text);
    if (now.not_polled_ns >= not_polled_said_ns)
        fmt::format_to(out, ", not polled for {} ({})", readable_duration(static_cast<std::uint64_t>(now.not_polled_ns)),
                       now.not_polled_because);
    fmt::format_to(out, ", {}", readable_rate(per_second));
    append_latency(text, latency);
    const auto queues = deepest_of(now);
    for (std::size_t index = 0; index < queues.size(); ++index)
        fmt::format_to(out, "{} {}[{}] {}/{} high water {}", index == 0 ? ", deepest queues" : ",", queues[index]->pool,
                       queues[index]->worker, queues[index]->depth, queues[index]->capacity, queues[index]->high_water);
    return text;
}

std::string final_text(const SourceStatistics& now, std::int64_t elapsed_ns) {
    const SourceCounts& counts = now.counts;
    std::string text = fmt::format("{}: received {}", now.name, counts.received);
    const auto out = std::back_inserter(text);
    const char* sign = counts.law_holds() ? "=" : "is not";
    for (const auto& metric : source_metrics())
        if (metric.ends) fmt::format_to(out, " {} {} {}", std::exchange(sign, "+"), metric.name, metric.value(now));
    if (counts.in_flight != 0) fmt::format_to(out, " + in_flight {}", counts.in_flight);
    fmt::format_to(out, "; retried {}", counts.retried);
    if (counts.recognised != 0) fmt::format_to(out, ", recognised {}", counts.recognised);
    fmt::format_to(out, ", {} over {}", readable_rate(per_second_of(counts.settled(), elapsed_ns)),
                   readable_duration(elapsed_ns < 0 ? 0 : static_cast<std::uint64_t>(elapsed_ns)));
    append_latency(text, now.latency);
    if (!counts.law_holds()) text += "; the conservation law does not hold: a message was lost or counted twice";
    return text;
}

std::string worker_text(std::string_view source, const WorkerStatistics& worker, double busy_share) {
    std::string text;
    append_metrics(text, fmt::format("{}: {}[{}]", source, worker.pool, worker.worker), worker_metrics(), worker);
    fmt::format_to(std::back_inserter(text), ", queue {}/{} high water {}, busy {:.0f}%", worker.depth, worker.capacity,
                   worker.high_water, busy_share * 100);
    if (worker.running_ns > 0)
        fmt::format_to(std::back_inserter(text), ", running for {}",
                       readable_duration(static_cast<std::uint64_t>(worker.running_ns)));
    return text;
}

std::string away_text(const AwayStatistics& away) {
    return fmt::format("{}: {} for {}", away.path, away.is_full ? "full" : "unreachable",
                       readable_duration(static_cast<std::uint64_t>(away.away_ns)));
}

std::string handler_text(const HandlerStatistics& handler) {
    std::string text = handler.pool;
    const auto out = std::back_inserter(text);
    const char* before = ": ";
    for (const MetricReading& reading : handler.metrics) {
        const auto& [metric, value, histogram] = reading;
        text.append(std::exchange(before, ", ")).append(metric.name);
        if (metric.kind != MetricKind::histogram)
            fmt::format_to(out, " {}", readable_in(value, metric.unit));
        else if (histogram.count() == 0)
            text += " none";
        else
            fmt::format_to(out, " p50 {} p99 {} max {}", readable_in(whole_of(histogram.percentile(50)), metric.unit),
                           readable_in(whole_of(histogram.percentile(99)), metric.unit),
                           readable_in(whole_of(histogram.max()), metric.unit));
    }
    return text;
}

std::string memory_text(const MemoryStatistics& memory) {
    const auto mib = [](std::uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); };
    return fmt::format("memory: {:.1f}MiB of {:.1f}MiB in flight", mib(memory.bytes), mib(memory.limit));
}

StatisticsReport::StatisticsReport(Logger logger, std::int64_t started_ns) : logger_(logger), started_ns_(started_ns) {
    previous_.taken_ns = started_ns;
}

const SourceStatistics* StatisticsReport::previous_of(std::string_view source) const {
    for (const SourceStatistics& one : previous_.sources)
        if (one.name == source) return &one;
    return nullptr;
}

void StatisticsReport::say(const HandlerStatistics& handler, std::string_view event) const {
    if (logger_.json())
        logger_.write(LogLevel::info, "handler statistics", handler_fields(event, handler).view());
    else
        logger_.write(LogLevel::info, handler_text(handler));
}

// Histograms of the interval alone. What has shrunk belongs to handlers that a reload has made anew.
HandlerStatistics StatisticsReport::in_interval(HandlerStatistics handler) const {
    const auto before = std::ranges::find(previous_.handlers, handler.pool, &HandlerStatistics::pool);
    if (before == previous_.handlers.end()) return handler;
    for (MetricReading& reading : handler.metrics) {
        const auto same = std::ranges::find(before->metrics, reading.metric, &MetricReading::metric);
        if (same != before->metrics.end() && same->histogram.count() <= reading.histogram.count())
            reading.histogram = reading.histogram.since(same->histogram);
    }
    return handler;
}

void StatisticsReport::interval(StatisticsSnapshot now) {
    const std::int64_t elapsed_ns = now.taken_ns - previous_.taken_ns;
    for (const SourceStatistics& source : now.sources) {
        const SourceStatistics* before = previous_of(source.name);
        const HistogramSnapshot latency = before == nullptr ? source.latency : source.latency.since(before->latency);
        const double per_second =
            per_second_of(source.counts.settled() - (before == nullptr ? 0 : before->counts.settled()), elapsed_ns);
        if (logger_.json())
            logger_.write(LogLevel::info, "statistics",
                          source_fields("statistics", source, latency, elapsed_ns, per_second).view());
        else
            logger_.write(LogLevel::info, interval_text(source, latency, per_second));

        if (!logger_.enabled(LogLevel::debug)) continue;
        for (std::size_t index = 0; index < source.workers.size(); ++index) {
            const WorkerStatistics& worker = source.workers[index];
            // A unit that ends at the moment of a look may be seen without its time: then it is in the next interval.
            const std::uint64_t busy_before =
                std::min(before == nullptr ? 0 : busy_before_of(*before, index, worker), worker.counts.busy_ns);
            const double busy =
                elapsed_ns <= 0
                    ? 0.0
                    : std::min(1.0, static_cast<double>(worker.counts.busy_ns - busy_before) / static_cast<double>(elapsed_ns));
            if (logger_.json())
                logger_.write(LogLevel::debug, "worker statistics", worker_fields(source.name, worker, busy).view());
            else
                logger_.write(LogLevel::debug, worker_text(source.name, worker, busy));
        }
    }
    for (const HandlerStatistics& handler : now.handlers) say(in_interval(handler), "handler_statistics");
    for (const AwayStatistics& away : now.away) {
        JsonFields fields;
        fields.add("event", "away_statistics").add("path", away.path).add("away_ms", away.away_ns / 1'000'000);
        if (away.is_full) fields.add("full", true);
        logger_.write(LogLevel::info, logger_.json() ? "away" : away_text(away), fields.view());
    }
    if (now.memory.limit != 0) {
        JsonFields fields;
        fields.add("event", "memory_statistics").add("bytes", now.memory.bytes).add("limit", now.memory.limit);
        logger_.write(LogLevel::info, logger_.json() ? "memory" : memory_text(now.memory), fields.view());
    }
    previous_ = std::move(now);
}

bool StatisticsReport::final(const StatisticsSnapshot& now) {
    const std::int64_t elapsed_ns = now.taken_ns - started_ns_;
    bool all_hold = true;
    for (const SourceStatistics& source : now.sources) {
        const bool holds = source.counts.law_holds();
        all_hold = all_hold && holds;
        const LogLevel level = holds ? LogLevel::info : LogLevel::error;
        if (logger_.json()) {
            JsonFields fields = source_fields("final_statistics", source, source.latency, elapsed_ns,
                                              per_second_of(source.counts.settled(), elapsed_ns));
            fields.add("law_holds", holds);
            logger_.write(level, "final statistics", fields.view());
        } else {
            logger_.write(level, final_text(source, elapsed_ns));
        }
    }
    for (const HandlerStatistics& handler : now.handlers) say(handler, "final_handler_statistics");
    return all_hold;
}

}  // namespace sluice
