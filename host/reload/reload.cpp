#include "reload/reload.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <thread>
#include <utility>

#include "core/clock.hpp"
#include "text/units.hpp"
#include "topology/loops.hpp"
#include "topology/pool_builder.hpp"

namespace sluice {
namespace {

constexpr std::int64_t join_ns = 5'000 * ns_per_ms;  // for threads that have nothing to do any more

// Of the keys below a pool, those that say which of its messages have an order.
constexpr std::array<std::string_view, 5> ways_of_a_pool{"source", "route", "when", "missing_key", "order"};

std::vector<std::string> pools_of(const HostConfig& config, std::size_t source) {
    std::vector<std::string> names;
    for (const PoolConfig& pool : config.pools)
        if (pool.source == source) names.push_back(pool.name);
    return names;
}

std::size_t index_of(const HostConfig& config, const std::string& pool) {
    const auto found =
        std::find_if(config.pools.begin(), config.pools.end(), [&](const PoolConfig& one) { return one.name == pool; });
    return static_cast<std::size_t>(found - config.pools.begin());
}

// A worker that is just handing over what it has must not be disturbed. It calls no plugin meanwhile.
void keep_on(WorkerPool& pool) {
    while (!pool.keep_on()) std::this_thread::yield();
}

}  // namespace

Host::Reload::Reload(Host& host, HostConfig next, Registry& registry)
    : host_(host),
      next_(std::move(next)),
      registry_(registry),
      changes_(changes_between(host.config_, next_)) {
    check_changes();
    check_plugin_files();
    if (!refused()) find_parts();
    if (!refused()) create_pools();
    if (refused()) {
        fresh_.clear();
        phase_ = Phase::ended;
        return;
    }
    if (parts_.empty()) {
        host_.config_ = next_;
        finish();
        return;
    }
    deadline_ns_ = host_.clock_.now() + host_.config_.shutdown_deadline.count() * ns_per_ms;
    find_feeders();
    empty_pools();
}

// ---- before anything has changed --------------------------------------------------------------------------------------------

void Host::Reload::check_changes() {
    for (const ConfigChange& change : changes_)
        if (!is_reloadable(change)) refuse(change.key + " needs a restart (" + change.text + ")");
}

void Host::Reload::check_plugin_files() {
    const auto check = [&](const ComponentConfig& component) {
        if (host_.plugin_files_.replaced(component.library))
            refuse(component.path + " needs a restart: " + component.library.string() +
                   " is not the file any more that was loaded");
    };
    for (const SourceConfig& source : next_.sources) check(source.component);
    for (const DatabaseConfig& database : next_.databases) check(database.component);
    for (const TargetConfig& target : next_.targets) check(target.component);
    for (const PoolConfig& pool : next_.pools) check(pool.handler);
}

bool Host::Reload::pool_changed(const std::string& name, bool only_way) const {
    const std::string path = "pools." + name;
    return std::any_of(changes_.begin(), changes_.end(), [&](const ConfigChange& change) {
        if (!change.key.starts_with(path)) return false;
        if (change.key.size() == path.size()) return true;  // new, or gone
        if (change.key[path.size()] != '.') return false;
        const std::string_view below = std::string_view(change.key).substr(path.size() + 1);
        return !only_way || std::any_of(ways_of_a_pool.begin(), ways_of_a_pool.end(),
                                        [&](std::string_view way) { return below.substr(0, below.find('.')) == way; });
    });
}

// A pool that only works otherwise gives back what it has, and the next one goes on with it. Where messages go other ways than
// before, there is no order between those that were routed before and after: the source is drained first.
void Host::Reload::find_parts() {
    for (std::size_t source = 0; source < host_.sources_.size(); ++source) {
        const std::vector<std::string> before = pools_of(host_.config_, source), after = pools_of(next_, source);
        const auto any = [&](bool only_way) {
            const auto changed = [&](const std::string& name) { return pool_changed(name, only_way); };
            return std::any_of(before.begin(), before.end(), changed) || std::any_of(after.begin(), after.end(), changed);
        };
        if (before != after || any(true))
            parts_.push_back({source, Hold::drain});
        else if (any(false))
            parts_.push_back({source, Hold::keep});
    }
}

void Host::Reload::create_pools() {
    PoolBuilder builder(host_, next_, registry_, outcome_.lines);
    std::vector<WorkerPool*> pools;
    for (const PoolConfig& pool : next_.pools) {
        fresh_.push_back(pool_changed(pool.name, false) ? builder.make(pool, free_number()) : nullptr);
        const std::size_t old = index_of(host_.config_, pool.name);
        pools.push_back(fresh_.back() ? fresh_.back().get() : old < host_.pools_.size() ? host_.pools_[old].get() : nullptr);
    }
    if (refused()) return;
    PoolTargets published;
    for (const WorkerPool* pool : pools) published.push_back(pool != nullptr ? pool->targets() : std::vector<std::size_t>());
    outcome_.lines = find_loops(next_, registry_, published);
    if (refused()) return;
    for (const Part& part : parts_)
        if (auto ways = builder.ways(part.source, pools)) ways_.emplace_back(part.source, std::move(*ways));
}

std::uint32_t Host::Reload::free_number() const {
    const auto is_used = [&](std::uint32_t number) {
        const auto has_it = [&](const std::unique_ptr<WorkerPool>& pool) { return pool && pool->number() == number; };
        return std::any_of(host_.pools_.begin(), host_.pools_.end(), has_it) ||
               std::any_of(fresh_.begin(), fresh_.end(), has_it) || std::any_of(retired_.begin(), retired_.end(), has_it);
    };
    std::uint32_t number = 0;
    while (is_used(number)) ++number;
    return number;
}

// ---- while the old pools empty ----------------------------------------------------------------------------------------------

void Host::Reload::find_feeders() {
    feeders_ = host_.feeders();
    for (std::size_t through = 0; through < feeders_.size(); ++through)
        for (auto& of : feeders_)
            if (of.contains(through)) of.insert(feeders_[through].begin(), feeders_[through].end());
}

bool Host::Reload::is_at(const Part& part, SourceLoop::PoolStage stage) const {
    const SourceLoop& loop = *host_.sources_[part.source]->loop;
    return loop.state() == SourceLoop::State::finished || loop.pool_stage() == stage ||
           (stage == SourceLoop::PoolStage::held && loop.pool_stage() == SourceLoop::PoolStage::quiet);
}

bool Host::Reload::all_at(SourceLoop::PoolStage stage) const {
    return std::all_of(parts_.begin(), parts_.end(), [&](const Part& part) { return is_at(part, stage); });
}

// Sources that feed each other in a circle wait for none of it.
bool Host::Reload::waits_for_others(const Part& part) const {
    return std::any_of(parts_.begin(), parts_.end(), [&](const Part& other) {
        return feeders_[part.source].contains(other.source) && !feeders_[other.source].contains(part.source) &&
               !is_at(other, SourceLoop::PoolStage::quiet);
    });
}

void Host::Reload::empty_pools() {
    for (Part& part : parts_) {
        NamedSource& source = *host_.sources_[part.source];
        if (!part.held && !waits_for_others(part)) {
            part.held = true;
            source.loop->proxy().hold(part.how);
        }
        if (!part.held || part.asked || !is_at(part, SourceLoop::PoolStage::held)) continue;
        part.asked = true;
        // From here on nothing is pushed to these pools.
        if (part.how == Hold::keep)
            for (const std::size_t pool : source.pools) host_.pools_[pool]->ask_back();
    }
}

void Host::Reload::step() {
    if (phase_ == Phase::emptying) {
        for (const Part& part : parts_)
            if (host_.sources_[part.source]->loop->failing())
                return give_up("source \"" + host_.sources_[part.source]->name + "\" has failed");
        empty_pools();
        if (std::ranges::all_of(parts_, &Part::asked) && all_at(SourceLoop::PoolStage::quiet)) swap();
    }
    if (phase_ == Phase::resuming && all_at(SourceLoop::PoolStage::polling)) {
        retired_.clear();
        finish();
    }
    if (phase_ == Phase::undoing && all_at(SourceLoop::PoolStage::polling)) phase_ = Phase::ended;
    if (phase_ == Phase::emptying && host_.clock_.now() >= deadline_ns_)
        give_up("not all that the old pools had came back within " + format_duration(host_.config_.shutdown_deadline.count()) +
                " (shutdown.deadline)");
}

void Host::Reload::give_up(const std::string& why) {
    if (phase_ != Phase::emptying) return;
    outcome_.lines = {why};
    for (const Part& part : parts_)
        if (part.held && !is_at(part, SourceLoop::PoolStage::quiet))
            refuse("source \"" + host_.sources_[part.source]->name +
                   "\" has messages in its old pools, or does not confirm what has ended");
    for (std::string& line : host_.holding_up()) refuse(std::move(line));
    for (const Part& part : parts_) {
        if (!part.held) continue;
        NamedSource& source = *host_.sources_[part.source];
        if (part.how == Hold::keep && part.asked)
            for (const std::size_t pool : source.pools) keep_on(*host_.pools_[pool]);
        source.loop->proxy().go_on();
    }
    fresh_.clear();
    phase_ = Phase::undoing;
    deadline_ns_ = 0;
}

// ---- from one to the other --------------------------------------------------------------------------------------------------

void Host::Reload::swap() {
    std::vector<std::size_t> closed;
    for (std::size_t i = 0; i < host_.pools_.size(); ++i) {
        const std::size_t now = index_of(next_, host_.config_.pools[i].name);
        if (now < fresh_.size() && !fresh_[now]) continue;  // it stays
        WorkerPool& pool = *host_.pools_[i];
        if (!pool.join(host_.clock_.now() + join_ns)) {
            host_.broken_ = "pool \"" + pool.name() + "\" could not be ended for a reload: a plugin holds one of its threads";
            refuse(host_.broken_);
            phase_ = Phase::ended;
            return;
        }
        pool.close();
        host_.sources_[host_.config_.pools[i].source]->note_past(pool);
        closed.push_back(i);
    }
    for (const std::size_t i : closed) retired_.push_back(std::move(host_.pools_[i]));

    if (start_fresh()) {
        std::vector<std::unique_ptr<WorkerPool>> pools;
        for (std::size_t i = 0; i < fresh_.size(); ++i)
            pools.push_back(fresh_[i] ? std::move(fresh_[i])
                                      : std::move(host_.pools_[index_of(host_.config_, next_.pools[i].name)]));
        host_.pools_ = std::move(pools);
        host_.config_ = next_;
        go_on();
    } else if (!make_old_again(closed)) {
        host_.broken_ = "neither the new nor the old pools could be started: " + outcome_.lines.back();
        for (std::size_t i = 0; i < closed.size(); ++i)
            host_.pools_[closed[i]] = std::move(retired_[i]);  // they are closed, and only to be destroyed
        phase_ = Phase::ended;
    }
}

Result<void> Host::Reload::start(WorkerPool& pool, std::size_t source) {
    if (auto started = pool.start(); !started) return started;
    const QueuePort& queue = host_.sources_[source]->loop->queue();
    pool.ack_in_units(queue.resource(), queue.name_in_unit());
    return {};
}

bool Host::Reload::start_fresh() {
    PoolTargets published;  // handlers may ask for their targets only as they start
    for (std::size_t i = 0; i < fresh_.size() && !refused(); ++i) {
        if (fresh_[i])
            if (auto started = start(*fresh_[i], next_.pools[i].source); !started) refuse(started.error().message);
        published.push_back((fresh_[i] ? fresh_[i] : host_.pools_[index_of(host_.config_, next_.pools[i].name)])->targets());
    }
    if (!refused()) outcome_.lines = find_loops(next_, registry_, published);
    if (!refused()) return true;
    for (auto& begun : fresh_)
        if (begun) begun->close();
    fresh_.clear();
    return false;
}

bool Host::Reload::make_old_again(const std::vector<std::size_t>& closed) {
    PoolBuilder builder(host_, host_.config_, registry_, outcome_.lines);
    for (const std::size_t i : closed) {
        auto made = builder.make(host_.config_.pools[i], free_number());
        if (!made) return false;
        auto started = start(*made, host_.config_.pools[i].source);
        if (!started) refuse(started.error().message);
        host_.pools_[i] = std::move(made);
        if (!started) return false;
    }
    ways_.clear();
    std::vector<WorkerPool*> pools;
    for (const auto& pool : host_.pools_) pools.push_back(pool.get());
    for (const Part& part : parts_)
        if (auto ways = builder.ways(part.source, pools)) ways_.emplace_back(part.source, std::move(*ways));
    go_on();
    return true;
}

// The host's configuration and pools belong together again.
void Host::Reload::go_on() {
    for (auto& source : host_.sources_) source->pools.clear();
    for (std::size_t i = 0; i < host_.config_.pools.size(); ++i)
        host_.sources_[host_.config_.pools[i].source]->pools.push_back(i);
    for (auto& source : host_.sources_) source->forget_past_of_gone(host_.pools_);
    for (auto& [index, ways] : ways_) {
        NamedSource& source = *host_.sources_[index];
        for (const std::size_t pool : source.pools)
            keep_on(*host_.pools_[pool]);  // those that stay have given back what they had
        source.loop->proxy().go_on(std::move(ways));
    }
    phase_ = Phase::resuming;
    deadline_ns_ = 0;
}

void Host::Reload::finish() {
    phase_ = Phase::ended;
    if (refused()) return;  // the old pools are there again
    const RateConfig& rate = next_.dead_letter_rate;
    for (auto& source : host_.sources_) source->loop->proxy().limit_dead_letters({rate.count, rate.period.count() * ns_per_ms});
    outcome_ = {true, {changes_.empty() ? "nothing has changed" : spoken(changes_)}};
}

}  // namespace sluice
