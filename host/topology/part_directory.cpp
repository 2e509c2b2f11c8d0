#include "topology/part_directory.hpp"

namespace sluice {

std::vector<std::string> PartDirectory::source_names() const {
    std::vector<std::string> names;
    for (const auto& source : topology_->sources) names.push_back(source->name);
    return names;
}

const Library* PartDirectory::library_of(const std::string& source) const {
    for (const auto& one : topology_->sources)
        if (one->name == source) return one->library;
    return nullptr;
}

std::vector<SeenQueue> PartDirectory::queues() const {
    std::vector<SeenQueue> seen;
    for (const auto& source : topology_->sources) seen.push_back({"source", source->name, &source->loop->queue(), {}});
    for (const auto& target : topology_->targets)
        seen.push_back({target->name == topology_->default_dead_letters ? "dead_letters" : "target",
                        target->name,
                        target->queue.get(),
                        {}});
    return seen;
}

void PartDirectory::ask(const std::string& source, const std::shared_ptr<KeyQuestion>& question) const {
    for (const auto& one : topology_->sources)
        if (one->name == source) one->loop->proxy().ask(question);
}

bool PartDirectory::replay(const std::string& identity, std::unique_ptr<ReplayItem>& item) const {
    for (const auto& source : topology_->sources)
        if (source->loop->identity() == identity) return source->loop->replay(item);
    return false;
}

}  // namespace sluice
