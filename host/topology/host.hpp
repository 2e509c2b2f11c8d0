// The host: owns every part, and the order in which they start and stop.
//
//   create   plugins are loaded, instances created; nothing is opened, nothing runs
//   open     databases open -> targets -> workers connect, handlers start -> dead letters are looked through -> sources open
//   run      sources poll
//   stop     sources stop polling -> workers finish -> sources settle and end -> workers, targets, databases close, in that
//            order
//
// Threads      control: the main thread.
// Ownership    everything below it. The configuration, the registry and the log outlive it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "admin/queues.hpp"
#include "config/config.hpp"
#include "core/clock.hpp"
#include "flow/memory_limit.hpp"
#include "observe/logging.hpp"
#include "observe/statistics.hpp"
#include "plugin/port/probe.hpp"
#include "plugin/registry.hpp"
#include "plugin/services.hpp"
#include "publish/target.hpp"
#include "settle/death_causes.hpp"
#include "source/source_loop.hpp"
#include "source/stages.hpp"
#include "topology/plugin_files.hpp"
#include "work/worker_pool.hpp"

namespace sluice {

// A run that keeps nothing: nothing is settled, committed, published or stored as a dead letter
// (plugin/port/rehearsed_queue.hpp and plugin/port/rehearsed_database.hpp).
struct Rehearsal {
    std::uint64_t messages_max = 0;  // each source says that it has ended after so many
};

class Host {
public:
    // Everything that is wrong is in `problems`, a sentence each; the host is there only if that is empty.
    // `changed`: called on any thread when a source has ended or a target has failed permanently.
    static std::unique_ptr<Host> create(const HostConfig& config, Registry& registry, Logging& logging, Clock& clock,
                                        std::function<void()> changed, std::vector<std::string>& problems,
                                        std::optional<Rehearsal> rehearsal = {});
    // After close(), or before run(); otherwise the process is aborted.
    ~Host();
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    // Instead of open(): each source, target and database in turn looks at what is there where it would connect; nothing is
    // created, changed, or kept from a host that runs. `told` gets the part's path ("sources.orders") and what it has found;
    // unsupported: it cannot be probed.
    using Told = std::function<void(const std::string& part, const Result<Facts>& found)>;
    void probe(const Told& told);

    // While open() waits for a part that cannot be reached: true once that long has passed, false when it is to give up.
    using Pause = std::function<bool(std::chrono::milliseconds)>;

    // What answers that it is unavailable is said once and tried again, with backoff, for as long as `pause` says; without
    // `pause` that is an error. invalid: the configuration or a plugin is at fault. stopped: `pause` said so. Others: a source,
    // database or target cannot be opened, or a handler not be started. What was opened is closed again.
    Result<void> open(const Pause& pause = {});
    // After open(): messages come in from here on.
    void run();
    Result<void> start(const Pause& pause = {});  // open() and run()
    // [any] From the end of create() on: nobody waits for open() any more; calls into plugins that can be told so end.
    void interrupt() const;

    // What is right and yet to be known, a sentence each.
    const std::vector<std::string>& notes() const { return notes_; }

    // ---- while it runs ----
    bool all_sources_ended() const;
    // Why the host cannot go on, or empty.
    std::string failure() const;
    // Whether the files that the next process needs are where it looks for them.
    Result<void> check_state() const { return poison_.check_in_place(); }
    bool reads_finite_source() const;
    StatisticsSnapshot snapshot() const;
    std::uint64_t settled() const;
    // Workers inside a handler now, and messages in queues.
    std::pair<std::uint64_t, std::uint64_t> busy_and_queued() const;

    // What it runs with: the configuration it was created with, or that of the last reload.
    const HostConfig& config() const { return config_; }
    // Takes over another configuration, see there.
    class Reload;

    // What is open, to be looked into: from start() to close().
    std::vector<SeenQueue> queues() const;
    // The plugin of this source; NULL: there is no such source.
    const Library* library_of(const std::string& source) const;
    // Targets open again what is another file by now.
    void reopen_targets();
    // A dead letter of the source with this identity, to be processed once more. False, and the item stays with the caller:
    // there is no such source, or it has ended.
    bool replay(const std::string& source, std::unique_ptr<ReplayItem>& item);

    // Names of sources.
    std::vector<std::string> source_names() const;
    // About a key; the same question once more is answered as far as it can be while handlers run.
    void ask(const std::string& source, const std::shared_ptr<KeyQuestion>& question);

    // Of the sources that have ended: what their messages died of.
    DeathCauses deaths() const;

    // ---- the end ----
    // Asks everything to stop: `shutdown.mode`, or drain where a source cannot take messages back.
    void request_stop();
    // Tells handlers to give up.
    void cancel();
    // A handler has been running for twice its timeout, and its pool says on_hang: exit.
    bool hung() const { return hung_.load(std::memory_order_acquire); }
    // What is still in flight is abandoned now, but for what waits behind a handler that does not return and can be given back.
    void give_up();
    // After all sources have ended. False: a thread is still inside a plugin at `deadline_ns` (stuck() says where): end the
    // process.
    bool close(std::int64_t deadline_ns);
    std::vector<std::string> stuck() const;
    // Targets and handlers that messages wait for.
    std::vector<std::string> holding_up() const;

private:
    struct NamedDatabase;
    struct NamedTarget;
    struct NamedSource;
    class Builder;
    class PoolBuilder;

    Host(const HostConfig& config, Registry& registry, Logging& logging, Clock& clock, std::function<void()> changed,
         std::optional<Rehearsal> rehearsal);
    Target* find_target(const std::string& name);
    Result<void> learn_ends(const Pause& pause);
    Result<void> open_parts(const Pause& pause);
    Result<void> start_pools(const Pause& pause);
    Result<void> when_there(const Pause& pause, const std::string& part, const std::function<Result<void>()>& open);
    void close_opened();
    void find_stages();
    std::vector<std::size_t> read_by(const NamedTarget& target) const;
    // of each source: those whose messages may be published to what it reads
    std::vector<std::set<std::size_t>> feeders() const;

    HostConfig config_;               // the plugins' options are those of the one it was created with, which outlives the host
    const std::string dead_letters_;  // their name in it, for those who ask while a reload replaces it
    Registry& registry_;
    Logging& logging_;
    Clock& clock_;
    const std::function<void()> changed_;
    const std::optional<Rehearsal> rehearsal_;
    std::vector<std::string> notes_;

    MemoryLimit memory_;
    Stages stages_;

    // In the order of creation: what is later may use what is earlier, and goes first.
    std::vector<std::unique_ptr<NamedDatabase>> databases_;
    std::vector<std::unique_ptr<NamedTarget>> targets_;  // the default dead letters last
    Dependencies dependencies_;
    Poison poison_;
    Watch watch_;
    std::vector<std::unique_ptr<NamedSource>> sources_;
    std::vector<std::unique_ptr<WorkerPool>> pools_;  // as in the configuration
    PluginFiles plugin_files_;
    bool running_ = false;
    std::string broken_;  // by a reload that could go neither on nor back
    std::atomic<bool> hung_{false};
};

}  // namespace sluice
