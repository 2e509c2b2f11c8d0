#include "topology/build.hpp"

#include <fmt/format.h>

#include <utility>

#include "plugin/options.hpp"
#include "plugin/port/plugin_database.hpp"
#include "plugin/port/plugin_queue.hpp"
#include "plugin/port/rehearsed_database.hpp"
#include "plugin/port/rehearsed_queue.hpp"
#include "plugin/tables.hpp"
#include "topology/located.hpp"
#include "topology/loops.hpp"
#include "topology/pool_builder.hpp"

namespace sluice {
namespace {

const PluginPart& part_of(const ComponentConfig& component, const Library& library) {
    return plugin_part(component.path, library.manifest().file.string());
}

// Gathers every problem on the way.
class TopologyBuilder {
public:
    TopologyBuilder(Topology& topology, const HostConfig& config, std::vector<std::string>& problems)
        : topology_(topology),
          environment_(topology.environment),
          config_(config),
          problems_(problems) {}

    void build();

private:
    const Library* load(const ComponentConfig& component, ComponentKind kind);
    Logger logger_of(const ComponentConfig& component);
    std::unique_ptr<sluice_host> services(const ComponentConfig& component, const std::string& folder);
    sluice_setup setup(const ComponentConfig& component, std::uint32_t role, const std::string& identity,
                       sluice_host& services);
    std::function<void(const std::string&)> noting(Failed& failed);
    void add_database(const ComponentConfig& component);
    void add_target(const ComponentConfig& component);
    void add_source(const SourceConfig& source);
    void add_pool(const PoolConfig& pool);
    void connect_source(std::size_t index);
    Target& dead_letters();
    void problem(const ComponentConfig& component, const std::string& text);

