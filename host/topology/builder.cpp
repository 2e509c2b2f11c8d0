#include "topology/builder.hpp"

#include <fmt/format.h>

#include <utility>

#include "plugin/options.hpp"
#include "plugin/port/plugin_database.hpp"
#include "plugin/port/plugin_queue.hpp"
#include "plugin/port/rehearsed_database.hpp"
#include "plugin/port/rehearsed_queue.hpp"
#include "plugin/tables.hpp"
#include "topology/loops.hpp"
#include "topology/pool_builder.hpp"

namespace sluice {
namespace {

const PluginPart& part_of(const ComponentConfig& component, const Library& library) {
    return plugin_part(component.path, library.manifest().file.string());
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
    PoolTargets published;
    for (const auto& pool : host_.pools_) published.push_back(pool->targets());
    if (problems_ = find_loops(config_, registry_, published); !problems_.empty()) return;
    for (std::size_t i = 0; i < host_.sources_.size(); ++i) connect_source(i);
}

void Host::Builder::problem(const ComponentConfig& component, const std::string& text) {
    problems_.push_back(located(component.mark, component.path, text));
}

const Library* Host::Builder::load(const ComponentConfig& component, ComponentKind kind) {
    auto found = registry_.find(kind, component.plugin);
    if (!found) {
        problem(component, found.error().message);
        return nullptr;
    }
    host_.plugin_files_.note(found->manifest().file);
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
            failed.why = why.empty() ? "failed permanently" : why;
        }
        this_host->changed_();
    };
}

void Host::Builder::add_database(const ComponentConfig& component) {
    const Library* library = load(component, ComponentKind::database);
    if (library == nullptr) return;
    auto part = std::make_unique<NamedDatabase>();
    part->name = component.name;
    part->services = services(component, component.path);
    auto created = PluginDatabase::create(*library, component.component,
                                          setup(component, SLUICE_ROLE_DATABASE, component.name, *part->services),
                                          part_of(component, *library));
    if (!created) return problem(component, created.error().message);
    part->database.port = host_.rehearsal_ ? rehearse_database(std::move(created).value()) : std::move(created).value();
    const std::uint64_t seed = static_cast<std::uint64_t>(host_.clock_.wall_ms()) * 31 + host_.databases_.size() + 1;
    part->database.circuit = std::make_unique<Circuit>(host_.clock_, logger_of(component), seed, noting(part->failed));
    host_.databases_.push_back(std::move(part));
}

void Host::Builder::add_target(const ComponentConfig& component) {
    const Library* library = load(component, ComponentKind::queue);
    if (library == nullptr) return;
    auto part = std::make_unique<NamedTarget>();
    part->name = component.name;
    part->services = services(component, component.path);
    auto created =
        create_queue(*library, component.component, setup(component, SLUICE_ROLE_TARGET, component.name, *part->services));
    if (!created) return problem(component, created.error().message);
    part->queue = host_.rehearsal_ ? rehearse_target(std::move(created).value()) : std::move(created).value();
    Target::Options options;
    options.on_failed = noting(part->failed);
    part->target = std::make_unique<Target>(*part->queue, std::move(options), host_.clock_, logger_of(component));
    host_.targets_.push_back(std::move(part));
}

void Host::Builder::add_source(const SourceConfig& source) {
    const ComponentConfig& component = source.component;
    const Library* library = load(component, ComponentKind::queue);
    if (library == nullptr) return;
    auto part = std::make_unique<NamedSource>();
    part->name = component.name;
    part->library = library;
    part->services = services(component, "sources." + source.id);  // the id: positions survive a new name
    auto created =
        create_queue(*library, component.component, setup(component, SLUICE_ROLE_SOURCE, source.id, *part->services));
    if (!created) return problem(component, created.error().message);
    std::unique_ptr<QueuePort> queue = std::move(created).value();
    if (host_.rehearsal_) queue = rehearse_source(std::move(queue), host_.rehearsal_->messages_max);
    part->loop = std::make_unique<SourceLoop>(component.name, source.id, std::move(queue), host_.clock_, logger_of(component),
                                              [this_host = &host_] { this_host->changed_(); });
    if (part->loop->queue().has_stable_ids()) part->loop->watch_for_poison(host_.poison_);
    host_.sources_.push_back(std::move(part));
}

void Host::Builder::add_pool(const PoolConfig& pool) {
    auto made = PoolBuilder(host_, config_, registry_, problems_).make(pool, static_cast<std::uint32_t>(host_.pools_.size()));
    if (!made) return;
    if (const std::string note = made->note_on_databases(); !note.empty())
        host_.notes_.push_back(pool.handler.path + ": " + note);
    host_.sources_[pool.source]->pools.push_back(host_.pools_.size());
    host_.pools_.push_back(std::move(made));
}

void Host::Builder::connect_source(std::size_t index) {
    std::vector<WorkerPool*> pools;
    for (const auto& pool : host_.pools_) pools.push_back(pool.get());
    auto ways = PoolBuilder(host_, config_, registry_, problems_).ways(index, pools);
    if (!ways) return;
    Target* dead_letters = config_.dead_letter_target.empty() ? host_.targets_.back()->target.get()
                                                              : host_.find_target(config_.dead_letter_target);
    SourceLoop& loop = *host_.sources_[index]->loop;
    if (config_.memory_limit != 0) loop.share(host_.memory_);
    loop.follow(host_.stages_);
    loop.proxy().limit_dead_letters({config_.dead_letter_rate.count, config_.dead_letter_rate.period.count() * 1'000'000});
    loop.connect(std::move(ways->router), std::move(ways->pools), *dead_letters, ways->in_flight_max);
}

}  // namespace sluice
