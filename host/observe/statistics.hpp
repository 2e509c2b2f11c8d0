// The statistics report: what the host has done, said every `statistics.every` and at the end. docs/reference/statistics.md
// explains each word of it.
//
// The host fills a StatisticsSnapshot, the report compares it with the one before and writes one line per source at info,
// one line per worker at debug, one per pool whose handlers measure something, one per unreachable part, and one for the memory
// limit if there is one; with `log.format: json` the same as fields.
//
// Threads  one thread at a time.
// Units    times in nanoseconds of the monotonic clock.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "observe/counters.hpp"
#include "observe/handler_metrics.hpp"
#include "observe/histogram.hpp"
#include "observe/logging.hpp"

namespace sluice {

struct WorkerStatistics {
    std::string pool;
    std::uint32_t worker = 0;
    WorkerCounts counts;
    std::uint64_t depth = 0;       // messages in its queue now
    std::uint64_t high_water = 0;  // the most there ever were
    std::uint64_t capacity = 0;
    std::int64_t running_ns = 0;  // so long the unit of work that it is in has been running; 0 = it is in none
};

struct SourceStatistics {
    std::string name;
    SourceCounts counts;                    // since the start
    std::uint64_t deferred = 0;             // messages whose handler will end them later, now
    std::uint64_t overflowed = 0;           // messages in the overflows of its pools, now
    std::uint64_t parked = 0;               // messages that wait behind a retry of their key, now
    std::uint64_t slots_moved = 0;          // groups of keys that have gone to another worker, since the start
    std::int64_t oldest_ns = 0;             // so long ago the oldest message that has not ended was received; 0 = there is none
    std::string_view not_polled_because;    // empty: it is polled
    std::int64_t not_polled_ns = 0;         // for so long it has not been
    HistogramSnapshot latency;              // receive to settle, since the start
    std::vector<WorkerStatistics> workers;  // of all pools on this source
};

// A source, database or target that cannot be reached now, or a target that has no room.
struct AwayStatistics {
    std::string path;  // in the configuration: "databases.shop"
    std::int64_t away_ns = 0;
    bool is_full = false;
};

// What the handlers of a pool have counted and measured by themselves, all workers together, since they were created.
struct HandlerStatistics {
    std::string pool;
    std::vector<MetricReading> metrics;
};

// What the messages in flight of all sources take, where memory_limit bounds it.
struct MemoryStatistics {
    std::uint64_t bytes = 0;
    std::uint64_t limit = 0;  // 0 = there is none
};

struct StatisticsSnapshot {
    std::int64_t taken_ns = 0;
    std::vector<SourceStatistics> sources;
    std::vector<AwayStatistics> away = {};
    MemoryStatistics memory = {};
    std::vector<HandlerStatistics> handlers = {};  // of pools that have any
};

class StatisticsReport {
public:
    // `started_ns`: the first interval, and the time the final rate is of, begin here.
    StatisticsReport(Logger logger, std::int64_t started_ns);

    // What happened since the last one.
    void interval(StatisticsSnapshot now);
    // The sum of everything. At error level for each source whose sum is wrong; returns whether the law holds for all of them.
    // `counts.in_flight` must be what the ledger holds, not a difference, or this proves nothing.
    bool final(const StatisticsSnapshot& now);

private:
    const SourceStatistics* previous_of(std::string_view source) const;
    void say(const HandlerStatistics& handler, std::string_view event) const;
    HandlerStatistics in_interval(HandlerStatistics handler) const;

    const Logger logger_;
    const std::int64_t started_ns_;
    StatisticsSnapshot previous_;
};

// ---- the texts, by themselves ----

// "flights: received 20000, acked 19990, … in_flight 10, 12.3k/s, latency p50 1.20ms p99 8.00ms max 9.10ms, deepest queues …"
std::string interval_text(const SourceStatistics& now, const HistogramSnapshot& latency, double per_second);
// "flights: received 20000 = acked 20000 + dead_lettered 0 + …; retried 0, 12.3k/s over 1.63s, latency …"
std::string final_text(const SourceStatistics& now, std::int64_t elapsed_ns);
// "calls: sent 1200, cached 310 By, answer p50 1.20ms p99 8.00ms max 9.10ms"
std::string handler_text(const HandlerStatistics& handler);
// "databases.shop: unreachable for 12.3s", "targets.out: full for 12.3s"
std::string away_text(const AwayStatistics& away);
// "memory: 12.3MiB of 256.0MiB in flight"
std::string memory_text(const MemoryStatistics& memory);
// "flights: airports[3] handled 2000, done 1990, … queue 12/1000 high water 800, busy 35%"
std::string worker_text(std::string_view source, const WorkerStatistics& worker, double busy_share);

}  // namespace sluice
