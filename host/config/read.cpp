#include "config/read.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <optional>

#include "config/component.hpp"
#include "config/map_reader.hpp"
#include "config/override.hpp"
#include "config/pool.hpp"
#include "config/settings.hpp"
#include "config/yaml/reader.hpp"
#include "core/descriptor.hpp"
#include "core/limits.hpp"
#include "text/scalar.hpp"
#include "text/suggest.hpp"

namespace sluice {
namespace {

std::optional<std::string> read_text(const std::filesystem::path& file, Problems& problems) {
    const auto problem = [&](std::string_view sentence) { problems.add({file.string(), 0, 0}, "", sentence); };
    const bool standard_input = file == "-";
    const Descriptor opened(standard_input ? -1 : ::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    const int from = standard_input ? STDIN_FILENO : opened.get();
    std::string text(limits::config_file_bytes + 1, '\0');  // one more shows that there is more
    std::size_t size = 0;
    while (size < text.size()) {
        const ssize_t got = from < 0 ? -1 : ::read(from, text.data() + size, text.size() - size);
        if (got == 0) break;
        if (got > 0) {
            size += static_cast<std::size_t>(got);
        } else if (errno == EISDIR) {
            return problem("is a folder, not a configuration file"), std::nullopt;
        } else if (standard_input && errno == EBADF) {
            return problem("standard input is closed; name a file, or give it the configuration"), std::nullopt;
        } else if (errno != EINTR || from < 0) {
            return problem(fmt::format("cannot be read: {}", std::generic_category().message(errno))), std::nullopt;
        }
    }
    text.resize(size);
    return text;
}

// Overrides work on what the file says, so that they also help where the file's own value has a problem.
std::optional<Node> read_tree(const ConfigInput& input, Problems& problems) {
    const std::optional<std::string> text = read_text(input.file, problems);
    if (!text) return std::nullopt;
    std::optional<Node> root = read_yaml(*text, input.file == "-" ? "stdin" : input.file.string(), problems);
    if (!root) return std::nullopt;
    for (std::size_t i = 0; i < input.overrides.size(); ++i)
        apply_override(*root, input.overrides[i], static_cast<std::uint32_t>(i), problems);
    if (!finish_tree(*root, input.environment, problems)) return std::nullopt;
    return root;
}

// One of the maps whose keys are names: sources, databases, targets, pools.
template <typename Read>
void read_section(MapReader& root, std::string_view section, std::string_view what, Read read) {
    MapReader map = root.map(section);
    const std::size_t most = section == "pools" ? limits::pools_max : limits::config_section_entries;
    for (const NodeEntry* named : map.entries(most, section)) {
        MapReader entry = map.entry_of(*named);
        if (section != "pools") check_name(entry, named->name, what);
        read(entry, named->name);
    }
}

SourceConfig read_source(MapReader& map, const std::string& name, const std::vector<SourceConfig>& before) {
    SourceConfig source;
    source.id = name;
    read_settings(source_settings(), "", map, source);
    const auto twin =
        std::find_if(before.begin(), before.end(), [&](const SourceConfig& other) { return other.id == source.id; });
    if (twin != before.end())
        map.reading().problems.add(map.mark(), map.path(),
                                   fmt::format("has the same id \"{}\" as {}; positions are kept by id, so each needs its own",
                                               source.id, twin->component.path));
    source.component = read_component(map, name);
    return source;
}

// Every source is used, and every pool is able to get something.
void check_use(const HostConfig& config, Problems& problems) {
    std::vector<const PoolConfig*> takes_all(config.sources.size(), nullptr);
    std::vector<bool> used(config.sources.size(), false);
    for (const PoolConfig& pool : config.pools) {
        if (pool.source == no_source) return;  // its source may be any of them
        used[pool.source] = true;
        const PoolConfig*& first = takes_all[pool.source];
        if (first != nullptr)
            problems.add(pool.mark, "pools." + pool.name,
                         fmt::format("never gets a message: pools.{} stands before it, has no \"when\" and takes all of {}",
                                     first->name, config.sources[pool.source].component.path));
        else if (pool.when.empty())
            first = &pool;
    }
    for (std::size_t i = 0; i < config.sources.size(); ++i)
        if (!used[i])
            problems.add(config.sources[i].component.mark, config.sources[i].component.path,
                         "no pool uses this source; name it as the \"source\" of a pool, or leave it out");
}

void check_dead_letter_target(MapReader& map, const HostConfig& config) {
    std::vector<std::string> names;
    for (const TargetConfig& target : config.targets) names.push_back(target.component.name);
    if (config.dead_letter_target.empty() || std::find(names.begin(), names.end(), config.dead_letter_target) != names.end())
        return;
    const Node& node = *map.find("target");
    map.problem(node, fmt::format("there is no target {}{}", shown(node), did_you_mean_or_list(node.text, names)));
}

// What the log's lines are filed under, and so what may have a level of its own: the host's own parts, then those that the file
// names. A section stands for all in it.
std::vector<std::string> component_paths(const HostConfig& config) {
    std::vector<std::string> paths{"host", "statistics", "sources", "databases", "targets", "pools"};
    for (const SourceConfig& source : config.sources) paths.push_back(source.component.path);
    for (const DatabaseConfig& database : config.databases) paths.push_back(database.component.path);
    for (const TargetConfig& target : config.targets) paths.push_back(target.component.path);
    for (const PoolConfig& pool : config.pools) {
        paths.push_back("pools." + pool.name);
        paths.push_back(pool.handler.path);
    }
    return paths;
}

void check_levels(MapReader& log, const std::vector<std::string>& components) {
    const Node* levels = log.find("levels");
    if (levels == nullptr) return;
    for (const NodeEntry& entry : levels->map)
        if (std::find(components.begin(), components.end(), entry.name) == components.end())
            log.reading().problems.add(entry.mark, entry.value.path,
                                       "no component has this name" + did_you_mean_or_list(entry.name, components));
}

void read_root(MapReader& root, const Node& tree, HostConfig& config) {
    read_settings(host_settings(), "", root, config);
    read_section(root, "sources", "source", [&](MapReader& map, const std::string& name) {
        config.sources.push_back(read_source(map, name, config.sources));
    });
    read_section(root, "databases", "database",
                 [&](MapReader& map, const std::string& name) { config.databases.push_back({read_component(map, name)}); });
    read_section(root, "targets", "target",
                 [&](MapReader& map, const std::string& name) { config.targets.push_back({read_component(map, name)}); });
    std::vector<std::string> source_names;
    for (const SourceConfig& source : config.sources) source_names.push_back(source.component.name);
    read_section(root, "pools", "pool",
                 [&](MapReader& map, const std::string& name) { config.pools.push_back(read_pool(map, name, source_names)); });
    for (const std::string_view name : {"dead_letters", "statistics", "shutdown"}) {
        MapReader map = root.map(name);
        read_settings(host_settings(), name, map, config);
        if (name == "dead_letters") check_dead_letter_target(map, config);
        map.finish();
    }
    MapReader log = root.map("log");
    read_settings(log_settings(), "", log, config.log);
    check_levels(log, component_paths(config));
    log.finish();
    root.finish();

    const Node* pools = tree.find("pools");
    if (pools == nullptr || pools->kind == Node::Kind::null || (pools->kind == Node::Kind::map && pools->map.empty()))
        return root.missing("pools", "a configuration has at least one source and one pool");
    if (!config.pools.empty() && !(pools->kind == Node::Kind::map && pools->map.size() > limits::pools_max))
        check_use(config, root.reading().problems);
}

}  // namespace

ReadConfig read_config(const ConfigInput& input) {
    ReadConfig result;
    result.config.file = input.file;
    result.config.folder =
        input.file == "-" ? std::filesystem::current_path() : std::filesystem::absolute(input.file).parent_path();

    Reading reading;
    reading.folder = result.config.folder;
    if (const std::optional<Node> tree = read_tree(input, reading.problems)) {
        Mark at = tree->mark;
        if (at.where.empty()) at = {input.file.string() + ":1:1", 1, 1};  // nothing but comments
        MapReader root(reading, &*tree, at, "", "");
        read_root(root, *tree, result.config);
    }
    result.problems = std::move(reading.problems);
    result.keys = std::move(reading.keys);
    return result;
}

}  // namespace sluice
