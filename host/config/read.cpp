#include "config/read.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
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
#include "flow/machine_memory.hpp"
#include "text/scalar.hpp"
#include "text/suggest.hpp"
#include "text/units.hpp"

namespace sluice {
namespace {

constexpr Range memory_range{1 << 20, std::int64_t{1} << 40};

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

// Positions are filed under it, and it is written into databases.
bool is_identity(std::string_view id) {
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    return id.size() <= limits::config_name_bytes && !id.starts_with('.') &&
           id.find_first_not_of(letters) == std::string_view::npos;
}

SourceConfig read_source(MapReader& map, const std::string& name, const std::vector<SourceConfig>& before) {
    SourceConfig source;
    source.id = map.text("id", name);
    if (const Node* id = map.find("id"); id != nullptr && !is_identity(source.id))
        map.problem(*id, fmt::format("is made of 1 to {} letters, digits, \"-\", \"_\" and \".\"", limits::config_name_bytes));
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

LogConfig read_log(MapReader& root, const std::vector<std::string>& components) {
    static constexpr std::array level_names{"trace", "debug", "info", "warn", "error"};
    const std::vector<std::string> levels(level_names.begin(), level_names.end());
    const auto is_level = [&](const Node& node) { return std::find(levels.begin(), levels.end(), node.text) != levels.end(); };

    LogConfig log;
    MapReader map = root.map("log");
    if (const Node* level = map.find("level")) {
        if (is_level(*level))
            log.level = level->text;
        else
            map.problem(*level, not_one_of(*level, levels).message);
    }
    const Choice<bool> formats[] = {{"text", false}, {"json", true}};
    log.json = map.choice("format", false, formats);
    MapReader by_component = map.map("levels");
    for (const NodeEntry* entry : by_component.entries(limits::config_section_entries, "levels")) {
        if (std::find(components.begin(), components.end(), entry->name) == components.end())
            map.reading().problems.add(entry->mark, entry->value.path,
                                       "no component has this name" + did_you_mean_or_list(entry->name, components));
        if (is_level(entry->value))
            log.levels.emplace_back(entry->name, entry->value.text);
        else if (!entry->value.broken)
            map.problem(entry->value, not_one_of(entry->value, levels).message);
    }
    map.finish();
    return log;
}

void read_plugin_path(MapReader& root, HostConfig& config) {
    const Node* node = root.find("plugin_path");
    if (node == nullptr || node->kind == Node::Kind::null) return;
    if (node->kind != Node::Kind::list)
        return root.problem(*node, fmt::format("must be a list of folders, not {}", shown(*node)));
    for (const Node& folder : node->list) {
        if (folder.broken) continue;
        if (folder.is_scalar() && !folder.text.empty())
            config.plugin_path.emplace_back(root.reading().absolute(folder.text));
        else
            root.problem(folder, fmt::format("must be the path of a folder, not {}", shown(folder)));
    }
}

void read_dead_letters(MapReader& root, HostConfig& config) {
    MapReader map = root.map("dead_letters");
    if (const Node* rate = map.find("max_rate")) {
        const auto read = rate->is_scalar() ? parse_rate(rate->text) : std::nullopt;
        if (read)
            config.dead_letter_rate = {read->count, Milliseconds(read->period_ms)};
        else
            map.problem(*rate, fmt::format("must be {}, not {}", rate_form, shown(*rate)));
    }
    config.dead_letter_target = map.text("target", "");
    map.finish();
    std::vector<std::string> names;
    for (const TargetConfig& target : config.targets) names.push_back(target.component.name);
    if (config.dead_letter_target.empty() || std::find(names.begin(), names.end(), config.dead_letter_target) != names.end())
        return;
    const Node& node = *map.find("target");
    map.problem(node, fmt::format("there is no target {}{}", shown(node), did_you_mean_or_list(node.text, names)));
}

// What may have a log level of its own; a section stands for all in it.
// What the log's lines are filed under: the host's own parts, then those that the file names.
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

void read_root(MapReader& root, const Node& tree, HostConfig& config) {
    config.name = root.text("name", config.name);
    config.state_dir = root.reading().absolute(root.text("state_dir", "state"));
    read_plugin_path(root, config);
    config.memory_limit = root.size("memory_limit", 0, memory_range);
    config.memory_limit_is_set = config.memory_limit != 0;
    if (!config.memory_limit_is_set) config.memory_limit = default_memory_limit();
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
    read_dead_letters(root, config);

    for (const std::string_view name : {"statistics", "shutdown"}) {
        MapReader map = root.map(name);
        read_settings(host_settings(), name, map, config);
        map.finish();
    }

    config.log = read_log(root, component_paths(config));
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
