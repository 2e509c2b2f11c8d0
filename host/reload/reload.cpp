#include "reload/reload.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "core/clock.hpp"
#include "text/units.hpp"
#include "topology/feeders.hpp"

namespace sluice {
namespace {

// The keys below a pool that say which of its messages have an order.
constexpr std::array<std::string_view, 5> ways_of_a_pool{"source", "route", "when", "missing_key", "order"};

std::vector<std::string> pools_of(const HostConfig& config, std::size_t source) {
    std::vector<std::string> names;
    for (const PoolConfig& pool : config.pools)
        if (pool.source == source) names.push_back(pool.name);
    return names;
}

}  // namespace

Reload::Reload(Host& host, HostConfig next)
    : topology_(host.topology()),
      pools_(host.replace_pools(std::move(next))),
      changes_(changes_between(topology_.config, pools_.next())) {
    check_changes();
    check_plugin_files();
    if (!refused()) {
        find_parts();
        std::vector<std::size_t> sources;
        for (const Part& part : parts_) sources.push_back(part.source);
        pools_.create([this](const std::string& pool) { return pool_changed(pool, false); }, std::move(sources),
                      outcome_.lines);
    }
    if (refused()) {
        phase_ = Phase::ended;
        return;
    }
    if (parts_.empty()) {
        exchange_pools();
        finish();
        return;
    }
    deadline_ns_ = topology_.environment.clock.now() + topology_.config.shutdown_deadline.count() * ns_per_ms;
    find_feeders();
    empty_pools();
}

// ---- before anything has changed --------------------------------------------------------------------------------------------

void Reload::check_changes() {
    for (const ConfigChange& change : changes_)
        if (!is_reloadable(change)) refuse(change.key + " needs a restart (" + change.text + ")");
}

void Reload::check_plugin_files() {
    const auto check = [&](const ComponentConfig& component) {
        if (topology_.plugin_files.replaced(component.library))
            refuse(component.path + " needs a restart: " + component.library.string() +
                   " is not the file any more that was loaded");
    };
    const HostConfig& next = pools_.next();
    for (const SourceConfig& source : next.sources) check(source.component);
    for (const DatabaseConfig& database : next.databases) check(database.component);
    for (const TargetConfig& target : next.targets) check(target.component);
    for (const PoolConfig& pool : next.pools) check(pool.handler);
}

bool Reload::pool_changed(const std::string& name, bool only_way) const {
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
void Reload::find_parts() {
    for (std::size_t source = 0; source < topology_.sources.size(); ++source) {
        const std::vector<std::string> before = pools_of(topology_.config, source), after = pools_of(pools_.next(), source);
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

// ---- while the old pools empty ----------------------------------------------------------------------------------------------

void Reload::find_feeders() {
    feeders_ = feeders(topology_);
    for (std::size_t through = 0; through < feeders_.size(); ++through)
        for (auto& of : feeders_)
            if (of.contains(through)) of.insert(feeders_[through].begin(), feeders_[through].end());
}

bool Reload::is_at(const Part& part, PoolStage stage) const {
    const SourceLoop& source = loop(part.source);
    return source.state() == SourceLoop::State::finished || source.pool_stage() == stage ||
           (stage == PoolStage::held && source.pool_stage() == PoolStage::quiet);
}

bool Reload::all_at(PoolStage stage) const {
    return std::all_of(parts_.begin(), parts_.end(), [&](const Part& part) { return is_at(part, stage); });
}

// Sources that feed each other in a circle wait for none of it.
bool Reload::waits_for_others(const Part& part) const {
    return std::any_of(parts_.begin(), parts_.end(), [&](const Part& other) {
        return feeders_[part.source].contains(other.source) && !feeders_[other.source].contains(part.source) &&
               !is_at(other, PoolStage::quiet);
    });
}

void Reload::empty_pools() {
    for (Part& part : parts_) {
        if (!part.held && !waits_for_others(part)) {
            part.held = true;
            loop(part.source).proxy().hold(part.how);
        }
        if (!part.held || part.asked || !is_at(part, PoolStage::held)) continue;
        part.asked = true;
        if (part.how == Hold::keep) pools_.ask_back(part.source);
    }
}

void Reload::step() {
    if (phase_ == Phase::emptying) {
        for (const Part& part : parts_)
            if (loop(part.source).failing()) return give_up("source \"" + loop(part.source).name() + "\" has failed");
        empty_pools();
        if (std::ranges::all_of(parts_, &Part::asked) && all_at(PoolStage::quiet)) exchange_pools();
    }
    if (phase_ == Phase::resuming && all_at(PoolStage::polling)) {
        pools_.forget_old();
        finish();
    }
    if (phase_ == Phase::undoing && all_at(PoolStage::polling)) phase_ = Phase::ended;
    if (phase_ == Phase::emptying && topology_.environment.clock.now() >= deadline_ns_)
        give_up("not all that the old pools had came back within " +
                format_duration(topology_.config.shutdown_deadline.count()) + " (shutdown.deadline)");
}

void Reload::give_up(const std::string& why) {
    if (phase_ != Phase::emptying) return;
    outcome_.lines = {why};
    for (const Part& part : parts_)
        if (part.held && !is_at(part, PoolStage::quiet))
            refuse("source \"" + loop(part.source).name() +
                   "\" has messages in its old pools, or does not confirm what has ended");
    for (std::string& line : HostReport(topology_).holding_up()) refuse(std::move(line));
    for (const Part& part : parts_) {
        if (!part.held) continue;
        pools_.resume(part.source);
        loop(part.source).proxy().go_on();
    }
    pools_.abandon();
    phase_ = Phase::undoing;
    deadline_ns_ = 0;
}

// ---- from one to the other --------------------------------------------------------------------------------------------------

void Reload::exchange_pools() {
    if (pools_.exchange(outcome_.lines) == PoolReplacement::Running::nothing) {
        phase_ = Phase::ended;
        return;
    }
    for (const Part& part : parts_) {
        pools_.resume(part.source);
        loop(part.source).proxy().go_on(pools_.take_routes(part.source));
    }
    phase_ = Phase::resuming;
    deadline_ns_ = 0;
}

void Reload::finish() {
    phase_ = Phase::ended;
    if (refused()) return;  // the old pools are there again
    const RateConfig& rate = topology_.config.dead_letter_rate;
    for (const auto& source : topology_.sources)
        source->loop->proxy().limit_dead_letters({rate.count, rate.period.count() * ns_per_ms});
    outcome_ = {true, {changes_.empty() ? "nothing has changed" : spoken(changes_)}};
}

}  // namespace sluice
