#include "config/plugins.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/options.hpp"

namespace sluice {
namespace {

class PluginCheck {
public:
    PluginCheck(const HostConfig& config, const FindComponent& find, Problems& problems)
        : folder_(config.folder),
          find_(find),
          problems_(problems) {}

    void check(ComponentConfig& component, ComponentKind kind, std::string_view role) {
        if (component.plugin.empty()) return;  // a problem already
        const Result<FoundComponent> found = find_(kind, component.plugin);
        if (!found) return problems_.add(component.plugin_mark, component.path + ".plugin", found.error().message);
        const ComponentSpec& spec = *found->spec;
        component.component = spec.name;
        component.library = found->library;
        if ((role == "source" && !spec.source) || (role == "target" && !spec.target))
            return problems_.add(component.plugin_mark, component.path + ".plugin",
                                 fmt::format("plugin \"{}\" cannot be a {}; it is a {} only", spec.name, role,
                                             role == "source" ? "target" : "source"));
        check_options(spec, {role, folder_, component.mark}, component.options, problems_);
    }

    // Before the source itself is checked, since that changes its options. What stands in the way is no problem of the
    // configuration.
    void find_publish_side(SourceConfig& source) {
        const Result<FoundComponent> found = find_(ComponentKind::queue, source.component.plugin);
        if (source.component.plugin.empty() || !found) return;
        const ComponentSpec& spec = *found->spec;
        const auto belongs_to = [&](const std::string& name, std::string_view role) {
            return std::ranges::any_of(spec.options, [&](const OptionSpec& option) {
                return (option.name == name || option.name + "_file" == name) && (option.role.empty() || option.role == role);
            });
        };
        ComponentConfig side = source.component;
        side.component = spec.name;
        side.library = found->library;
        std::erase_if(side.options.map, [&](const NodeEntry& entry) { return !belongs_to(entry.name, "target"); });
        // Who puts a message in under an id of his own does so again if he does not know whether it was stored.
        const bool knows_ids = std::ranges::any_of(spec.options, [](const OptionSpec& option) {
            return option.name == "deduplicate" && option.type == OptionType::boolean && option.role != "source";
        });
        if (knows_ids && side.options.find("deduplicate") == nullptr)
            side.options.map.push_back(switched_on("deduplicate", side));
        Problems problems;
        check_options(spec, {"target", folder_, side.mark}, side.options, problems);
        if (!spec.target)
            source.no_publish_side =
                fmt::format("plugin \"{}\" can only be read from, so nothing can be put into it", spec.name);
        else if (std::ranges::any_of(side.options.map, [](const NodeEntry& entry) { return entry.value.text == "-"; }))
            source.no_publish_side = "it reads standard input, so nothing can be put into it";
        else if (!problems.empty())
            source.no_publish_side = "nothing can be put into it: " + problems.lines().front();
        else
            source.publish_side = std::move(side);
    }

private:
    static NodeEntry switched_on(const char* name, const ComponentConfig& of) {
        Node value;
        value.kind = Node::Kind::boolean;
        value.integer = 1;
        value.text = "true";
        value.mark = of.mark;
        value.set_path(of.path + "." + name);
        return {name, of.mark, std::move(value)};
    }

    const std::filesystem::path& folder_;
    const FindComponent& find_;
    Problems& problems_;
};

// What is given up on is kept beside the positions unless the operator names another place.
ComponentConfig default_dead_letters(const HostConfig& config) {
    ComponentConfig component;
    component.name = "dead-letters";
    component.path = "dead_letters";
    component.plugin = "sqlite";
    component.mark.where = config.file.string();
    component.plugin_mark = component.mark;
    component.options.kind = Node::Kind::map;
    Node path;
    path.kind = Node::Kind::text;
    path.text = (config.state_dir / "dead-letters.db").string();
    path.mark = component.mark;
    path.set_path("dead_letters.path");
    component.options.map.push_back({"path", component.mark, std::move(path)});
    return component;
}

}  // namespace

void check_plugins(HostConfig& config, const FindComponent& find, Problems& problems) {
    PluginCheck plugins(config, find, problems);
    for (SourceConfig& source : config.sources) {
        plugins.find_publish_side(source);
        plugins.check(source.component, ComponentKind::queue, "source");
    }
    for (DatabaseConfig& database : config.databases) plugins.check(database.component, ComponentKind::database, "");
    for (TargetConfig& target : config.targets) plugins.check(target.component, ComponentKind::queue, "target");
    for (PoolConfig& pool : config.pools) plugins.check(pool.handler, ComponentKind::handler, "");
    if (config.dead_letter_target.empty()) {
        config.dead_letters = default_dead_letters(config);
        plugins.check(config.dead_letters, ComponentKind::queue, "target");
    }
}

}  // namespace sluice
