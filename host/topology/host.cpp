#include "topology/host.hpp"

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

#include "core/clock.hpp"
#include "topology/builder.hpp"
#include "topology/learn_dead_letters.hpp"
#include "topology/learn_records.hpp"
#include "topology/loops.hpp"
#include "topology/parts.hpp"
#include "topology/queues.hpp"

namespace sluice {
namespace {

constexpr std::int64_t open_again_first_ms = 100;  // doubles, as where a part becomes unreachable while the host runs
constexpr std::int64_t open_again_most_ms = 5'000;

void add(SourceCounts& sum, const SourceCounts& counts) {
    sum.received += counts.received;
    sum.acked += counts.acked;
    sum.dead_lettered += counts.dead_lettered;
    sum.skipped += counts.skipped;
    sum.dropped_by_policy += counts.dropped_by_policy;
    sum.released += counts.released;
    sum.lost_lease += counts.lost_lease;
    sum.recognised += counts.recognised;
    sum.abandoned += counts.abandoned;
    sum.in_flight += counts.in_flight;
}

}  // namespace

Host::Host(const HostConfig& config, Registry& registry, Logging& logging, Clock& clock, std::function<void()> changed,
           std::optional<Rehearsal> rehearsal)
    : config_(config),
      dead_letters_(config.dead_letters.name),
      registry_(registry),
      logging_(logging),
      clock_(clock),
      changed_(std::move(changed)),
      rehearsal_(rehearsal),
      memory_(config.memory_limit, logging.logger("host")),
      poison_(config.state_dir, logging.logger("host")),
      watch_(clock) {}

Host::~Host() {
    if (running_) std::terminate();  // an exception on its way: what follows would wait for threads that nobody has stopped
}

std::unique_ptr<Host> Host::create(const HostConfig& config, Registry& registry, Logging& logging, Clock& clock,
                                   std::function<void()> changed, std::vector<std::string>& problems,
                                   std::optional<Rehearsal> rehearsal) {
    std::unique_ptr<Host> host(new Host(config, registry, logging, clock, std::move(changed), rehearsal));
    Builder(*host, config, registry, problems).build();
    if (!problems.empty()) host.reset();
    return host;
}

Target* Host::find_target(const std::string& name) {
    for (auto& target : targets_)
        if (target->name == name) return target->target.get();
    return nullptr;
}

Result<void> Host::start(const Pause& pause) {
    auto opened = open(pause);
    if (opened) run();
    return opened;
}

Result<void> Host::open(const Pause& pause) {
    auto opened = open_parts(pause);
    if (!opened) close_opened();
    return opened;
}

// Said once; then again and again until it is available, or until nobody wants it any more.
Result<void> Host::when_there(const Pause& pause, const std::string& part, const std::function<Result<void>()>& open) {
    if (!pause) return open();
    bool said = false;
    std::int64_t wait_ms = open_again_first_ms;
    while (pause(std::chrono::milliseconds(0))) {
        auto opened = open();
        if (opened || opened.error().kind != ErrorKind::unavailable) {
            if (said && opened) logging_.logger("host").info("{} is available now, the start continues", part);
            return opened;
        }
        if (!std::exchange(said, true))
            logging_.logger("host").warn("waits for {}, and tries again until it is available: {}", part,
                                         opened.error().message);
        if (!pause(std::chrono::milliseconds(wait_ms))) break;
        wait_ms = std::min(wait_ms * 2, open_again_most_ms);
    }
    return Error{ErrorKind::stopped, said ? "stopped while it waited for " + part : "stopped before " + part + " was opened"};
}

Result<void> Host::open_parts(const Pause& pause) {
    std::uint32_t workers = 0;
    for (const auto& pool : pools_) workers += pool->size();
    if (auto opened = poison_.open(workers, clock_.wall_ms()); !opened) return opened;
    for (auto& database : databases_) {
        auto opened = when_there(pause, "databases." + database->name, [&] { return database->database.port->open(); });
        if (!opened) return opened;
        database->open = true;
    }
    for (auto& target : targets_) {
        auto started = when_there(pause, "targets." + target->name, [&] { return target->target->start(); });
        if (!started) return started;
        target->running = true;
    }
    if (auto started = start_pools(pause); !started) return started;
    if (auto learnt = learn_ends(pause); !learnt) return learnt;
    for (auto& source : sources_) {
        if (auto opened = when_there(pause, "sources." + source->name, [&] { return source->loop->open(); }); !opened)
            return opened;
        source->open = true;
        const QueuePort& queue = source->loop->queue();
        for (const std::size_t number : source->pools) pools_[number]->ack_in_units(queue.resource(), queue.name_in_unit());
    }
    find_stages();
    watch_.start();
    return {};
}

// Handlers may ask for their targets only here: what comes back to its source is looked for once more, before anything is read.
Result<void> Host::start_pools(const Pause& pause) {
    PoolTargets published;
    for (auto& pool : pools_) {
        auto started = when_there(pause, "what pools." + pool->name() + " needs", [&] { return pool->start(); });
        if (!started) return started;
        published.push_back(pool->targets());
    }
    const std::vector<std::string> loops = find_loops(config_, registry_, published);
    if (!loops.empty()) return Error{ErrorKind::invalid, loops.front()};
    return {};
}

Result<void> Host::learn_ends(const Pause& pause) {
    if (rehearsal_) return {};
    const Logger logger = logging_.logger("host");
    std::vector<SourceLoop*> loops;
    for (const auto& source : sources_) loops.push_back(source->loop.get());
    auto dead = when_there(pause, "dead_letters",
                           [&] { return learn_dead_letters(find_dead_letters(config_, queues()), loops, logger); });
    if (!dead) return dead;
    std::vector<DatabasePort*> databases;
    for (const auto& database : databases_)
        if (database->database.port->deduplicates()) databases.push_back(database->database.port.get());
    return when_there(pause, "what databases have recorded", [&] { return learn_records(databases, loops, logger); });
}

void Host::run() {
    running_ = true;
    for (auto& pool : pools_) pool->start_threads();
    for (auto& source : sources_) source->loop->start();
}

void Host::interrupt() const {
    for (const auto& database : databases_) database->database.port->interrupt();
    for (const auto& target : targets_) target->target->interrupt();
    for (const auto& source : sources_) source->loop->interrupt();
}

// In the reverse order of open_parts().
void Host::close_opened() {
    for (auto& source : sources_)
        if (std::exchange(source->open, false)) source->loop->close();
    for (auto& pool : pools_) pool->close();
    const std::int64_t deadline = clock_.now() + 5'000 * ns_per_ms;
    for (auto& target : targets_)
        if (target->running) target->target->request_stop(deadline);
    for (auto& target : targets_)
        if (target->running && target->target->join(deadline + 1'000 * ns_per_ms)) target->running = false;
    for (auto& database : databases_)
        if (std::exchange(database->open, false)) database->database.port->close();
    poison_.close();
}

// ---- while it runs ----------------------------------------------------------------------------------------------------------

bool Host::all_sources_ended() const {
    return std::all_of(sources_.begin(), sources_.end(),
                       [](const auto& source) { return source->loop->state() != SourceLoop::State::running; });
}

std::string Host::failure() const {
    if (!broken_.empty()) return broken_;
    for (const auto& source : sources_)
        if (source->loop->failing()) return "source \"" + source->name + "\": " + source->loop->error();
    for (const auto& database : databases_) {
        std::lock_guard lock(database->failed.mutex);
        if (!database->failed.why.empty())
            return "database \"" + database->name + "\" failed permanently: " + database->failed.why;
    }
    for (const auto& target : targets_) {
        std::lock_guard lock(target->failed.mutex);
        if (!target->failed.why.empty()) return "target \"" + target->name + "\": " + target->failed.why;
    }
    return {};
}

bool Host::reads_finite_source() const {
    return std::any_of(sources_.begin(), sources_.end(), [](const auto& source) { return source->loop->queue().is_finite(); });
}

bool Host::replay(const std::string& source, std::unique_ptr<ReplayItem>& item) {
    for (const auto& one : sources_)
        if (one->loop->identity() == source) return one->loop->replay(item);
    return false;
}

void Host::reopen_targets() {
    for (auto& target : targets_)
        if (target->running) target->target->reopen();
}

StatisticsSnapshot Host::snapshot() const {
    StatisticsSnapshot snapshot;
    snapshot.taken_ns = clock_.now();
    for (const auto& source : sources_) {
        SourceStatistics statistics = source->loop->statistics(snapshot.taken_ns);
        for (const std::size_t number : source->pools) {
            const WorkerPool& pool = *pools_[number];
            for (std::uint32_t i = 0; i < pool.size(); ++i) {
                const Worker& worker = pool.worker(i);
                WorkerStatistics one{pool.name(),
                                     i,
                                     worker.counts(),
                                     worker.queue().depth(),
                                     worker.queue().high_water(),
                                     worker.queue().capacity()};
                if (const std::int64_t since = worker.running_since_ns(); since != 0)
                    one.running_ns = std::max<std::int64_t>(clock_.now() - since, 1);
                statistics.parked += worker.parked();
                statistics.deferred += worker.deferred();
                statistics.counts.retried += one.counts.retried;
                if (const auto past = source->past.find({pool.name(), i}); past != source->past.end())
                    one.counts += past->second;
                statistics.workers.push_back(std::move(one));
            }
        }
        for (const auto& [name, counts] : source->past) statistics.counts.retried += counts.retried;
        snapshot.sources.push_back(std::move(statistics));
    }
    for (const auto& pool : pools_)
        if (auto readings = pool->measured(); !readings.empty())
            snapshot.handlers.push_back({pool->name(), std::move(readings)});
    SourceStatistics replays;
    replays.name = replays_source;
    for (const auto& source : sources_) add(replays.counts, source->loop->replay_counts());
    if (replays.counts.received != 0) snapshot.sources.push_back(std::move(replays));
    // A limit that nobody has set is said only once it begins to matter.
    if (config_.memory_limit_is_set || memory_.in_flight() > memory_.bytes() / 2)
        snapshot.memory = {memory_.in_flight(), memory_.bytes()};
    const auto note = [&](const char* kind, const std::string& name, std::int64_t since_ns, bool is_full = false) {
        if (since_ns != 0)
            snapshot.away.push_back({kind + name, std::max<std::int64_t>(snapshot.taken_ns - since_ns, 1), is_full});
    };
    for (const auto& source : sources_) note("sources.", source->name, source->loop->away_since_ns());
    for (const auto& database : databases_) note("databases.", database->name, database->database.circuit->away_since_ns());
    for (const auto& target : targets_)
        note("targets.", target->name, target->target->away_since_ns(), target->target->is_full());
    return snapshot;
}

std::uint64_t Host::settled() const {
    std::uint64_t settled = 0;
    for (const auto& source : sources_) settled += source->loop->counts().settled();
    return settled;
}

std::pair<std::uint64_t, std::uint64_t> Host::busy_and_queued() const {
    std::uint64_t busy = 0, queued = 0;
    for (const auto& pool : pools_)
        for (std::uint32_t i = 0; i < pool->size(); ++i) {
            busy += pool->worker(i).is_in_handler();
            queued += pool->worker(i).queue().depth();
        }
    return {busy, queued};
}

std::vector<std::string> Host::source_names() const {
    std::vector<std::string> names;
    for (const auto& source : sources_) names.push_back(source->name);
    return names;
}

void Host::ask(const std::string& source, const std::shared_ptr<KeyQuestion>& question) {
    for (const auto& one : sources_)
        if (one->name == source) one->loop->proxy().ask(question);
}

std::vector<SeenQueue> Host::queues() const {
    std::vector<SeenQueue> seen;
    for (const auto& source : sources_) seen.push_back({"source", source->name, &source->loop->queue(), {}});
    for (const auto& target : targets_)
        seen.push_back({target->name == dead_letters_ ? "dead_letters" : "target", target->name, target->queue.get(), {}});
    return seen;
}

const Library* Host::library_of(const std::string& source) const {
    for (const auto& one : sources_)
        if (one->name == source) return one->library;
    return nullptr;
}

// ---- the end ----------------------------------------------------------------------------------------------------------------

void Host::request_stop() {
    poison_.stop_asked();
    for (auto& source : sources_) {
        const StopMode mode = config_.drain || !source->loop->queue().takes_back() ? StopMode::drain : StopMode::finish_current;
        source->loop->request_stop(mode);
        for (const std::size_t number : source->pools) pools_[number]->stop(mode);
    }
    for (auto& target : targets_)
        if (target->running && !read_by(*target).empty()) target->target->expect_no_room();
}

void Host::cancel() {
    poison_.solitude().open();
    // What was to be worked off goes back now.
    for (auto& source : sources_)
        if (source->loop->queue().takes_back())
            for (const std::size_t number : source->pools) pools_[number]->stop(StopMode::finish_current);
    for (auto& pool : pools_) pool->cancel();
}

// What a source has still to note down may be written; nobody waits for the effects any more.
void Host::give_up() {
    for (const auto& database : databases_) database->database.port->interrupt();
    for (const auto& target : targets_) target->target->interrupt();
    for (auto& source : sources_) {
        if (!source->loop->queue().takes_back()) continue;
        for (const std::size_t number : source->pools) pools_[number]->release_behind_handlers();
    }
    for (auto& source : sources_) source->loop->give_up();
}

bool Host::close(std::int64_t deadline_ns) {
    if (!running_) {
        watch_.stop();
        close_opened();
        return true;
    }
    bool all = true;
    for (auto& source : sources_) all &= source->loop->join(deadline_ns);
    // What a failed source has left in the pools is not worth finishing: nobody could be told.
    for (auto& pool : pools_) pool->stop(StopMode::finish_current);
    for (auto& pool : pools_) all &= pool->join(deadline_ns);
    if (!all) return false;
    running_ = false;
    watch_.stop();
    close_opened();
    return std::none_of(targets_.begin(), targets_.end(), [](const auto& target) { return target->running; });
}

DeathCauses Host::deaths() const {
    DeathCauses all;
    for (const auto& source : sources_)
        if (source->loop->state() != SourceLoop::State::running) all.add(source->loop->deaths());
    return all;
}

std::vector<std::string> Host::stuck() const {
    std::vector<std::string> lines;
    for (const auto& source : sources_)
        if (source->loop->state() == SourceLoop::State::running)
            lines.push_back("source \"" + source->name +
                            "\" has not ended: a call into its plugin has not returned, or it does not confirm");
    std::ranges::move(holding_up(), std::back_inserter(lines));
    return lines;
}

std::vector<std::string> Host::holding_up() const {
    std::vector<std::string> lines;
    for (const auto& target : targets_)
        if (const std::string trouble = target->target->trouble(); !trouble.empty())
            lines.push_back("target \"" + target->name + "\" " + trouble + ": what publishes to it waits");
    for (const auto& pool : pools_)
        for (std::uint32_t i = 0; i < pool->size(); ++i) {
            Worker& worker = pool->worker(i);
            const std::string message = worker.describe_current();
            if (message.empty()) continue;
            const std::int64_t since_ms = (clock_.now() - worker.running_since_ns()) / ns_per_ms;
            lines.push_back("worker " + pool->name() + "[" + std::to_string(i) + "] has been in its handler for " +
                            std::to_string(since_ms) + " ms with " + message);
        }
    return lines;
}

}  // namespace sluice
