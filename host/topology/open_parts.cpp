#include "topology/open_parts.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "topology/feeders.hpp"
#include "topology/learn_dead_letters.hpp"
#include "topology/learn_records.hpp"
#include "topology/loops.hpp"
#include "topology/part_directory.hpp"
#include "topology/queues.hpp"

namespace sluice {
namespace {

constexpr std::int64_t open_again_first_ms = 100;  // doubles, as where a part becomes unreachable while the host runs
constexpr std::int64_t open_again_most_ms = 5'000;
constexpr std::int64_t close_ns = 5'000 * ns_per_ms;
constexpr std::int64_t close_grace_ns = 1'000 * ns_per_ms;  // for a target to say that it could not keep to that

class Opening {
public:
    Opening(Topology& topology, const OpenPause& pause)
        : topology_(topology),
          pause_(pause),
          logger_(topology.environment.logging.logger("host")) {}

    Result<void> open();

private:
    Result<void> when_there(const std::string& part, const std::function<Result<void>()>& open);
    Result<void> start_pools();
    Result<void> learn_ends();

    Topology& topology_;
    const OpenPause& pause_;
    const Logger logger_;
};

Result<void> Opening::open() {
    std::uint32_t in_handlers = 0;
    for (const auto& pool : topology_.pools) in_handlers += pool->in_handlers_max();
    if (auto opened = topology_.poison.open(in_handlers, topology_.environment.clock.wall_ms()); !opened) return opened;
    for (auto& database : topology_.databases) {
        auto opened = when_there("databases." + database->name, [&] { return database->database.port->open(); });
        if (!opened) return opened;
        database->open = true;
    }
    for (auto& target : topology_.targets) {
        auto started = when_there("targets." + target->name, [&] { return target->target->start(); });
        if (!started) return started;
        target->running = true;
    }
    if (auto started = start_pools(); !started) return started;
    if (auto learnt = learn_ends(); !learnt) return learnt;
    for (auto& source : topology_.sources) {
        if (auto opened = when_there("sources." + source->name, [&] { return source->loop->open(); }); !opened) return opened;
        source->open = true;
        const QueuePort& queue = source->loop->queue();
        for (const std::size_t pool : source->pools)
            topology_.pools[pool]->ack_in_units(queue.resource(), queue.name_in_unit());
    }
    connect_stages(topology_);
    topology_.watch.start();
    return {};
}

// Said once; then again and again until it is available, or until nobody wants it any more.
Result<void> Opening::when_there(const std::string& part, const std::function<Result<void>()>& open) {
    if (!pause_) return open();
    bool said = false;
    std::int64_t wait_ms = open_again_first_ms;
    while (pause_(std::chrono::milliseconds(0))) {
        auto opened = open();
        if (opened || opened.error().kind != ErrorKind::unavailable) {
            if (said && opened) logger_.info("{} is available now, the start continues", part);
            return opened;
        }
        if (!std::exchange(said, true))
            logger_.warn("waits for {}, and tries again until it is available: {}", part, opened.error().message);
        if (!pause_(std::chrono::milliseconds(wait_ms))) break;
        wait_ms = std::min(wait_ms * 2, open_again_most_ms);
    }
    return Error{ErrorKind::stopped, said ? "stopped while it waited for " + part : "stopped before " + part + " was opened"};
}

// Handlers may ask for their targets only here: what comes back to its source is looked for once more, before anything is read.
Result<void> Opening::start_pools() {
    PoolTargets published;
    for (auto& pool : topology_.pools) {
        auto started = when_there("what pools." + pool->name() + " needs", [&] { return pool->start(); });
        if (!started) return started;
        published.push_back(pool->targets());
    }
    const std::vector<std::string> loops = find_loops(topology_.config, topology_.environment.registry, published);
    if (!loops.empty()) return Error{ErrorKind::invalid, loops.front()};
    return {};
}

Result<void> Opening::learn_ends() {
    if (topology_.environment.rehearsal) return {};
    std::vector<SourceLoop*> loops;
    for (const auto& source : topology_.sources) loops.push_back(source->loop.get());
    auto dead = when_there("dead_letters", [&] {
        return learn_dead_letters(find_dead_letters(topology_.config, PartDirectory(topology_).queues()), loops, logger_);
    });
    if (!dead) return dead;
    std::vector<DatabasePort*> databases;
    for (const auto& database : topology_.databases)
        if (database->database.port->deduplicates()) databases.push_back(database->database.port.get());
    return when_there("what databases have recorded", [&] { return learn_records(databases, loops, logger_); });
}

}  // namespace

Result<void> open_parts(Topology& topology, const OpenPause& pause) {
    auto opened = Opening(topology, pause).open();
    if (!opened) close_parts(topology);
    return opened;
}

void close_parts(Topology& topology) {
    for (auto& source : topology.sources)
        if (std::exchange(source->open, false)) source->loop->close();
    for (auto& pool : topology.pools) pool->close();
    const std::int64_t deadline = topology.environment.clock.now() + close_ns;
    for (auto& target : topology.targets)
        if (target->running) target->target->request_stop(deadline);
    for (auto& target : topology.targets)
        if (target->running && target->target->join(deadline + close_grace_ns)) target->running = false;
    for (auto& database : topology.databases)
        if (std::exchange(database->open, false)) database->database.port->close();
    topology.poison.close();
}

}  // namespace sluice
