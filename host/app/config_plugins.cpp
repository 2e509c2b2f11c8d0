#include "app/config_plugins.hpp"

#include <fmt/format.h>

namespace sluice {
namespace {

class PluginCheck {
public:
    PluginCheck(const HostConfig& config, const FindComponent& find, Problems& problems)
        : folder_(config.folder), find_(find), problems_(problems) {}

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

private:
    const std::filesystem::path& folder_;
    const FindComponent& find_;
    Problems& problems_;
};

// What is given up on is kept beside the positions unless the operator names another place.
ComponentConfig default_dead_letters(const HostConfig& config) {
    ComponentConfig component;
    component.name = "dead-letters";
    component.path = "dead_letters";
    component.plugin = "file";
    component.mark.where = config.file.string();
    component.plugin_mark = component.mark;
    component.options.kind = Node::Kind::map;
    Node path;
    path.kind = Node::Kind::text;
    path.text = (config.state_dir / "dead-letters.jsonl").string();
    path.mark = component.mark;
    path.set_path("dead_letters.path");
    component.options.map.push_back({"path", component.mark, std::move(path)});
    return component;
}

}  // namespace

void check_plugins(HostConfig& config, const FindComponent& find, Problems& problems) {
    PluginCheck plugins(config, find, problems);
    for (SourceConfig& source : config.sources) plugins.check(source.component, ComponentKind::queue, "source");
    for (DatabaseConfig& database : config.databases) plugins.check(database.component, ComponentKind::database, "");
    for (TargetConfig& target : config.targets) plugins.check(target.component, ComponentKind::queue, "target");
    for (PoolConfig& pool : config.pools) plugins.check(pool.handler, ComponentKind::handler, "");
    if (config.dead_letter_target.empty()) {
        config.dead_letters = default_dead_letters(config);
        plugins.check(config.dead_letters, ComponentKind::queue, "target");
    }
}

}  // namespace sluice
