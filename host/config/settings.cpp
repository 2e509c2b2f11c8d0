#include "config/settings.hpp"

#include <optional>
#include <vector>

#include "config/setting_kinds.hpp"
#include "core/limits.hpp"
#include "flow/machine_memory.hpp"
#include "plugin/registry.hpp"
#include "text/scalar.hpp"

namespace sluice {

namespace {

constexpr Range memory_range{1 << 20, std::int64_t{1} << 40};

constexpr Choice<bool> orders[] = {{"key", true}, {"none", false}};
constexpr Choice<bool> on_failures[] = {{"park", true}, {"skip", false}};
constexpr Choice<bool> park_fulls[] = {{"block", false}, {"dead_letter", true}};
constexpr Choice<bool> on_hangs[] = {{"wait", false}, {"exit", true}};
constexpr Choice<bool> stop_modes[] = {{"finish_current", false}, {"drain", true}};
constexpr Choice<bool> log_formats[] = {{"text", false}, {"json", true}};
void read_plugin_path(MapReader& in, std::string_view key, HostConfig& config) {
    const Node* node = in.find(key);
    if (node == nullptr || node->kind == Node::Kind::null) return;
    if (node->kind != Node::Kind::list)
        return in.problem(*node, fmt::format("must be a list of folders, not {}", shown(*node)));
    for (const Node& folder : node->list) {
        if (folder.broken) continue;
        if (folder.is_scalar() && !folder.text.empty())
            config.plugin_path.emplace_back(in.reading().absolute(folder.text));
        else
            in.problem(folder, fmt::format("must be the path of a folder, not {}", shown(folder)));
    }
}

std::string plugin_path_text(const HostConfig& config) {
    std::string text;
    for (const auto& folder : config.plugin_path) text += (text.empty() ? "" : ", ") + yaml_scalar(folder.string());
    return "[" + text + "]";
}

void read_memory_limit(MapReader& in, std::string_view key, HostConfig& config) {
    config.memory_limit = in.size(key, 0, memory_range);
    config.memory_limit_is_set = config.memory_limit != 0;
    if (!config.memory_limit_is_set) config.memory_limit = default_memory_limit();
}

void read_rate(MapReader& in, std::string_view key, HostConfig& config) {
    const Node* node = in.find(key);
    if (node == nullptr) return;
    if (const auto rate = node->is_scalar() ? parse_rate(node->text) : std::nullopt)
        config.dead_letter_rate = {rate->count, Milliseconds(rate->period_ms)};
    else
        in.problem(*node, fmt::format("must be {}, not {}", rate_form, shown(*node)));
}

std::vector<std::string> level_words() {
    std::vector<std::string> words;
    for (auto level = LogLevel::trace; level <= LogLevel::error; level = static_cast<LogLevel>(static_cast<int>(level) + 1))
        words.emplace_back(to_string(level));
    return words;
}

std::optional<LogLevel> level_of(MapReader& in, const Node& node) {
    const auto level = node.is_scalar() ? parse_log_level(node.text) : std::nullopt;
    if (!level && !node.broken) in.problem(node, not_one_of(node, level_words()).message);
    return level;
}

void read_level(MapReader& in, std::string_view key, LogOptions& log) {
    if (const Node* node = in.find(key)) log.level = level_of(in, *node).value_or(log.level);
}

// That there are such components is seen where all sections are known.
void read_levels(MapReader& in, std::string_view key, LogOptions& log) {
    MapReader map = in.map(key);
    for (const NodeEntry* entry : map.entries(limits::config_section_entries, key))
        if (const auto level = level_of(map, entry->value)) log.levels.emplace_back(entry->name, *level);
}

std::string levels_text(const LogOptions& log) {
    std::string text;
    for (const auto& [component, level] : log.levels)
        text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", yaml_scalar(component), to_string(level));
    return text.empty() ? text : "{ " + text + " }";
}

void read_plugin(MapReader& in, std::string_view key, ComponentConfig& component) {
    component.plugin = in.required_text(key, "name the plugin, or the path of its .so file");
    if (const Node* node = in.find(key)) component.plugin_mark = node->mark;
    if (is_plugin_path(component.plugin)) component.plugin = in.reading().absolute(component.plugin);
}

// Positions are filed under it, and it is written into databases.
void read_id(MapReader& in, std::string_view key, SourceConfig& source) {
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    source.id = in.text(key, source.id);
    const bool fits = source.id.size() <= limits::config_name_bytes && !source.id.starts_with('.') &&
                      source.id.find_first_not_of(letters) == std::string::npos;
    if (const Node* node = in.find(key); node != nullptr && !fits)
        in.problem(*node, fmt::format("is made of 1 to {} letters, digits, \"-\", \"_\" and \".\"", limits::config_name_bytes));
}

}  // namespace

std::span<const Setting<HostConfig>> host_settings() {
    using namespace setting_kinds;
    using H = HostConfig;
    static const std::vector<Setting<H>> settings{
        text<H, &H::name>("", "name", "the name of this host in its log"),
        path<H, &H::state_dir>("", "state_dir",
                               "positions, dead letters and what else must outlive a run; created if missing, for its owner "
                               "and group only (0750, files 0640). One host at a time uses it"),
        {"", "plugin_path", "paths", "more folders to look for plugins in, behind the host's own `lib/sluice/plugins`",
         read_plugin_path, plugin_path_text},
        {"", "memory_limit", fmt::format("size {}..{}", format_size(memory_range.minimum), format_size(memory_range.maximum)),
         "bytes that all messages in flight may take, of all sources together; see [below](#the-memory-of-messages)",
         read_memory_limit,
         [](const H& host) { return host.memory_limit == 0 ? std::string() : format_size(host.memory_limit); },
         "a quarter of the memory"},
        reloads<H>({"dead_letters", "max_rate", "rate",
                    "no more messages of a source than that become dead letters. The others that have failed wait for their "
                    "turn, and nothing is polled meanwhile; a stop gives them back to the source. Said in the log once each "
                    "way. So a fault that fails every message does not turn a whole queue into dead letters",
                    read_rate,
                    [](const H& host) {
                        const RateConfig& rate = host.dead_letter_rate;
                        return rate.count == 0 ? std::string() : format_rate(rate.count, rate.period.count());
                    }}),
        text<H, &H::dead_letter_target>("dead_letters", "target",
                                        "the target to publish them to. Without it they are kept in `dead-letters.db` in the "
                                        "state directory, for `sluice dead-letters`"),
        reloads(
            duration<H, &H::statistics_every, 10, day_ms>("statistics", "every", "how often a line of statistics is logged")),
        reloads(word<H, &H::drain, stop_modes>(
            "shutdown", "mode",
            "at a stop: finish the current message and give back what is queued, or work off the queues first")),
        reloads(duration<H, &H::shutdown_deadline, 0, day_ms>(
            "shutdown", "deadline",
            "then handlers are told to give up, and what they do not finish is abandoned, to be delivered again")),
    };
    return settings;
}

std::span<const Setting<LogOptions>> log_settings() {
    using namespace setting_kinds;
    using L = LogOptions;
    static const std::string level_shape = fmt::format("{}", fmt::join(level_words(), "|"));
    static const std::vector<Setting<L>> settings{
        reloads<L>({"", "level", level_shape, "lines below this level are left out", read_level,
                    [](const L& log) { return std::string(to_string(log.level)); }}),
        word<L, &L::json, log_formats>("", "format", "for people or for programs"),
        reloads<L>({"", "levels", "<" + level_shape + ">",
                    "other levels for single components or whole sections, by their path: `sources.flights: debug`, `pools: "
                    "warn`; `host` and `statistics` are the host's own",
                    read_levels, levels_text}),
    };
    return settings;
}

std::span<const Setting<ComponentConfig>> component_settings() {
    using C = ComponentConfig;
    static const std::vector<Setting<C>> settings{
        {"", "plugin", "text!", "a component's name, or the path of a `.so` (it has a `/` or ends in `.so`)", read_plugin,
         [](const C& component) { return yaml_scalar(component.plugin); }},
        // Read and printed with the options.
        {"", "config", "map",
         "the options once more: a map here is the same as options beside `plugin`, for options whose name is taken there. The "
         "same option in both places is an error",
         [](MapReader& in, std::string_view key, C&) { in.find(key); }, [](const C&) { return std::string(); }},
    };
    return settings;
}

std::span<const Setting<SourceConfig>> source_settings() {
    static const std::vector<Setting<SourceConfig>> settings{
        {"", "id", "text",
         "what positions and records of processed messages are kept under. Set it to the old name when a source is renamed",
         read_id, [](const SourceConfig& source) { return yaml_scalar(source.id); }, "the name"},
    };
    return settings;
}

std::span<const Setting<PoolConfig>> pool_settings() {
    using namespace setting_kinds;
    using P = PoolConfig;
    static const std::vector<Setting<P>> settings{
        whole<P, &P::workers, 1, limits::workers_max>("", "workers", "how many messages are in work at the same time"),
        whole<P, &P::queue_capacity, 1, limits::queue_capacity_max>("queue", "capacity", "messages in it"),
        size<P, &P::queue_bytes, 1, std::int64_t{1} << 40>("queue", "bytes", "bytes in it; one message always fits"),
        word<P, &P::keep_order, orders>("", "order",
                                        "`none` gives up the order of equal keys: they still meet the same worker, but a "
                                        "message that waits for its retry holds up no other"),
        by_default("`64`, or the capacity",
                   whole<P, &P::batch_max, 1, limits::batch_max>(
                       "batch", "max",
                       "how many messages go into one transaction of a worker. It takes what waits and "
                       "never waits for more. At most `queue.capacity`")),
        duration<P, &P::batch_time_ms, 1, 3'600'000>(
            "batch", "time",
            "so long a transaction takes further messages, counted from the first call of the handler: a call that runs is "
            "finished, then what is done is committed and acked. With slow handlers a transaction holds one message, with fast "
            "ones `batch.max`"),
        whole<P, &P::attempts, 1, limits::attempts_max>("retry", "attempts", "tries in all; then it is a dead letter"),
        duration<P, &P::backoff_ms, 0, day_ms>("retry", "backoff",
                                               "longest wait before the second try; it doubles with each further one"),
        duration<P, &P::backoff_max_ms, 0, day_ms>("retry", "backoff_max", "where the doubling ends"),
        word<P, &P::park, on_failures>("", "on_failure",
                                       "`park`: later messages of the same key wait until the tries end. `skip`: the failed "
                                       "message is a dead letter at once, and its key goes on"),
        by_default("capacity / 8",
                   whole<P, &P::park_limit, 1, limits::queue_capacity_max>(
                       "", "park_limit", "messages of one key that may wait behind a retry; at most the capacity")),
        word<P, &P::park_full_dead_letters, park_fulls>("", "park_full",
                                                        "beyond that limit: the source waits, or they become dead letters"),
        whole<P, &P::crash_attempts, 1, limits::attempts_max>(
            "", "crash_attempts",
            "the process has ended so often inside the handler of one message (a crash, an `abort`, `kill -9`) without having "
            "been told to stop: then the message is a dead letter. Until then it is tried again alone, and what else was in a "
            "handler loses no attempt. Needs a source with stable ids"),
        word<P, &P::exit_on_hang, on_hangs>(
            "", "on_hang",
            "a call still runs after twice its timeout. `wait`: the other workers go on without it. `exit`: the host ends at "
            "once with status 3, to be started again; what was not acked comes again"),
        by_default("none", duration<P, &P::warn_at_ms, 1, day_ms>(
                               "", "warn_at",
                               "how long after it was received a message may not have ended. Then the log names the oldest "
                               "such message of the pool, its key and "
                               "what it waits for, once per minute. It costs nothing while no message is that old")),
        by_default("none",
                   duration<P, &P::timeout_ms, 1, day_ms>(
                       "handler", "timeout",
                       "how long a call of the handler may take. Then the log names worker, message and key, and the handler "
                       "is asked to give up: `cancelled()` says so. Calls are never cut off. A handler that then says retry "
                       "has failed once. Without a timeout, a call longer than 5 s is named, once per minute. It bounds "
                       "deferred messages too, from their call to their end; those have 5 minutes without it. A handler that "
                       "has a `cancel` is asked to end such a message, and has another second (no longer than the timeout) to "
                       "do so; then it has failed once, like one that cannot be asked")),
    };
    return settings;
}

}  // namespace sluice
