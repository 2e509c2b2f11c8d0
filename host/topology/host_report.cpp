#include "topology/host_report.hpp"

#include <algorithm>
#include <iterator>
#include <mutex>

#include "core/clock.hpp"

namespace sluice {
namespace {

void add(SourceCounts& sum, const SourceCounts& counts) {
    sum.received += counts.received;
    sum.acked += counts.acked;
    sum.dead_lettered += counts.dead_lettered;
    sum.skipped += counts.skipped;
    sum.dropped_by_policy += counts.dropped_by_policy;
    sum.released += counts.released;
    sum.lost_lease += counts.lost_lease;
    sum.recognised += counts.recognised;
    sum.abandoned += counts.abandoned;
    sum.in_flight += counts.in_flight;
}

}  // namespace

// ---- how it stands ----------------------------------------------------------------------------------------------------------

bool HostReport::all_sources_ended() const {
    return std::all_of(topology_->sources.begin(), topology_->sources.end(),
                       [](const auto& source) { return source->loop->state() != SourceLoop::State::running; });
}

std::string HostReport::failure() const {
    if (!topology_->broken.empty()) return topology_->broken;
    for (const auto& source : topology_->sources)
        if (source->loop->failing()) return "source \"" + source->name + "\": " + source->loop->error();
    for (const auto& database : topology_->databases) {
        std::lock_guard lock(database->failed.mutex);
        if (!database->failed.why.empty())
            return "database \"" + database->name + "\" failed permanently: " + database->failed.why;
    }
    for (const auto& target : topology_->targets) {
        std::lock_guard lock(target->failed.mutex);
        if (!target->failed.why.empty()) return "target \"" + target->name + "\": " + target->failed.why;
    }
    return {};
}

bool HostReport::reads_finite_source() const {
    return std::any_of(topology_->sources.begin(), topology_->sources.end(),
                       [](const auto& source) { return source->loop->queue().is_finite(); });
}

StatisticsSnapshot HostReport::snapshot() const {
    StatisticsSnapshot snapshot;
    snapshot.taken_ns = topology_->environment.clock.now();
    for (const auto& source : topology_->sources) {
        SourceStatistics statistics = source->loop->statistics(snapshot.taken_ns);
        for (const std::size_t number : source->pools) {
            const WorkerPool& pool = *topology_->pools[number];
            for (std::uint32_t i = 0; i < pool.size(); ++i) {
                const Worker& worker = pool.worker(i);
                WorkerStatistics one{pool.name(),
                                     i,
                                     worker.counts(),
                                     worker.queue().depth(),
                                     worker.queue().high_water(),
                                     worker.queue().capacity()};
                if (const std::int64_t since = worker.running_since_ns(); since != 0)
                    one.running_ns = std::max<std::int64_t>(topology_->environment.clock.now() - since, 1);
                statistics.parked += worker.parked();
                statistics.deferred += worker.deferred();
                statistics.counts.retried += one.counts.retried;
                one.counts += source->past.of(pool.name(), i);
                statistics.workers.push_back(std::move(one));
            }
        }
        statistics.counts.retried += source->past.retried();
        snapshot.sources.push_back(std::move(statistics));
    }
    for (const auto& pool : topology_->pools)
        if (auto readings = pool->measured(); !readings.empty())
            snapshot.handlers.push_back({pool->name(), std::move(readings)});
    SourceStatistics replays;
    replays.name = replays_source;
    for (const auto& source : topology_->sources) add(replays.counts, source->loop->replay_counts());
    if (replays.counts.received != 0) snapshot.sources.push_back(std::move(replays));
    // A limit that nobody has set is said only once it begins to matter.
    if (topology_->config.memory_limit_is_set || topology_->memory.in_flight() > topology_->memory.bytes() / 2)
        snapshot.memory = {topology_->memory.in_flight(), topology_->memory.bytes()};
    const auto note = [&](const char* kind, const std::string& name, std::int64_t since_ns, bool is_full = false) {
        if (since_ns != 0)
            snapshot.away.push_back({kind + name, std::max<std::int64_t>(snapshot.taken_ns - since_ns, 1), is_full});
    };
    for (const auto& source : topology_->sources) note("sources.", source->name, source->loop->away_since_ns());
    for (const auto& database : topology_->databases)
        note("databases.", database->name, database->database.circuit->away_since_ns());
    for (const auto& target : topology_->targets)
        note("targets.", target->name, target->target->away_since_ns(), target->target->is_full());
    return snapshot;
}

std::uint64_t HostReport::settled() const {
    std::uint64_t settled = 0;
    for (const auto& source : topology_->sources) settled += source->loop->counts().settled();
    return settled;
}

std::pair<std::uint64_t, std::uint64_t> HostReport::busy_and_queued() const {
    std::uint64_t busy = 0, queued = 0;
    for (const auto& pool : topology_->pools)
        for (std::uint32_t i = 0; i < pool->size(); ++i) {
            busy += pool->worker(i).is_in_handler();
            queued += pool->worker(i).queue().depth();
        }
    return {busy, queued};
}

DeathCauses HostReport::deaths() const {
    DeathCauses all;
    for (const auto& source : topology_->sources)
        if (source->loop->state() != SourceLoop::State::running) all.add(source->loop->deaths());
    return all;
}

std::vector<std::string> HostReport::stuck() const {
    std::vector<std::string> lines;
    for (const auto& source : topology_->sources)
        if (source->loop->state() == SourceLoop::State::running)
            lines.push_back("source \"" + source->name +
                            "\" has not ended: a call into its plugin has not returned, or it does not confirm");
    std::ranges::move(holding_up(), std::back_inserter(lines));
    return lines;
}

std::vector<std::string> HostReport::holding_up() const {
    std::vector<std::string> lines;
    for (const auto& target : topology_->targets)
        if (const std::string trouble = target->target->trouble(); !trouble.empty())
            lines.push_back("target \"" + target->name + "\" " + trouble + ": what publishes to it waits");
    for (const auto& pool : topology_->pools)
        for (std::uint32_t i = 0; i < pool->size(); ++i) {
            Worker& worker = pool->worker(i);
            const std::string message = worker.describe_current();
            if (message.empty()) continue;
            const std::int64_t since_ms = (topology_->environment.clock.now() - worker.running_since_ns()) / ns_per_ms;
            lines.push_back("worker " + pool->name() + "[" + std::to_string(i) + "] has been in its handler for " +
                            std::to_string(since_ms) + " ms with " + message);
        }
    return lines;
}

}  // namespace sluice
