#include "config/schema_keys.hpp"

#include <deque>
#include <iterator>
#include <string>
#include <vector>

#include "config/settings.hpp"

namespace sluice {
namespace {

// Those that are more than one value each, or not a value. The others are the rows of settings.hpp.
constexpr SchemaKey own_keys[] = {
    {"name", "text", "the name of this host in its log"},
    {"state_dir", "path", "positions, dead letters and what else must outlive a run"},
    {"plugin_path", "paths", "more folders to look for plugins in"},
    {"memory_limit", "size",
     "bytes of all messages in flight, beyond which nothing is polled; by default a quarter of the memory there is"},
    {"sources", "", "where messages come from, by name"},
    {"sources.NAME", "source", ""},
    {"sources.NAME.plugin", "text!", "a component's name, or the path of a .so"},
    {"sources.NAME.config", "map", "the options once more, for options whose name is taken beside `plugin`"},
    {"sources.NAME.id", "text", "what positions and records are kept under; by default the name"},
    {"databases", "", "databases that handlers use, by name"},
    {"databases.NAME", "database", ""},
    {"databases.NAME.plugin", "text!", "a component's name, or the path of a .so"},
    {"databases.NAME.config", "map", "the options once more"},
    {"targets", "", "where handlers publish to, by name"},
    {"targets.NAME", "target", ""},
    {"targets.NAME.plugin", "text!", "a component's name, or the path of a .so"},
    {"targets.NAME.config", "map", "the options once more"},
    {"pools", "!", "what happens to the messages, by name"},
    {"pools.NAME.source", "text!", "the source it takes messages of"},
    {"pools.NAME.when", "map", "conditions that a message must meet: JSON pointer and value"},
    {"pools.NAME.route", "", "which worker gets a message"},
    {"pools.NAME.route.key", "text", "a JSON pointer into the body, header:NAME, id, body or message_key"},
    {"pools.NAME.route.by", "round_robin|least_loaded", "spread without an order between messages"},
    {"pools.NAME.route.workers", "<0..255>", "the worker of single keys"},
    {"pools.NAME.route.rebalance", "boolean", "whether keys may leave a worker that has more to do than others"},
    {"pools.NAME.missing_key", "round_robin|dead_letter", "what happens to a message without the key"},
    {"pools.NAME.missing_key.worker", "0..255", "gives them all to one worker"},
    {"pools.NAME.queue", "", "the queue in front of each worker"},
    {"pools.NAME.queue.when_full", "block", "what happens when it is full"},
    {"pools.NAME.queue.when_full.overflow", "1..4194304", "so many messages of the pool wait beside the queues"},
    {"pools.NAME.queue.when_full.timeout", "duration", "the source waits that long, then gives the message back"},
    {"pools.NAME.queue.when_full.drop", "dead_letter|count", "keep the message as a dead letter, or only count it"},
    {"pools.NAME.batch", "", ""},
    {"pools.NAME.retry", "", "what happens to a message whose handler asks for another try"},
    {"pools.NAME.handler", "handler!", "the component that processes the messages"},
    {"pools.NAME.handler.plugin", "text!", "a component's name, or the path of a .so"},
    {"pools.NAME.handler.config", "map", "the options once more"},
    {"dead_letters", "", "what becomes of messages that are given up on"},
    {"dead_letters.target", "text", "publish them to this target"},
    {"dead_letters.max_rate", "rate", "more dead letters than that pause polling"},
    {"statistics", "", ""},
    {"shutdown", "", ""},
    {"log", "", "to standard error"},
    {"log.level", "trace|debug|info|warn|error", "lines below this level are left out"},
    {"log.format", "text|json", "for people or for programs"},
    {"log.levels", "<trace|debug|info|warn|error>", "other levels for single components or sections, by their path"},
};

template <typename Section>
void add(std::vector<SchemaKey>& keys, std::deque<std::string>& paths, std::string_view section,
         std::span<const Setting<Section>> settings) {
    for (const Setting<Section>& setting : settings) {
        std::string& path = paths.emplace_back(section);
        for (const std::string_view part : {setting.map, setting.key})
            if (!part.empty()) path += (path.empty() ? "" : ".") + std::string(part);
        keys.push_back({path, setting.shape, setting.help});
    }
}

}  // namespace

std::span<const SchemaKey> config_schema_keys() {
    static std::deque<std::string> paths;
    static const std::vector<SchemaKey> keys = [] {
        std::vector<SchemaKey> all(std::begin(own_keys), std::end(own_keys));
        add(all, paths, "pools.NAME", pool_settings());
        add(all, paths, "", host_settings());
        return all;
    }();
    return keys;
}

}  // namespace sluice
