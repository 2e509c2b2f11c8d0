#include "topology/pool_replacement.hpp"

#include <algorithm>
#include <thread>

#include "core/clock.hpp"
#include "topology/loops.hpp"
#include "topology/pool_builder.hpp"

namespace sluice {
namespace {

constexpr std::int64_t join_ns = 5'000 * ns_per_ms;  // for threads that have nothing to do any more

std::size_t index_of(const HostConfig& config, const std::string& pool) {
    const auto found = std::ranges::find(config.pools, pool, &PoolConfig::name);
    return static_cast<std::size_t>(found - config.pools.begin());
}

template <typename Part>
std::size_t index_in(const std::vector<Part>& parts, const std::string& name) {
    const auto found = std::ranges::find(parts, name, [](const Part& part) { return part.component.name; });
    return static_cast<std::size_t>(found - parts.begin());
}

template <typename Part>
void keep_places(const std::vector<Part>& running, std::vector<Part>& next) {
    std::ranges::stable_sort(next, {}, [&](const Part& part) { return index_in(running, part.component.name); });
}

// Parts are known by their places in the configuration: those that stay must not change them.
HostConfig in_places_of(const HostConfig& running, HostConfig next) {
    std::vector<std::string> sources;
    for (const PoolConfig& pool : next.pools) sources.push_back(next.sources[pool.source].component.name);
    keep_places(running.sources, next.sources);
    keep_places(running.databases, next.databases);
    keep_places(running.targets, next.targets);
    for (std::size_t i = 0; i < sources.size(); ++i)
        next.pools[i].source = static_cast<std::uint32_t>(index_in(next.sources, sources[i]));
    return next;
}

}  // namespace

PoolReplacement::PoolReplacement(Topology& topology, HostConfig next)
    : topology_(topology),
      next_(in_places_of(topology.config, std::move(next))) {}

void PoolReplacement::create(const std::function<bool(const std::string& pool)>& is_new, std::vector<std::size_t> sources,
                             std::vector<std::string>& problems) {
    sources_ = std::move(sources);
    PoolBuilder builder(topology_, next_, problems);
    std::vector<WorkerPool*> pools;
    for (const PoolConfig& pool : next_.pools) {
        fresh_.push_back(is_new(pool.name) ? builder.make(pool, free_number()) : nullptr);
        pools.push_back(fresh_.back() ? fresh_.back().get() : staying(pool.name));
    }
    if (problems.empty()) {
        PoolTargets published;
        for (const WorkerPool* pool : pools)
            published.push_back(pool != nullptr ? pool->targets() : std::vector<std::size_t>());
        problems = find_loops(next_, topology_.environment.registry, published);
    }
    for (std::size_t i = 0; i < sources_.size() && problems.empty(); ++i)
        if (auto routes = builder.routes(sources_[i], pools)) routes_.emplace(sources_[i], std::move(*routes));
    if (!problems.empty()) fresh_.clear();
}

WorkerPool* PoolReplacement::staying(const std::string& pool) const {
    const std::size_t index = index_of(topology_.config, pool);
    return index < topology_.pools.size() ? topology_.pools[index].get() : nullptr;
}

std::uint32_t PoolReplacement::free_number() const {
    const auto is_used = [&](std::uint32_t number) {
        const auto has_it = [&](const std::unique_ptr<WorkerPool>& pool) { return pool && pool->number() == number; };
        return std::ranges::any_of(topology_.pools, has_it) || std::ranges::any_of(fresh_, has_it) ||
               std::ranges::any_of(retired_, has_it);
    };
    std::uint32_t number = 0;
    while (is_used(number)) ++number;
    return number;
}

void PoolReplacement::ask_back(std::size_t source) {
    for (const std::size_t pool : topology_.sources[source]->pools) topology_.pools[pool]->ask_back();
}

// A worker that is just handing over what it has must not be disturbed. It calls no plugin meanwhile.
void PoolReplacement::resume(std::size_t source) {
    for (const std::size_t pool : topology_.sources[source]->pools)
        while (!topology_.pools[pool]->keep_on()) std::this_thread::yield();
}

SourceRoutes PoolReplacement::take_routes(std::size_t source) {
    return std::move(routes_.extract(source).mapped());
}

// ---- from one to the other --------------------------------------------------------------------------------------------------

PoolReplacement::Running PoolReplacement::exchange(std::vector<std::string>& problems) {
    std::vector<std::size_t> ended;
    if (!end_old(ended)) {
        problems.push_back(topology_.broken);
        return Running::nothing;
    }
    for (const std::size_t i : ended) retired_.push_back(std::move(topology_.pools[i]));
    if (start_new(problems)) {
        place_new();
        return Running::next;
    }
    if (make_old_again(ended, problems)) {
        place_pools();
        return Running::before;
    }
    topology_.broken = "neither the new nor the old pools could be started: " + problems.back();
    for (std::size_t i = 0; i < ended.size(); ++i)
        topology_.pools[ended[i]] = std::move(retired_[i]);  // they are closed, and only to be destroyed
    return Running::nothing;
}

bool PoolReplacement::end_old(std::vector<std::size_t>& ended) {
    for (std::size_t i = 0; i < topology_.pools.size(); ++i) {
        WorkerPool& pool = *topology_.pools[i];
        const std::size_t now = index_of(next_, pool.name());
        if (now < fresh_.size() && !fresh_[now]) continue;  // it stays
        if (!pool.join(topology_.environment.clock.now() + join_ns)) {
            topology_.broken =
                "pool \"" + pool.name() + "\" could not be ended for a reload: a plugin holds one of its threads";
            return false;
        }
        pool.close();
        topology_.sources[topology_.config.pools[i].source]->past.note(pool);
        ended.push_back(i);
    }
    return true;
}

Result<void> PoolReplacement::start(WorkerPool& pool, std::size_t source) {
    if (auto started = pool.start(); !started) return started;
    const QueuePort& queue = topology_.sources[source]->loop->queue();
    pool.ack_in_units(queue.resource(), queue.name_in_unit());
    return {};
}

bool PoolReplacement::start_new(std::vector<std::string>& problems) {
    PoolTargets published;  // handlers may ask for their targets only as they start
    for (std::size_t i = 0; i < fresh_.size() && problems.empty(); ++i) {
        if (fresh_[i])
            if (auto started = start(*fresh_[i], next_.pools[i].source); !started) problems.push_back(started.error().message);
        published.push_back((fresh_[i] ? fresh_[i].get() : staying(next_.pools[i].name))->targets());
    }
    if (problems.empty()) problems = find_loops(next_, topology_.environment.registry, published);
    if (problems.empty()) return true;
    for (auto& begun : fresh_)
        if (begun) begun->close();
    fresh_.clear();
    return false;
}

bool PoolReplacement::make_old_again(const std::vector<std::size_t>& ended, std::vector<std::string>& problems) {
    PoolBuilder builder(topology_, topology_.config, problems);
    for (const std::size_t i : ended) {
        const PoolConfig& pool = topology_.config.pools[i];
        auto made = builder.make(pool, free_number());
        if (!made) return false;
        auto started = start(*made, pool.source);
        if (!started) problems.push_back(started.error().message);
        topology_.pools[i] = std::move(made);
        if (!started) return false;
    }
    routes_.clear();
    std::vector<WorkerPool*> pools;
    for (const auto& pool : topology_.pools) pools.push_back(pool.get());
    for (const std::size_t source : sources_)
        if (auto routes = builder.routes(source, pools)) routes_.emplace(source, std::move(*routes));
    return true;
}

void PoolReplacement::place_new() {
    std::vector<std::unique_ptr<WorkerPool>> pools;
    for (std::size_t i = 0; i < fresh_.size(); ++i)
        pools.push_back(fresh_[i] ? std::move(fresh_[i])
                                  : std::move(topology_.pools[index_of(topology_.config, next_.pools[i].name)]));
    topology_.pools = std::move(pools);
    topology_.config = next_;
    place_pools();
}

// Configuration and pools belong together again: what is known by their places follows.
void PoolReplacement::place_pools() {
    for (auto& source : topology_.sources) source->pools.clear();
    for (std::size_t i = 0; i < topology_.pools.size(); ++i)
        topology_.sources[topology_.config.pools[i].source]->pools.push_back(i);
    for (auto& source : topology_.sources) source->past.merge_gone(topology_.pools);
}

}  // namespace sluice
