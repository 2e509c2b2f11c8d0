#include "topology/queues.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "text/suggest.hpp"

namespace sluice {

Result<const SourceConfig*> find_publish_side(const HostConfig& config, const std::string& source) {
    const auto found = std::ranges::find(config.sources, source, [](const SourceConfig& one) { return one.component.name; });
    if (found == config.sources.end()) {
        std::vector<std::string> names;
        for (const SourceConfig& one : config.sources) names.push_back(one.component.name);
        return Error{ErrorKind::invalid,
                     fmt::format("there is no source \"{}\"{}", source, did_you_mean_or_list(source, names))};
    }
    if (!found->no_publish_side.empty())
        return Error{ErrorKind::invalid, fmt::format("source \"{}\": {}", source, found->no_publish_side)};
    return &*found;
}

Result<Target*> HostQueues::publisher(const std::string& source) {
    const Result<const SourceConfig*> config = find_publish_side(config_, source);
    if (!config) return config.error();
    std::unique_ptr<PublishSide>& side = sides_[source];
    if (side && side->failed()) failed_.push_back(std::move(side));
    if (!side) {
        const Library* library = parts_.library_of(source);
        if (library == nullptr) return Error{ErrorKind::invalid, fmt::format("the running host has no source \"{}\"", source)};
        const ComponentConfig& component = (*config)->publish_side;
        auto opened = PublishSide::open({*library, component, (*config)->id, config_.state_dir / ("sources." + (*config)->id)},
                                        logging_, clock_);
        if (!opened) return std::move(opened).error();
        side = std::move(*opened);
    }
    return &side->target();
}

SeenQueue find_dead_letters(const HostConfig& config, std::vector<SeenQueue> queues) {
    const std::string& target = config.dead_letter_target;
    const auto found = std::ranges::find_if(queues, [&](const SeenQueue& seen) {
        return target.empty() ? seen.role == "dead_letters" : seen.role == "target" && seen.name == target;
    });
    if (found == queues.end()) return {"dead_letters", target, nullptr, "the running host keeps dead letters elsewhere"};
    if (found->absent || (found->queue == nullptr && !found->error.empty())) return std::move(*found);
    if (found->queue != nullptr && found->queue->can_list()) return std::move(*found);
    const std::string where = target.empty() ? "their store" : "the target \"" + target + "\"";
    return {"dead_letters", found->name, nullptr,
            "dead letters go to " + where + ", whose plugin cannot show what it holds: look for them there"};
}

SeenQueue HostQueues::dead_letters() {
    return find_dead_letters(config_, parts_.queues());
}

Result<void> HostQueues::replay(const std::string& source, std::unique_ptr<ReplayItem>& item) {
    if (parts_.replay(source, item)) return {};
    return Error{ErrorKind::invalid, fmt::format("the running host has no source with the id \"{}\", or it has ended", source)};
}

bool HostQueues::close(std::int64_t deadline_ns) {
    bool all = true;
    for (const auto& [name, side] : sides_)
        if (side) all &= side->close(deadline_ns);
    for (const auto& side : failed_) all &= side->close(deadline_ns);
    return all;
}

}  // namespace sluice
