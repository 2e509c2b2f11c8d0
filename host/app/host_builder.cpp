#include "app/host_builder.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "plugin/options.hpp"

namespace sluice {
namespace {

RouteRules to_rules(const PoolConfig& pool) {
    RouteRules rules;
    switch (pool.route.by) {
        case RouteBy::pointer: rules.by = RouteRules::By::pointer; break;
        case RouteBy::header: rules.by = RouteRules::By::header; break;
        case RouteBy::id: rules.by = RouteRules::By::id; break;
        case RouteBy::body: rules.by = RouteRules::By::body; break;
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

void Host::Builder::build() {
    for (const DatabaseConfig& database : config_.databases) add_database(database.component);
    for (const TargetConfig& target : config_.targets) add_target(target.component);
    if (config_.dead_letter_target.empty()) add_target(config_.dead_letters);
    for (auto& database : host_.databases_) host_.dependencies_.databases.emplace_back(database->name, &database->database);
    // The default store of dead letters is the host's own: handlers do not see it.
    for (std::size_t i = 0; i < config_.targets.size() && i < host_.targets_.size(); ++i)
        host_.dependencies_.targets.emplace_back(host_.targets_[i]->name, host_.targets_[i]->target.get());
    for (const SourceConfig& source : config_.sources) add_source(source);
    if (!problems_.empty()) return;  // pools need their sources
    for (const PoolConfig& pool : config_.pools) add_pool(pool);
    if (!problems_.empty()) return;
    for (std::size_t i = 0; i < host_.sources_.size(); ++i) connect_source(i);
}

void Host::Builder::problem(const Mark& mark, const std::string& path, const std::string& text) {
    const std::string where = mark.where.empty() ? "" : mark.where + ": ";
    // What an instance says begins with its path already.
    const bool has_path = text.rfind(path, 0) == 0;
    problems_.push_back(where + (has_path ? "" : path + ": ") + text);
}

void Host::Builder::problem(const ComponentConfig& component, const std::string& text) {
    problem(component.mark, component.path, text);
}

const Library* Host::Builder::load(const ComponentConfig& component, ComponentKind kind) {
    auto found = registry_.find(kind, component.plugin);
    if (!found) {
        problem(component, found.error().message);
        return nullptr;
    }
    auto library = registry_.load(*found);
    if (!library) {
        problem(component, library.error().message);
        return nullptr;
    }
    return *library;
}

Logger Host::Builder::logger_of(const ComponentConfig& component) {
    return host_.logging_.logger(component.path, {}, -1, component.component);
}

std::unique_ptr<sluice_host> Host::Builder::services(const ComponentConfig& component, const std::string& folder) {
    return std::make_unique<sluice_host>(logger_of(component), config_.state_dir / folder, host_.clock_);
}

sluice_setup Host::Builder::setup(const ComponentConfig& component, std::uint32_t role, const std::string& identity,
                                  sluice_host& services) {
    sluice_setup setup{};
    setup.struct_size = sizeof setup;
    setup.role = role;
    setup.name = {component.path.data(), component.path.size()};
    setup.identity = {identity.data(), identity.size()};
    setup.api = &host_api();
    setup.host = &services;
    setup.options_api = &options_api();
    setup.options = to_abi(component.options);
    return setup;
}

std::function<void(const std::string&)> Host::Builder::noting(Failed& failed) {
    return [&failed, this_host = &host_](const std::string& why) {
        {
            std::lock_guard lock(failed.mutex);
            failed.why = why.empty() ? "failed for good" : why;
        }
        this_host->changed_();
    };
}

void Host::Builder::add_database(const ComponentConfig& component) {
    const Library* library = load(component, ComponentKind::database);
    if (library == nullptr) return;
    const sluice_database* table = library->database(component.component);
    auto part = std::make_unique<NamedDatabase>();
    part->name = component.name;
    part->services = services(component, component.path);
    auto created = DatabaseInstance::create(*table, setup(component, SLUICE_ROLE_DATABASE, component.name, *part->services));
    if (!created) return problem(component, created.error().message);
    part->database.instance = std::move(created).value();
    const std::uint64_t seed = static_cast<std::uint64_t>(host_.clock_.wall_ms()) * 31 + host_.databases_.size() + 1;
    part->database.circuit = std::make_unique<Circuit>(host_.clock_, logger_of(component), seed, noting(part->failed));
    if (table->capabilities != nullptr)
        part->database.deduplicates = (table->capabilities(part->database.instance.self()) & SLUICE_DATABASE_DEDUPLICATES) != 0;
    host_.databases_.push_back(std::move(part));
}

void Host::Builder::add_target(const ComponentConfig& component) {
    const Library* library = load(component, ComponentKind::queue);
    if (library == nullptr) return;
    const sluice_queue* table = library->queue(component.component);
    auto part = std::make_unique<NamedTarget>();
    part->name = component.name;
    part->services = services(component, component.path);
    auto created = QueueInstance::create(*table, setup(component, SLUICE_ROLE_TARGET, component.name, *part->services));
    if (!created) return problem(component, created.error().message);
    part->instance = std::move(created).value();
    Target::Options options;
    options.name = component.path;
    options.on_failed = noting(part->failed);
    part->target = std::make_unique<Target>(*table, part->instance.self(), std::move(options), host_.clock_,
                                            logger_of(component));
    host_.targets_.push_back(std::move(part));
}

void Host::Builder::add_source(const SourceConfig& source) {
    const ComponentConfig& component = source.component;
    const Library* library = load(component, ComponentKind::queue);
    if (library == nullptr) return;
    auto part = std::make_unique<NamedSource>();
    part->name = component.name;
    part->services = services(component, "sources." + source.id);  // the id: positions survive a new name
    auto created = QueueInstance::create(*library->queue(component.component),
                                         setup(component, SLUICE_ROLE_SOURCE, source.id, *part->services));
    if (!created) return problem(component, created.error().message);
    part->loop = std::make_unique<SourceLoop>(component.name, source.id, std::move(created).value(), host_.clock_,
                                              logger_of(component), [this_host = &host_] { this_host->changed_(); });
    host_.sources_.push_back(std::move(part));
}

void Host::Builder::add_pool(const PoolConfig& pool) {
    const Library* library = load(pool.handler, ComponentKind::handler);
    if (library == nullptr) return;
    NamedSource& source = *host_.sources_[pool.source];
    WorkerPool::Setup setup{.name = pool.name,
                            .number = static_cast<std::uint32_t>(host_.pools_.size()),
                            .handler_path = pool.handler.path,
                            .plugin = pool.handler.component,
                            .table = library->handler(pool.handler.component),
                            .options = &pool.handler.options,
                            .workers = pool.workers,
                            .cores = std::max(1u, std::thread::hardware_concurrency()),
                            .policy = to_policy(pool),
                            .state_dir = config_.state_dir / pool.handler.path};
    const bool ids_stay = (source.loop->capabilities() & SLUICE_QUEUE_STABLE_IDS) != 0;
    if (ids_stay) source.loop->watch_for_poison(host_.poison_);
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
    if (!created) return problem(pool.handler, created.error().message);
    if ((*created)->deduplicates() && (source.loop->capabilities() & SLUICE_QUEUE_STABLE_IDS) == 0)
        problem(pool.handler,
                "its database says `deduplicate: true`, but messages of source \"" + source.name +
                    "\" have other ids when they are delivered again, so nothing could be recognised; set deduplicate: false, or read a "
                    "source with stable ids");
    if (pool.when_full.then == WhenFull::Then::timeout) check_release(pool, source);
    source.pools.push_back(host_.pools_.size());
    host_.pools_.push_back(std::move(created).value());
}

void Host::Builder::check_release(const PoolConfig& pool, const NamedSource& source) {
    const std::uint32_t can = source.loop->capabilities();
    if ((can & SLUICE_QUEUE_TAKES_BACK) == 0)
        problem(pool.mark, "pools." + pool.name + ".queue.when_full.timeout",
                "source \"" + source.name + "\" cannot take messages back; use block or { overflow: 10000 }");
    else if (pool.keep_order && (can & SLUICE_QUEUE_RELEASE_KEEPS_ORDER) == 0)
        problem(pool.mark, "pools." + pool.name + ".queue.when_full.timeout",
                "source \"" + source.name +
                    "\" delivers messages that it has taken back behind newer ones, so their keys would lose their order; use block or "
                    "{ overflow: 10000 }, or give up the order with order: none");
}

void Host::Builder::connect_source(std::size_t index) {
    NamedSource& source = *host_.sources_[index];
    std::vector<PoolRules> rules;
    std::vector<Dispatcher::PoolLane> lanes;
    std::uint64_t room = 2 * limits::poll_batch;
    for (const std::size_t number : source.pools) {
        const PoolConfig& pool = config_.pools[number];
        rules.push_back({pool.when, to_rules(pool)});
        lanes.push_back({.pool = host_.pools_[number].get(),
                         .when_full = to_when_full(pool.when_full),
                         .logger = host_.logging_.logger("pools." + pool.name, pool.name),
                         .overflow = pool.when_full.overflow,
                         .timeout_ns = pool.when_full.timeout.count() * 1'000'000,
                         .keeps_order = pool.keep_order,
                         .least_loaded = pool.route.by == RouteBy::least_loaded});
        room += host_.pools_[number]->room() + pool.when_full.overflow;
    }
    auto router = SourceRouter::make(rules);
    if (!router) return problem(config_.sources[index].component, router.error().message);
    Target* dead_letters = config_.dead_letter_target.empty() ? host_.targets_.back()->target.get()
                                                              : host_.find_target(config_.dead_letter_target);
    source.loop->limit_dead_letters(config_.dead_letter_rate.count, config_.dead_letter_rate.period.count() * 1'000'000);
    source.loop->connect(std::move(*router), std::move(lanes), *dead_letters, room);
}

}  // namespace sluice
