#include "topology/pool_builder.hpp"

#include <algorithm>
#include <utility>

#include "plugin/port/plugin_handler.hpp"

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

std::string located(const Mark& mark, const std::string& path, const std::string& text) {
    const std::string where = mark.where.empty() ? "" : mark.where + ": ";
    // What an instance says begins with its path already.
    const bool has_path = text.starts_with(path);
    // What it says of one of its options has the place of that, which is the better one: "pools.a.handler: invalid: f.yaml:9:7:
    // ...".
    constexpr std::size_t status_bytes = 16;
    const std::size_t column = mark.where.rfind(':'), line = column == 0 ? 0 : mark.where.rfind(':', column - 1);
    const std::string file = line == std::string::npos ? "" : mark.where.substr(0, line + 1);
    for (const std::string_view place :
         {std::string_view(file), std::string_view("--set "), std::string_view("the default of plugin ")}) {
        const std::size_t at = place.empty() ? std::string::npos : text.find(place);
        if (at == 0 || (has_path && at != std::string::npos && at <= path.size() + status_bytes)) return text.substr(at);
    }
    return where + (has_path ? "" : path + ": ") + text;
}

std::unique_ptr<WorkerPool> Host::PoolBuilder::make(const PoolConfig& pool, std::uint32_t number) {
    const auto failed = [&](const Error& error) {
        problems_.push_back(located(pool.handler.mark, pool.handler.path, error.message));
        return nullptr;
    };
    auto found = registry_.find(ComponentKind::handler, pool.handler.plugin);
    if (!found) return failed(found.error());
    host_.plugin_files_.note(found->manifest().file);
    auto library = registry_.load(*found);
    if (!library) return failed(library.error());

    const NamedSource& source = *host_.sources_[pool.source];
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
    auto created = WorkerPool::create(std::move(setup), {.dependencies = host_.dependencies_,
                                                         .logging = host_.logging_,
                                                         .clock = host_.clock_,
                                                         .watch = host_.watch_,
                                                         .way = source.loop->way(),
                                                         .poison = ids_stay ? &host_.poison_ : nullptr,
                                                         .source = config_.sources[pool.source].id,
                                                         .hung = [this_host = &host_] {
                                                             this_host->hung_.store(true, std::memory_order_release);
                                                             this_host->changed_();
                                                         }});
    if (!created) return failed(created.error());
    const std::size_t problems_before = problems_.size();
    if ((*created)->deduplicates()) check_ids(pool, source);
    if (pool.when_full.then == WhenFull::Then::release) check_release(pool, source);
    return problems_.size() == problems_before ? std::move(created).value() : nullptr;
}

void Host::PoolBuilder::check_ids(const PoolConfig& pool, const NamedSource& source) {
    if (source.loop->queue().has_stable_ids()) return;
    problems_.push_back(
        located(pool.handler.mark, pool.handler.path,
                "its database says `deduplicate: true`, but messages of source \"" + source.name +
                    "\" have other ids when they are delivered again, so nothing could be recognised; set deduplicate: "
                    "false, or read a source with stable ids"));
}

void Host::PoolBuilder::check_release(const PoolConfig& pool, const NamedSource& source) {
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

std::optional<SourceWays> Host::PoolBuilder::ways(std::size_t source, const std::vector<WorkerPool*>& pools) {
    std::vector<PoolRules> rules;
    std::vector<Dispatcher::PoolLane> lanes;
    std::uint64_t room = 2 * limits::poll_batch;
    for (std::size_t i = 0; i < config_.pools.size(); ++i) {
        const PoolConfig& pool = config_.pools[i];
        if (pool.source != source) continue;
        rules.push_back({pool.when, to_rules(pool)});
        lanes.push_back({.pool = pools[i],
                         .when_full = pool.when_full,
                         .logger = host_.logging_.logger("pools." + pool.name, pool.name),
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
