#include "config/load.hpp"

#include "config/plugins.hpp"

namespace sluice {

LoadedConfig load_config(const ConfigInput& input) {
    ReadConfig read = read_config(input);
    LoadedConfig loaded{std::move(read.config), std::move(read.problems), nullptr};
    loaded.registry = std::make_unique<Registry>(Registry::search_path(loaded.config.plugin_path));
    const FindComponent find = [&](ComponentKind kind, const std::string& plugin) -> Result<FoundComponent> {
        Result<Registry::Component> found = loaded.registry->find(kind, plugin);
        if (!found) return std::move(found).error();
        return FoundComponent{found->manifest().file, found->spec};
    };
    check_plugins(loaded.config, find, loaded.problems);
    return loaded;
}

}  // namespace sluice