    Topology& topology_;
    const Topology::Environment& environment_;
    const HostConfig& config_;
    std::vector<std::string>& problems_;
};

void TopologyBuilder::build() {
    for (const DatabaseConfig& database : config_.databases) add_database(database.component);
    for (const TargetConfig& target : config_.targets) add_target(target.component);
    if (config_.dead_letter_target.empty()) add_target(config_.dead_letters);
    for (auto& database : topology_.databases)
        topology_.dependencies.databases.emplace_back(database->name, &database->database);
    // The default store of dead letters is the host's own: handlers do not see it.
    for (std::size_t i = 0; i < config_.targets.size() && i < topology_.targets.size(); ++i)
        topology_.dependencies.targets.emplace_back(topology_.targets[i]->name, topology_.targets[i]->target.get());
    for (const SourceConfig& source : config_.sources) add_source(source);
    if (!problems_.empty()) return;  // pools need their sources
    for (const PoolConfig& pool : config_.pools) add_pool(pool);
    if (!problems_.empty()) return;
    PoolTargets published;
    for (const auto& pool : topology_.pools) published.push_back(pool->targets());
    if (problems_ = find_loops(config_, environment_.registry, published); !problems_.empty()) return;
    for (std::size_t i = 0; i < topology_.sources.size(); ++i) connect_source(i);
}

void TopologyBuilder::problem(const ComponentConfig& component, const std::string& text) {
    problems_.push_back(located(component.mark, component.path, text));
}

const Library* TopologyBuilder::load(const ComponentConfig& component, ComponentKind kind) {
    auto found = environment_.registry.find(kind, component.plugin);
    if (!found) {
        problem(component, found.error().message);
        return nullptr;
    }
    topology_.plugin_files.note(found->manifest().file);
    auto library = environment_.registry.load(*found);
    if (!library) {
        problem(component, library.error().message);
        return nullptr;
    }
    return *library;
}

Logger TopologyBuilder::logger_of(const ComponentConfig& component) {
    return environment_.logging.logger(component.path, {}, -1, component.component);
}

std::unique_ptr<sluice_host> TopologyBuilder::services(const ComponentConfig& component, const std::string& folder) {
    return std::make_unique<sluice_host>(logger_of(component), config_.state_dir / folder, environment_.clock);
}

sluice_setup TopologyBuilder::setup(const ComponentConfig& component, std::uint32_t role, const std::string& identity,
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

std::function<void(const std::string&)> TopologyBuilder::noting(Failed& failed) {
    return [&failed, &changed = environment_.changed](const std::string& why) {
        {
            std::lock_guard lock(failed.mutex);
            failed.why = why.empty() ? "failed permanently" : why;
        }
        changed();
    };
}

void TopologyBuilder::add_database(const ComponentConfig& component) {
    const Library* library = load(component, ComponentKind::database);
    if (library == nullptr) return;
    auto part = std::make_unique<DatabasePart>();
    part->name = component.name;
    part->services = services(component, component.path);
    auto created = PluginDatabase::create(*library, component.component,
                                          setup(component, SLUICE_ROLE_DATABASE, component.name, *part->services),
                                          part_of(component, *library));
    if (!created) return problem(component, created.error().message);
    part->database.port = environment_.rehearsal ? rehearse_database(std::move(created).value()) : std::move(created).value();
    const std::uint64_t seed = static_cast<std::uint64_t>(environment_.clock.wall_ms()) * 31 + topology_.databases.size() + 1;
    part->database.circuit = std::make_unique<Circuit>(environment_.clock, logger_of(component), seed, noting(part->failed));
    topology_.databases.push_back(std::move(part));
}

void TopologyBuilder::add_target(const ComponentConfig& component) {
    const Library* library = load(component, ComponentKind::queue);
    if (library == nullptr) return;
    auto part = std::make_unique<TargetPart>();
    part->name = component.name;
    part->services = services(component, component.path);
    auto created =
        create_queue(*library, component.component, setup(component, SLUICE_ROLE_TARGET, component.name, *part->services));
    if (!created) return problem(component, created.error().message);
    part->queue = environment_.rehearsal ? rehearse_target(std::move(created).value()) : std::move(created).value();
    Target::Options options;
    options.on_failed = noting(part->failed);
    part->target = std::make_unique<Target>(*part->queue, std::move(options), environment_.clock, logger_of(component));
    topology_.targets.push_back(std::move(part));
}

void TopologyBuilder::add_source(const SourceConfig& source) {
    const ComponentConfig& component = source.component;
    const Library* library = load(component, ComponentKind::queue);
    if (library == nullptr) return;
    auto part = std::make_unique<SourcePart>();
    part->name = component.name;
    part->library = library;
    part->services = services(component, "sources." + source.id);  // the id: positions survive a new name
    auto created =
        create_queue(*library, component.component, setup(component, SLUICE_ROLE_SOURCE, source.id, *part->services));
    if (!created) return problem(component, created.error().message);
    std::unique_ptr<QueuePort> queue = std::move(created).value();
    if (environment_.rehearsal) queue = rehearse_source(std::move(queue), environment_.rehearsal->messages_max);
    part->loop = std::make_unique<SourceLoop>(component.name, source.id, std::move(queue), environment_.clock,
                                              logger_of(component), [&changed = environment_.changed] { changed(); });
    if (part->loop->queue().has_stable_ids()) part->loop->watch_for_poison(topology_.poison);
    topology_.sources.push_back(std::move(part));
}

void TopologyBuilder::add_pool(const PoolConfig& pool) {
    auto made = PoolBuilder(topology_, config_, problems_).make(pool, static_cast<std::uint32_t>(topology_.pools.size()));
    if (!made) return;
    if (const std::string note = made->note_on_databases(); !note.empty())
        topology_.notes.push_back(pool.handler.path + ": " + note);
    topology_.sources[pool.source]->pools.push_back(topology_.pools.size());
    topology_.pools.push_back(std::move(made));
}

void TopologyBuilder::connect_source(std::size_t index) {
    std::vector<WorkerPool*> pools;
    for (const auto& pool : topology_.pools) pools.push_back(pool.get());
    auto routes = PoolBuilder(topology_, config_, problems_).routes(index, pools);
    if (!routes) return;
    SourceLoop& loop = *topology_.sources[index]->loop;
    if (config_.memory_limit != 0) loop.share(topology_.memory);
    loop.follow(topology_.stages);
    loop.proxy().limit_dead_letters({config_.dead_letter_rate.count, config_.dead_letter_rate.period.count() * 1'000'000});
    loop.connect(std::move(routes->router), std::move(routes->pools), dead_letters(), routes->in_flight_max);
}

// The default store is the last of the targets.
Target& TopologyBuilder::dead_letters() {
    for (const auto& target : topology_.targets)
        if (target->name == config_.dead_letter_target) return *target->target;
    return *topology_.targets.back()->target;
}

}  // namespace

std::unique_ptr<Topology> build_topology(const HostConfig& config, Topology::Environment environment,
                                         std::vector<std::string>& problems) {
    auto topology = std::make_unique<Topology>(config, std::move(environment));
    TopologyBuilder(*topology, config, problems).build();
    if (!problems.empty()) topology.reset();
    return topology;
}

}  // namespace sluice
