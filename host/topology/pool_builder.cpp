#include "topology/pool_builder.hpp"

#include <algorithm>
#include <utility>

#include "plugin/port/plugin_handler.hpp"
#include "topology/located.hpp"

namespace sluice {
namespace {

RouteRules to_rules(const PoolConfig& pool) {
    RouteRules rules;
    switch (pool.route.by) {
        case RouteBy::pointer: rules.by = RouteRules::By::pointer; break;
        case RouteBy::header: rules.by = RouteRules::By::header; break;
        case RouteBy::id: rules.by = RouteRules::By::id; break;
        case RouteBy::body: rules.by = RouteRules::By::body; break;
        case RouteBy::message_key: rules.by = RouteRules::By::message_key; break;
        case RouteBy::least_loaded:  // the dispatcher's business
        case RouteBy::round_robin: rules.by = RouteRules::By::round_robin; break;
    }
    rules.key = pool.route.key;
    rules.workers = pool.route.workers;
    rules.worker_count = pool.workers;
    switch (pool.missing_key.then) {
        case MissingKey::Then::round_robin: rules.missing = RouteRules::Missing::round_robin; break;
        case MissingKey::Then::dead_letter: rules.missing = RouteRules::Missing::dead_letter; break;
        case MissingKey::Then::worker: rules.missing = RouteRules::Missing::worker; break;
    }
    rules.missing_worker = pool.missing_key.worker;
    return rules;
}

WorkPolicy to_policy(const PoolConfig& pool) {
    WorkPolicy policy;
    policy.queue_capacity = pool.queue_capacity;
    policy.queue_bytes = pool.queue_bytes;
    policy.batch_max = pool.batch_max;
    policy.batch_time_ms = pool.batch_time.count();
    policy.attempts = pool.attempts;
    policy.keep_order = pool.keep_order;
    policy.backoff_ms = pool.backoff.count();
    policy.backoff_max_ms = pool.backoff_max.count();
    policy.park = pool.on_failure == OnFailure::park;
    policy.park_limit = pool.park_limit;
    policy.park_full_dead_letters = pool.park_full == ParkFull::dead_letter;
    policy.crash_attempts = pool.crash_attempts;
    policy.timeout_ms = pool.handler_timeout.count();
    policy.exit_on_hang = pool.on_hang == OnHang::exit;
    return policy;
}

WhenFullThen to_when_full(const WhenFull& when_full) {
    switch (when_full.then) {
        case WhenFull::Then::block: return WhenFullThen::block;
        case WhenFull::Then::overflow: return WhenFullThen::overflow;
        case WhenFull::Then::timeout: return WhenFullThen::release;
        case WhenFull::Then::drop_dead_letter: return WhenFullThen::drop_dead_letter;
        case WhenFull::Then::drop_count: return WhenFullThen::drop_count;
    }
    return WhenFullThen::block;
}

}  // namespace

std::unique_ptr<WorkerPool> PoolBuilder::make(const PoolConfig& pool, std::uint32_t number) {
    const auto failed = [&](const Error& error) {
        problems_.push_back(located(pool.handler.mark, pool.handler.path, error.message));
        return nullptr;
    };
    auto found = topology_.around.registry.find(ComponentKind::handler, pool.handler.plugin);
    if (!found) return failed(found.error());
    topology_.plugin_files.note(found->manifest().file);
    auto library = topology_.around.registry.load(*found);
    if (!library) return failed(library.error());

    const SourcePart& source = *topology_.sources[pool.source];
    WorkerPool::Setup setup{.name = pool.name,
                            .number = number,
                            .handler_path = pool.handler.path,
                            .plugin = pool.handler.component,
                            .plugin_file = found->manifest().file,
                            .handlers = PluginHandlerFactory::of(**library, pool.handler.component),
                            .options = pool.handler.options,
                            .workers = pool.workers,
                            .policy = to_policy(pool),
                            .state_dir = config_.state_dir / pool.handler.path};
    const bool ids_stay = source.loop->queue().has_stable_ids();
    auto created = WorkerPool::create(std::move(setup), {.dependencies = topology_.dependencies,
                                                         .logging = topology_.around.logging,
                                                         .clock = topology_.around.clock,
                                                         .watch = topology_.watch,
                                                         .way = source.loop->way(),
                                                         .poison = ids_stay ? &topology_.poison : nullptr,
                                                         .source = config_.sources[pool.source].id,
                                                         .hung = [&topology = topology_] {
                                                             topology.hung.store(true, std::memory_order_release);
                                                             topology.around.changed();
                                                         }});
    if (!created) return failed(created.error());
    const std::size_t problems_before = problems_.size();
    if ((*created)->deduplicates()) check_ids(pool, source);
    if (pool.when_full.then == WhenFull::Then::timeout) check_release(pool, source);
    return problems_.size() == problems_before ? std::move(created).value() : nullptr;
}

void PoolBuilder::check_ids(const PoolConfig& pool, const SourcePart& source) {
    if (source.loop->queue().has_stable_ids()) return;
    problems_.push_back(
        located(pool.handler.mark, pool.handler.path,
                "its database says `deduplicate: true`, but messages of source \"" + source.name +
                    "\" have other ids when they are delivered again, so nothing could be recognised; set deduplicate: "
                    "false, or read a source with stable ids"));
}

void PoolBuilder::check_release(const PoolConfig& pool, const SourcePart& source) {
    const QueuePort& queue = source.loop->queue();
    const std::string path = "pools." + pool.name + ".queue.when_full.timeout";
    if (!queue.takes_back())
        problems_.push_back(located(
            pool.mark, path, "source \"" + source.name + "\" cannot take messages back; use block or { overflow: 10000 }"));
    else if (pool.keep_order && !queue.release_keeps_order())
        problems_.push_back(
            located(pool.mark, path,
                    "source \"" + source.name +
                        "\" delivers messages that it has taken back behind newer ones, so their keys would lose their "
                        "order; use block or { overflow: 10000 }, or give up the order with order: none"));
}

std::optional<SourceWays> PoolBuilder::ways(std::size_t source, const std::vector<WorkerPool*>& pools) {
    std::vector<PoolRules> rules;
    std::vector<Dispatcher::PoolLane> lanes;
    std::uint64_t room = 2 * limits::poll_batch;
    for (std::size_t i = 0; i < config_.pools.size(); ++i) {
        const PoolConfig& pool = config_.pools[i];
        if (pool.source != source) continue;
        rules.push_back({pool.when, to_rules(pool)});
        lanes.push_back({.pool = pools[i],
                         .when_full = to_when_full(pool.when_full),
                         .logger = topology_.around.logging.logger("pools." + pool.name, pool.name),
                         .overflow = pool.when_full.overflow,
                         .timeout_ns = pool.when_full.timeout.count() * 1'000'000,
                         .keeps_order = pool.keep_order,
                         .least_loaded = pool.route.by == RouteBy::least_loaded,
                         .rebalance = pool.route.rebalance});
        room += pools[i]->room() + pool.when_full.overflow;
    }
    auto router = SourceRouter::make(rules);
    if (!router) {
        const ComponentConfig& component = config_.sources[source].component;
        problems_.push_back(located(component.mark, component.path, router.error().message));
        return std::nullopt;
    }
    return SourceWays{std::move(router).value(), std::move(lanes), room};
}

}  // namespace sluice
