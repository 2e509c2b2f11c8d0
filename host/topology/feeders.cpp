#include "topology/feeders.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace sluice {

std::vector<std::size_t> read_by(const Topology& topology, const TargetPart& target) {
    std::vector<std::size_t> sources;
    const std::string_view resource = target.queue->resource();
    for (std::size_t i = 0; i < topology.sources.size() && !resource.empty(); ++i)
        if (topology.sources[i]->loop->queue().resource() == resource) sources.push_back(i);
    return sources;
}

std::vector<std::set<std::size_t>> feeders(const Topology& topology) {
    const HostConfig& config = topology.config;
    std::vector<std::set<std::size_t>> feeders(topology.sources.size());
    for (std::size_t target = 0; target < config.targets.size(); ++target)
        for (const std::size_t reader : read_by(topology, *topology.targets[target])) {
            for (std::size_t pool = 0; pool < topology.pools.size(); ++pool)
                if (std::ranges::count(topology.pools[pool]->targets(), target) != 0)
                    feeders[reader].insert(config.pools[pool].source);
            if (topology.targets[target]->name == config.dead_letter_target)
                for (std::size_t source = 0; source < topology.sources.size(); ++source) feeders[reader].insert(source);
        }
    return feeders;
}

// A handler may ask for a target as late as for its first message, and dead letters are published too: messages of any source
// may come to where a target leads. Of two sources that have nothing to do with each other, one ends a little later than it
// could.
void connect_stages(Topology& topology) {
    std::vector<std::vector<Target*>> filled_by(topology.sources.size());
    std::vector<std::size_t> all;
    for (std::size_t source = 0; source < topology.sources.size(); ++source) all.push_back(source);
    std::vector<std::vector<std::size_t>> feeders(topology.sources.size());
    for (auto& target : topology.targets) {
        std::vector<std::size_t> sources = read_by(topology, *target);
        for (const std::size_t source : sources) {
            filled_by[source].push_back(target->target.get());
            feeders[source] = all;
        }
        if (sources.empty()) continue;
        target->target->on_stored([&stages = topology.stages, sources = std::move(sources)] {
            for (const std::size_t source : sources) stages.stored(source);
        });
    }
    for (std::size_t source = 0; source < topology.sources.size(); ++source) {
        if (filled_by[source].empty()) continue;
        topology.sources[source]->loop->on_settled([targets = std::move(filled_by[source])] {
            for (Target* target : targets) target->may_have_room();
        });
    }
    topology.stages.connect(std::move(feeders));
}

}  // namespace sluice
