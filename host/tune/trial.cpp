#include "tune/trial.hpp"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "app/exit_status.hpp"
#include "core/clock.hpp"
#include "plugin/port/plugin_handler.hpp"
#include "text/units.hpp"
#include "topology/host.hpp"

namespace sluice {
namespace {

constexpr std::int64_t finish_ns = 5'000 * ns_per_ms;  // for messages that are being handled when the time is over
constexpr std::int64_t cancel_ns = 1'000 * ns_per_ms;  // for handlers that are told to give up
constexpr std::int64_t trial_close_ns = 5'000 * ns_per_ms;

// A folder of our own, for as long as this lives.
class TemporaryFolder {
public:
    TemporaryFolder() : path_((std::filesystem::temp_directory_path() / "sluice-tune-XXXXXX").string()) {
        made_ = ::mkdtemp(path_.data()) != nullptr;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        if (made_) std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    bool made() const { return made_; }
    const std::string& path() const { return path_; }

private:
    std::string path_;
    bool made_ = false;
};

class Trial {
public:
    Trial(Host& host, std::string source, Supervisor& signals, Clock& clock)
        : host_(host),
          source_(std::move(source)),
          signals_(signals),
          clock_(clock) {}

    Result<TuneFigures> run(std::int64_t time_ns) {
        const std::int64_t start = clock_.now();
        wait_until(start + time_ns);
        const std::string failure = host_.report().failure();
        TuneFigures figures = measured(clock_.now() - start);
        host_.request_stop();
        const bool stopped = signalled_;
        wait_until(clock_.now() + finish_ns);
        if (!host_.report().all_sources_ended()) {
            host_.cancel();
            wait_until(clock_.now() + cancel_ns);
        }
        if (!host_.report().all_sources_ended()) {
            host_.give_up();
            wait_until(clock_.now() + cancel_ns);
        }
        if (!host_.close(clock_.now() + trial_close_ns)) {
            // Destructors would pull the ground from under the plugin's thread.
            for (const std::string& line : host_.report().stuck()) fmt::print(stderr, "sluice tune: {}\n", line);
            signals_.say_running();
            fmt::print(stderr, "sluice tune: not everything has come to an end; the process ends without ending it in order\n");
            std::_Exit(exit_status::abandoned);
        }
        if (stopped || signalled_) return Error{ErrorKind::stopped, "stopped"};
        if (!failure.empty()) return Error{ErrorKind::unavailable, failure};
        if (figures.messages == 0)
            return Error{ErrorKind::unavailable, "no message of source \"" + source_ + "\" was settled within " +
                                                     format_duration(time_ns / ns_per_ms) +
                                                     "; give it messages or more --seconds, or try a recorded --sample FILE"};
        return figures;
    }

private:
    void wait_until(std::int64_t deadline_ns) {
        while (!host_.report().all_sources_ended() && host_.report().failure().empty()) {
            const std::int64_t left = deadline_ns - clock_.now();
            if (left <= 0) return;
            if (signals_.wait(std::chrono::milliseconds(left / ns_per_ms + 1)) == Signals::Event::stop) {
                signalled_ = true;
                return;
            }
        }
    }

    TuneFigures measured(std::int64_t elapsed_ns) const {
        TuneFigures figures;
        for (const SourceStatistics& source : host_.report().snapshot().sources) {
            if (source.name != source_) continue;
            figures.messages = source.counts.settled() - source.counts.released - source.counts.abandoned;
            figures.per_second =
                static_cast<double>(figures.messages) * 1e9 / static_cast<double>(std::max<std::int64_t>(elapsed_ns, 1));
            figures.p50_ns = source.latency.percentile(50);
            figures.p99_ns = source.latency.percentile(99);
        }
        return figures;
    }

    Host& host_;
    const std::string source_;
    Supervisor& signals_;
    Clock& clock_;
    bool signalled_ = false;
};

}  // namespace

Result<TuneFigures> run_trial(const HostConfig& config, Registry& registry, std::uint32_t pool, const TrialBounds& bounds,
                              Supervisor& signals) {
    const TemporaryFolder state;
    if (!state.made())
        return Error{ErrorKind::unavailable,
                     "no folder could be made at " + state.path() + "; set TMPDIR to one that this user may write"};
    HostConfig tried = config;
    tried.state_dir = state.path();
    tried.log.level = LogLevel::error;  // full queues and the like are what is tried here
    tried.log.levels.clear();
    SystemClock clock;
    Logging logging(tried.log, clock);
    std::vector<std::string> problems;
    const std::unique_ptr<Host> host = Host::create(
        tried, registry, logging, clock, [&signals] { signals.notify(); }, problems, Rehearsal{bounds.messages});
    if (!host) {
        std::string all;
        for (const std::string& problem : problems) all += (all.empty() ? "" : "\n") + problem;
        return Error{ErrorKind::invalid, all};
    }
    signals.on_stop([&host] { host->interrupt(); });
    auto started = host->start();
    signals.on_stop({});
    if (!started) return std::move(started).error();
    const PoolConfig& tuned = tried.pools[pool];
    auto figures = Trial(*host, tried.sources[tuned.source].component.name, signals, clock)
                       .run(std::chrono::nanoseconds(bounds.time).count());
    if (figures) (*figures).setting = {tuned.workers, tuned.batch_max, tuned.queue_capacity};
    return figures;
}

Result<std::string> outside_effects(const HostConfig& config, Registry& registry) {
    std::string sentences;
    for (const PoolConfig& pool : config.pools) {
        auto found = registry.find(ComponentKind::handler, pool.handler.plugin);
        if (!found) return std::move(found).error();
        auto library = registry.load(*found);
        if (!library) return std::move(library).error();
        const auto handlers = PluginHandlerFactory::of(**library, pool.handler.component);
        if (handlers && handlers->flags().has_no_outside_effects()) continue;
        sentences += fmt::format(
            "{}: the handler \"{}\" does not say that all it does goes through its databases and targets; what else it does "
            "(files, "
            "calls to servers) would really happen, once for every message of every trial\n",
            pool.handler.path, pool.handler.component);
    }
    return sentences;
}

}  // namespace sluice
