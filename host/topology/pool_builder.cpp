#include "topology/pool_builder.hpp"

#include <algorithm>
#include <utility>

#include "plugin/port/plugin_handler.hpp"
#include "topology/located.hpp"

namespace sluice {
namespace {

RouteRules to_rules(const PoolConfig& pool) {
    return {.by = pool.route.by,
            .key = pool.route.key,
            .workers = pool.route.workers,
            .worker_count = pool.workers,
            .missing = pool.missing_key};
}

}  // namespace

std::unique_ptr<WorkerPool> PoolBuilder::make(const PoolConfig& pool, std::uint32_t number) {
    const auto failed = [&](const Error& error) {
        problems_.push_back(located(pool.handler.mark, pool.handler.path, error.message));
        return nullptr;
    };
    auto found = topology_.environment.registry.find(ComponentKind::handler, pool.handler.plugin);
    if (!found) return failed(found.error());
    topology_.plugin_files.note(found->manifest().file);
    auto library = topology_.environment.registry.load(*found);
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
                            .policy = pool,
                            .state_dir = config_.state_dir / pool.handler.path};
    const bool ids_stay = source.loop->queue().has_stable_ids();
    auto created = WorkerPool::create(std::move(setup), {.dependencies = topology_.dependencies,
                                                         .logging = topology_.environment.logging,
                                                         .clock = topology_.environment.clock,
                                                         .watch = topology_.watch,
                                                         .return_path = source.loop->return_path(),
                                                         .poison = ids_stay ? &topology_.poison : nullptr,
                                                         .source = config_.sources[pool.source].id,
                                                         .hung = [&topology = topology_] {
                                                             topology.hung.store(true, std::memory_order_release);
                                                             topology.environment.changed();
                                                         }});
    if (!created) return failed(created.error());
    const std::size_t problems_before = problems_.size();
    if ((*created)->deduplicates()) check_ids(pool, source);
    if (pool.when_full.then == WhenFull::Then::release) check_release(pool, source);
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

std::optional<SourceRoutes> PoolBuilder::routes(std::size_t source, const std::vector<WorkerPool*>& pools) {
    std::vector<PoolRules> rules;
    std::vector<PoolFeed::Options> feeds;
    std::uint64_t room = 2 * limits::poll_batch;
    for (std::size_t i = 0; i < config_.pools.size(); ++i) {
        const PoolConfig& pool = config_.pools[i];
        if (pool.source != source) continue;
        rules.push_back({pool.when, to_rules(pool)});
        feeds.push_back({.pool = pools[i],
                         .when_full = pool.when_full,
                         .logger = topology_.environment.logging.logger("pools." + pool.name, pool.name),
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
    return SourceRoutes{std::move(router).value(), std::move(feeds), room};
}

}  // namespace sluice
