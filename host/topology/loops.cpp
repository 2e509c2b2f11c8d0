#include "topology/loops.hpp"

#include <algorithm>
#include <optional>

#include "plugin/port/plugin_queue.hpp"
#include "topology/located.hpp"
#include "topology/same_file.hpp"

namespace sluice {
namespace {

// The file that this component is, if it is nothing else.
std::optional<FilePlace> file_of(const ComponentConfig& component, bool reads, Registry& registry) {
    const auto found = registry.find(ComponentKind::queue, component.plugin);
    if (!found) return std::nullopt;
    const auto library = registry.load(*found);
    if (!library || may_have_resource(**library, component.component)) return std::nullopt;
    std::optional<FilePlace> place;
    for (const OptionSpec& option : found->spec->options) {
        const Node* path = option.type == OptionType::path ? component.options.find(option.name) : nullptr;
        if (path == nullptr || path->text.empty()) continue;
        if (place) return std::nullopt;  // of several paths, nobody knows what each is for
        place = place_of(path->text, reads);
    }
    return place;
}

struct Step {
    std::string through;  // "pools.copy"
    const ComponentConfig* target;
    std::size_t to;  // the source that reads what is published there
};

class Loops {
public:
    Loops(const HostConfig& config, Registry& registry, const PoolTargets& published)
        : config_(config),
          steps_(config.sources.size()) {
        std::vector<std::optional<FilePlace>> read;
        for (const SourceConfig& source : config.sources) read.push_back(file_of(source.component, true, registry));
        const auto add = [&](std::size_t from, const std::string& through, const ComponentConfig& target) {
            const auto written = file_of(target, false, registry);
            for (std::size_t to = 0; written && to < read.size(); ++to)
                if (read[to] == written && config.sources[to].component.component == target.component)
                    steps_[from].push_back({through, &target, to});
        };
        for (std::size_t i = 0; i < config.pools.size() && i < published.size(); ++i)
            for (const std::size_t target : published[i])
                add(config.pools[i].source, "pools." + config.pools[i].name, config.targets[target].component);
        for (const TargetConfig& target : config.targets)
            if (!config.dead_letter_target.empty() && target.component.name == config.dead_letter_target)
                for (std::size_t from = 0; from < read.size(); ++from) add(from, "dead_letters", target.component);
    }

    std::vector<std::string> sentences() {
        for (std::size_t source = 0; source < steps_.size(); ++source) {
            std::vector<bool> seen(steps_.size());
            walk(source, source, "", seen);
        }
        return std::move(sentences_);
    }

private:
    void walk(std::size_t start, std::size_t at, const std::string& before, std::vector<bool>& seen) {
        for (const Step& step : steps_[at]) {
            const std::string ways = before + (before.empty() ? "" : " and ") + step.through;
            if (step.to == start) {
                const std::string sentence = located(step.target->mark, step.target->path,
                                                     "is the file that " + config_.sources[start].component.path +
                                                         " reads, and what is read there comes back to it (by " + ways +
                                                         "): that would never end; give the target a file of its own");
                if (std::ranges::find(sentences_, sentence) == sentences_.end()) sentences_.push_back(sentence);
            } else if (step.to > start && !seen[step.to]) {  // a loop is found from its first source
                seen[step.to] = true;
                walk(start, step.to, ways, seen);
            }
        }
    }

    const HostConfig& config_;
    std::vector<std::vector<Step>> steps_;  // by source
    std::vector<std::string> sentences_;
};

}  // namespace

std::vector<std::string> find_loops(const HostConfig& config, Registry& registry, const PoolTargets& published) {
    return Loops(config, registry, published).sentences();
}

}  // namespace sluice
