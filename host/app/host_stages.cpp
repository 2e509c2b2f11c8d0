// Of the host: which of its sources are fed by its own pools (Stages).
#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "app/host.hpp"
#include "app/host_parts.hpp"
#include "core/bytes.hpp"

namespace sluice {
namespace {

std::string_view resource_of(const QueueInstance& queue) {
    if (queue.table().resource_id == nullptr) return {};
    const sluice_bytes resource =
        fenced({queue.part(), "resource_id"}, [&] { return queue.table().resource_id(queue.self()); }, [](std::string_view) { return sluice_bytes{}; });
    return view_of(resource);
}

}  // namespace

// Sources in the same file or server as a target. Which of the queues there is whose, only their plugin knows: a source that waits for one
// that does not feed it ends a little later.
std::vector<std::size_t> Host::read_by(const NamedTarget& target) const {
    std::vector<std::size_t> sources;
    const std::string_view resource = resource_of(target.instance);
    for (std::size_t i = 0; i < sources_.size() && !resource.empty(); ++i)
        if (resource_of(sources_[i]->loop->queue()) == resource) sources.push_back(i);
    return sources;
}

void Host::find_stages() {
    std::vector<std::vector<Target*>> filled_by(sources_.size());
    for (auto& target : targets_) {
        std::vector<std::size_t> sources = read_by(*target);
        for (const std::size_t source : sources) filled_by[source].push_back(target->target.get());
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
    connect_stages();
}

// Dead letters are published too: those of every source go where `dead_letters.target` says.
void Host::connect_stages() {
    std::vector<std::set<std::size_t>> feeders(sources_.size());
    for (std::size_t target = 0; target < config_.targets.size(); ++target)
        for (const std::size_t reader : read_by(*targets_[target])) {
            for (std::size_t pool = 0; pool < pools_.size(); ++pool)
                if (std::ranges::count(pools_[pool]->targets(), target) != 0) feeders[reader].insert(config_.pools[pool].source);
            if (targets_[target]->name == config_.dead_letter_target)
                for (std::size_t source = 0; source < sources_.size(); ++source) feeders[reader].insert(source);
        }
    std::vector<std::vector<std::size_t>> lists;
    for (const auto& of : feeders) lists.emplace_back(of.begin(), of.end());
    stages_.connect(std::move(lists));
}

}  // namespace sluice
