#include "config/pool.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/component.hpp"
#include "config/route.hpp"
#include "config/settings.hpp"
#include "core/limits.hpp"
#include "text/scalar.hpp"
#include "text/suggest.hpp"
#include "text/units.hpp"

namespace sluice {
namespace {

constexpr Range timeout_range{1, 24 * 3'600'000};

std::uint32_t read_source(MapReader& map, std::span<const std::string> source_names) {
    const std::string name = map.required_text("source", "name one of the sources" + did_you_mean_or_list("", source_names));
    const auto found = std::find(source_names.begin(), source_names.end(), name);
    if (found != source_names.end()) return static_cast<std::uint32_t>(found - source_names.begin());
    const Node* node = map.find("source");
    if (node != nullptr && !name.empty())
        map.problem(*node, fmt::format("there is no source {}{}", shown(*node), did_you_mean_or_list(name, source_names)));
    return no_source;
}

constexpr std::string_view when_full_forms =
    "block, { overflow: 10000 }, { timeout: 2s }, { drop: dead_letter } or { drop: count }";

WhenFull read_when_full(MapReader& queue, std::uint32_t workers) {
    using Then = WhenFull::Then;
    const Node* node = queue.find("when_full");
    if (node == nullptr || (node->is_scalar() && node->text == "block")) return {};
    if (node->kind != Node::Kind::map) {
        queue.problem(*node, fmt::format("must be {}, not {}", when_full_forms, shown(*node)));
        return {};
    }
    MapReader map(queue.reading(), node, node->mark, node->path, "pools.NAME.queue.when_full");
    WhenFull policy;
    const Choice<Then> choices[] = {{"dead_letter", Then::drop_dead_letter}, {"count", Then::drop_count}};
    policy.then = map.choice("drop", Then::block, choices);
    policy.timeout_ms = map.duration("timeout", Milliseconds{0}, timeout_range).count();
    policy.overflow = static_cast<std::uint32_t>(map.integer("overflow", 0, {1, limits::overflow_max}));
    if (policy.timeout_ms != 0) policy.then = Then::release;
    if (policy.overflow != 0) policy.then = Then::overflow;
    if (policy.overflow != 0 && policy.overflow < workers)
        map.problem(*map.find("overflow"),
                    fmt::format("must be at least the number of workers, which is {}: each has an equal share", workers));
    map.finish();
    const auto named = std::ranges::count_if(node->map, [](const NodeEntry& entry) {
        return entry.name == "drop" || entry.name == "timeout" || entry.name == "overflow";
    });
    if (named > 1 || node->map.empty()) queue.problem(*node, fmt::format("must say one thing: {}", when_full_forms));
    return policy;
}

void read_batch(MapReader& map, PoolConfig& pool) {
    MapReader batch = map.map("batch");
    pool.batch_max = std::min(pool.batch_max, pool.queue_capacity);
    read_settings(pool_settings(), "batch", batch, pool);
    if (pool.batch_max > pool.queue_capacity)
        batch.problem(*batch.find("max"),
                      fmt::format("must not be larger than queue.capacity, which is {}", pool.queue_capacity));
    batch.finish();
}

void read_retry(MapReader& map, PoolConfig& pool) {
    MapReader retry = map.map("retry");
    read_settings(pool_settings(), "retry", retry, pool);
    const Node* backoff_max = retry.find("backoff_max");
    const Node* backoff = retry.find("backoff");
    // Whichever is left out follows the one that is given.
    if (backoff_max == nullptr) {
        pool.backoff_max_ms = std::max(pool.backoff_max_ms, pool.backoff_ms);
    } else if (pool.backoff_ms > pool.backoff_max_ms) {
        if (backoff != nullptr && as_duration_ms(*backoff, {0, INT64_MAX}))
            retry.problem(*backoff, fmt::format("must not be longer than backoff_max, which is {}",
                                                format_duration(pool.backoff_max_ms)));
        pool.backoff_ms = pool.backoff_max_ms;
    }
    retry.finish();
}

// What stands in the pool itself.
void read_own(MapReader& map, PoolConfig& pool) {
    pool.park_limit = std::max(1u, pool.queue_capacity / 8);
    read_settings(pool_settings(), "", map, pool);
    if (pool.park_limit > pool.queue_capacity)
        map.problem(*map.find("park_limit"),
                    fmt::format("must not be larger than queue.capacity, which is {}", pool.queue_capacity));
}

void read_handler(MapReader& map, PoolConfig& pool) {
    MapReader handler = map.map("handler");
    read_settings(pool_settings(), "handler", handler, pool);
    handler.not_yet("on_hang", "takes this key beside the handler, not in it: pools.NAME.on_hang");
    pool.handler = read_component(handler, pool.name);

    if (pool.exit_on_hang && pool.timeout_ms == 0)
        map.problem(*map.find("on_hang"),
                    "exit needs handler.timeout: a call hangs when it has been running for twice that time");
}

}  // namespace

PoolConfig read_pool(MapReader& map, const std::string& name, std::span<const std::string> source_names) {
    check_name(map, name, "pool");
    PoolConfig pool;
    pool.name = name;
    pool.mark = map.mark();
    pool.source = read_source(map, source_names);
    MapReader queue = map.map("queue");
    read_settings(pool_settings(), "queue", queue, pool);
    read_own(map, pool);
    const Node* workers = map.find("workers");
    const bool workers_known = workers == nullptr || as_integer(*workers, {1, limits::workers_max});
    const std::uint32_t workers_there = workers_known ? pool.workers : limits::workers_max;
    pool.when = read_when(map);
    pool.route = read_route(map, workers_there);
    pool.missing_key = read_missing_key(map, workers_there);
    pool.when_full = read_when_full(queue, pool.workers);
    queue.finish();
    read_batch(map, pool);
    read_retry(map, pool);
    read_handler(map, pool);
    map.finish();
    return pool;
}

}  // namespace sluice
