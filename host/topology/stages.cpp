// Of the host: which of its sources are fed by its own pools (Stages).
#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "topology/host.hpp"
#include "topology/parts.hpp"

namespace sluice {

// Sources in the same file or server as a target. Which of the queues there is whose, only their plugin knows: a source that
// waits for one that does not feed it ends a little later.
std::vector<std::size_t> Host::read_by(const NamedTarget& target) const {
    std::vector<std::size_t> sources;
    const std::string_view resource = target.queue->resource();
    for (std::size_t i = 0; i < sources_.size() && !resource.empty(); ++i)
        if (sources_[i]->loop->queue().resource() == resource) sources.push_back(i);
    return sources;
}

// A handler may ask for a target as late as for its first message, and dead letters are published too: messages of any source
// may come to where a target leads. Of two sources that have nothing to do with each other, one ends a little later than it
// could.
void Host::find_stages() {
    std::vector<std::vector<Target*>> filled_by(sources_.size());
    std::vector<std::size_t> all;
    for (std::size_t source = 0; source < sources_.size(); ++source) all.push_back(source);
    std::vector<std::vector<std::size_t>> feeders(sources_.size());
    for (auto& target : targets_) {
        std::vector<std::size_t> sources = read_by(*target);
        for (const std::size_t source : sources) {
            filled_by[source].push_back(target->target.get());
            feeders[source] = all;
        }
        if (sources.empty()) continue;
        target->target->on_stored([this, sources = std::move(sources)] {
            for (const std::size_t source : sources) stages_.stored(source);
        });
    }
    for (std::size_t source = 0; source < sources_.size(); ++source) {
        if (filled_by[source].empty()) continue;
        sources_[source]->loop->on_settled([targets = std::move(filled_by[source])] {
            for (Target* target : targets) target->may_have_room();
        });
    }
    stages_.connect(std::move(feeders));
}

// Only of pools that have asked for a target so far: enough for what goes on without it, too, only later.
std::vector<std::set<std::size_t>> Host::feeders() const {
    std::vector<std::set<std::size_t>> feeders(sources_.size());
    for (std::size_t target = 0; target < config_.targets.size(); ++target)
        for (const std::size_t reader : read_by(*targets_[target])) {
            for (std::size_t pool = 0; pool < pools_.size(); ++pool)
                if (std::ranges::count(pools_[pool]->targets(), target) != 0)
                    feeders[reader].insert(config_.pools[pool].source);
            if (targets_[target]->name == config_.dead_letter_target)
                for (std::size_t source = 0; source < sources_.size(); ++source) feeders[reader].insert(source);
        }
    return feeders;
}

}  // namespace sluice
