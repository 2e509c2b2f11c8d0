#include "config/schema_keys.hpp"

#include <deque>
#include <iterator>
#include <string>
#include <vector>

#include "config/settings.hpp"

namespace sluice {
namespace {

// Those that are no rows of settings.hpp, which says why.
constexpr SchemaKey own_keys[] = {
    {"sources", "", "where messages come from, by name; each is used by at least one pool"},
    {"sources.NAME", "source", ""},
    {"databases", "", "databases that handlers use, by name"},
    {"databases.NAME", "database", ""},
    {"targets", "", "where handlers publish to, by name"},
    {"targets.NAME", "target", ""},
    {"pools", "!", "what happens to the messages, by name; up to 64", {}, true},
    {"pools.NAME.source", "text!", "the source it takes messages of; several pools may share one"},
    {"pools.NAME.when", "map",
     "takes only messages in which all conditions hold: a JSON pointer, and the text, number or boolean that is found there "
     "(`/type: departure`). [Equal numbers](#equal-keys) are equal. There are no comparisons yet: `\">500\"` is refused. The "
     "first pool in file order takes a message; what no pool takes is a dead letter"},
    {"pools.NAME.route", "", "which worker gets a message"},
    {"pools.NAME.route.key", "text",
     "what the key is: a JSON pointer into the body (`/origin`), `header:NAME`, `id`, `body`, or `message_key`: the source's "
     "own key of the message, such as that of `sluice enqueue --key` in a "
     "[`sqlite`](../../plugins/sqlite/README.md#the-queue) queue; a message without one has no key. "
     "[Equal](#equal-keys) strings, numbers or booleans are equal keys; null, objects, arrays and absent fields are no key"},
    {"pools.NAME.route.by", "round_robin|least_loaded",
     "one worker after the other, or the worker that has the fewest messages; without an order between messages",
     "`round_robin` without a key"},
    {"pools.NAME.route.workers", "<0..255>", "the worker of single keys (`{ EU: 0, US: 1 }`); the others are spread by hash"},
    {"pools.NAME.route.rebalance", "boolean",
     "keys leave a worker that has more to do than others. They move in groups (1024 by hash), and a group only while nothing "
     "of it is queued, running, waiting for a retry, deferred or not yet settled; keys named in `route.workers` stay. `false`: "
     "a key has the same worker as long as the pool runs, which a handler needs that keeps something of its own a key",
     "`true`"},
    {"pools.NAME.missing_key", "round_robin|dead_letter", "what happens to a message without the key", "`round_robin`"},
    {"pools.NAME.missing_key.worker", "0..255",
     "`{ worker: 0 }` gives them all to one worker, one that there is, which keeps their order"},
    {"pools.NAME.queue", "", "the queue in front of each worker"},
    {"pools.NAME.queue.when_full", "block", "`block`: the source waits, and the backlog stays where it is", "`block`"},
    {"pools.NAME.queue.when_full.overflow", "1..4194304",
     "`{ overflow: 10000 }`: so many messages of the pool wait beside the queues, an equal share for each worker, at least "
     "one, and polling goes on meanwhile. While a worker has messages there, its new ones join behind them. A share may hold "
     "as many bytes per message as the queue. Full shares are `block`"},
    {"pools.NAME.queue.when_full.timeout", "duration 1ms..1d",
     "`{ timeout: 2s }`: the source waits that long for room, then gives the message back; of its key, later messages go back "
     "too until it has come again. Needs a source that delivers what it has taken back before anything newer, or `order: "
     "none`"},
    {"pools.NAME.queue.when_full.drop", "dead_letter|count",
     "`{ drop: dead_letter }` keeps the message as a dead letter, `{ drop: count }` only counts it"},
    {"pools.NAME.batch", "", ""},
    {"pools.NAME.retry", "", "what happens to a message whose handler asks for another try"},
    {"pools.NAME.handler", "handler!", "the component that processes the messages; each worker has an instance of its own"},
    {"dead_letters", "", "what becomes of messages that are given up on"},
    {"statistics", "", ""},
    {"shutdown", "", ""},
    {"log", "", "to standard error"},
};

// What the keys of rows are made of.
struct Keys {
    std::vector<SchemaKey> all;
    std::deque<std::string> texts;

    template <typename Section>
    void add(std::string_view section, std::span<const Setting<Section>> settings) {
        for (const Setting<Section>& setting : settings) {
            std::string& path = texts.emplace_back(section);
            for (const std::string_view part : {setting.map, setting.key})
                if (!part.empty()) path += (path.empty() ? "" : ".") + std::string(part);
            std::string_view fallback = setting.fallback;
            if (const std::string text = setting.text(Section());
                fallback.empty() && !text.empty() && !setting.shape.ends_with('!'))
                fallback = texts.emplace_back("`" + text + "`");
            all.push_back({path, setting.shape, setting.help, fallback, setting.reloads});
        }
    }
};

}  // namespace

std::span<const SchemaKey> config_schema_keys() {
    static const Keys keys = [] {
        Keys made{std::vector<SchemaKey>(std::begin(own_keys), std::end(own_keys)), {}};
        made.add("", host_settings());
        made.add("sources.NAME", component_settings());
        made.add("sources.NAME", source_settings());
        made.add("databases.NAME", component_settings());
        made.add("targets.NAME", component_settings());
        made.add("pools.NAME", pool_settings());
        made.add("pools.NAME.handler", component_settings());
        made.add("log", log_settings());
        return made;
    }();
    return keys.all;
}

}  // namespace sluice
