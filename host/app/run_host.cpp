#include "app/run_host.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/admin_service.hpp"
#include "app/call_watch_thread.hpp"
#include "app/exit_status.hpp"
#include "app/process.hpp"
#include "app/state_dir.hpp"
#include "app/supervisor.hpp"
#include "core/clock.hpp"
#include "observe/progress.hpp"
#include "plugin/crash_report.hpp"
#include "reload/reloading.hpp"
#include "text/units.hpp"
#include "topology/build.hpp"
#include "topology/host.hpp"
#include "topology/queues.hpp"

namespace sluice {
namespace {

constexpr std::int64_t look_at_state_ms = 5'000;           // whether the state directory is still there
constexpr std::int64_t cancel_grace_ns = 500 * ns_per_ms;  // for handlers that look at cancelled()
constexpr std::int64_t give_up_every_ns = 1'000 * ns_per_ms;
constexpr int give_ups = 3;                              // a source that has not ended by then hangs in its adapter
constexpr std::int64_t teardown_ns = 5'000 * ns_per_ms;  // for threads to end once nothing is in flight
// where something was abandoned, a thread is most likely inside a plugin
constexpr std::int64_t hung_teardown_ns = 100 * ns_per_ms;

// Waits and reports until the host has ended by itself or was stopped.
class Run {
public:
    // `started_ns`: before the first message.
    Run(Host& host, const StateDir& state, AdminService& admin, Reloading& reloading, Supervisor& supervisor, Logging& logging,
        Clock& clock, std::int64_t started_ns)
        : host_(host),
          report_(host.report()),
          state_(state),
          admin_(admin),
          reloading_(reloading),
          supervisor_(supervisor),
          logging_(logging),
          clock_(clock),
          log_(logging.logger("host")),
          statistics_(logging.logger("statistics"), started_ns),
          next_report_ns_(clock.now() + every()) {
        if (report_.reads_finite_source()) progress_.emplace(logging, clock);
    }

    int until_ended() {
        while (!report_.all_sources_ended()) {
            const Signals::Event event = supervisor_.wait(std::chrono::milliseconds(wait_ms()));
            if (event == Signals::Event::stop) stop_asked();
            if (event == Signals::Event::reload) reloading_.ask();
            if (report_.hung())
                leave_with_plugin("a call of a handler still runs after twice its timeout, and on_hang says exit");
            if (failure_.empty() && !(failure_ = failure()).empty()) {
                log_.error("cannot go on: {}", failure_);
                stop();
            }
            if (reloading_.go_on(deadline_ns_ != 0)) {
                next_report_ns_ = std::min(next_report_ns_, clock_.now() + every());
                supervisor_.set_deadline(host_.config().shutdown_deadline);
            }
            keep_time();
        }
        return end();
    }

private:
    std::int64_t every() const { return host_.config().statistics_every.count() * ns_per_ms; }

    std::int64_t wait_ms() const {
        std::int64_t next = next_report_ns_;
        for (const std::int64_t due : {deadline_ns_, reloading_.due_ns()})
            if (due != 0) next = std::min(next, due);
        std::int64_t wait = std::max<std::int64_t>((next - clock_.now()) / ns_per_ms + 1, 0);
        if (progress_ && logging_.terminal()) wait = std::min<std::int64_t>(wait, 200);
        return std::min(wait, look_at_state_ms);
    }

    std::string failure() const {
        for (const Result<void>& there : {state_.check_in_place(), report_.check_state()})
            if (!there) return there.error().message;
        return report_.failure();
    }

    void stop_asked() {
        if (deadline_ns_ == 0) {
            const auto [busy, queued] = report_.busy_and_queued();
            log_.info("{}", stopping_text(logging_.terminal(), host_.config().drain, busy, queued));
            stop();
        } else if (!cancelled_) {
            log_.warn("asked again: handlers are told to give up, what they do not finish is abandoned");
            deadline_ns_ = clock_.now();
        }
    }

    void stop() {
        if (deadline_ns_ != 0) return;
        deadline_ns_ = clock_.now() + host_.config().shutdown_deadline.count() * ns_per_ms;
        reloading_.give_up("the host stops");
        host_.request_stop();
    }

    void keep_time() {
        const std::int64_t now = clock_.now();
        if (progress_) progress_->update(report_.settled());
        if (now >= next_report_ns_) {
            statistics_.interval(report_.snapshot());
            next_report_ns_ = now + every();
        }
        if (deadline_ns_ == 0 || now < deadline_ns_) return;
        if (!cancelled_) {
            cancelled_ = true;
            deadline_ns_ = now + cancel_grace_ns;
            host_.cancel();
            host_.interrupt();
        } else if (times_given_up_++ < give_ups) {
            deadline_ns_ = now + give_up_every_ns;
            host_.give_up();
        } else {
            leave_with_plugin("a source does not end");  // its thread is inside the adapter: nobody else can do its part
        }
    }

    int end() {
        progress_.reset();
        supervisor_.begin_closing();
        reloading_.give_up("the host has ended");
        const StatisticsSnapshot last = report_.snapshot();
        const bool abandoned = std::any_of(last.sources.begin(), last.sources.end(),
                                           [](const SourceStatistics& source) { return source.counts.abandoned != 0; });
        const std::int64_t teardown = abandoned ? hung_teardown_ns : teardown_ns;
        const bool letters_can_be_listed = find_dead_letters(host_.config(), host_.directory().queues()).queue != nullptr;
        const bool admin_closed = admin_.close(clock_.now() + teardown);
        const bool closed = host_.close(clock_.now() + teardown) && admin_closed;
        const bool law = statistics_.final(last);
        say_deaths(letters_can_be_listed);
        if (!closed) leave_with_plugin("not everything has come to an end");
        if (!failure_.empty() || !(failure_ = report_.failure()).empty()) return exit_status::failed;
        if (!law) return exit_status::law;
        return abandoned ? exit_status::abandoned : exit_status::clean;
    }

    void say_deaths(bool can_be_listed) const {
        const DeathCauses deaths = report_.deaths();
        if (deaths.total() == 0) return;
        const HostConfig& config = host_.config();
        log_.warn("{} became {}; {}", counted(deaths.total(), "message"),
                  deaths.total() == 1 ? "a dead letter" : "dead letters",
                  can_be_listed ? "look at them: sluice dead-letters ls " + config.file.string()
                                : "they are in the target \"" + config.dead_letter_target + "\"");
        for (const auto& [error, count] : deaths.causes()) log_.warn("{} died of: {}", counted(count, "message"), error);
        if (deaths.others() != 0) log_.warn("{} died of something else", counted(deaths.others(), "message"));
    }

    // Destructors would pull the ground from under the plugin's thread.
    [[noreturn]] void leave_with_plugin(std::string_view why) {
        progress_.reset();
        for (const std::string& line : report_.stuck()) log_.error("{}", line);
        supervisor_.say_running();
        log_.error("{}; the process ends without ending it in order", why);
        logging_.flush();
        std::_Exit(exit_status::abandoned);
    }

    Host& host_;
    const HostReport report_;
    const StateDir& state_;
    AdminService& admin_;
    Reloading& reloading_;
    Supervisor& supervisor_;
    Logging& logging_;
    Clock& clock_;
    const Logger log_;
    StatisticsReport statistics_;
    std::optional<Progress> progress_;
    std::int64_t next_report_ns_;
    std::int64_t deadline_ns_ = 0;  // 0 = no stop was asked for
    bool cancelled_ = false;
    int times_given_up_ = 0;
    std::string failure_;
};

// A stop that came before the host had started is a clean end. What a database was told to give up is not its failure.
int not_started(const Error& error, bool stop_asked, const Logger& log) {
    if (stop_asked) {
        log.info("stopped before it had started: {}", error.message);
        return exit_status::clean;
    }
    log.error("{}", error.message);
    return error.kind == ErrorKind::invalid ? exit_status::invalid : exit_status::failed;
}

// Once parts are open, an exception that nobody foresaw, such as the end of memory, must not unwind: destructors would pull the
// ground from under threads that run. What is in flight comes again, as after a crash.
template <typename Work>
auto without_unwinding(Logging& logging, Work work) noexcept -> decltype(work()) {
    try {
        return work();
    } catch (const std::exception& unforeseen) {
        logging.logger("host").error("cannot go on: {}; the process ends at once", text_of(unforeseen));
        logging.flush();
        std::_Exit(exit_status::failed);
    }
}

}  // namespace

Created create_host(const HostConfig& config, Registry& registry, const ProbeTold& told) {
    SystemClock clock;
    Logging logging(config.log, clock);
    const CallWatchThread watch(logging.logger("host"), clock);
    crash_report::as_json(config.log.json);
    Created created;
    const auto topology = build_topology(config, {registry, logging, clock, [] {}}, created.problems);
    if (topology) created.notes = topology->notes;
    if (topology && told) probe_parts(*topology, told);
    return created;
}

int run_host(const HostConfig& config, Registry& registry, const ReadAgain& read_again) {
    // 1  The clock and the log exist. Signals are blocked for all threads to come, and answered by the supervisor from here on.
    SystemClock clock;
    Logging logging(config.log, clock);
    crash_report::as_json(config.log.json);
    const Logger log = logging.logger("host");
    Supervisor supervisor(logging, clock, config.shutdown_deadline);

    // 2  Every part is created; nothing is open. All that is wrong with the configuration is known from here on.
    std::vector<std::string> problems;
    const std::unique_ptr<Host> host = Host::create(
        config, registry, logging, clock, [&supervisor] { supervisor.notify(); }, problems);
    if (!host) {
        for (const std::string& problem : problems) log.error("{}", problem);
        return exit_status::invalid;
    }
    for (const std::string& note : host->notes()) log.info("{}", note);
    for (const std::string& skipped : registry.skipped()) log.debug("{}", skipped);

    // 3  The state directory is ours alone.
    const auto state = StateDir::open(config.state_dir);
    if (!state) {
        log.error("{}", state.error().message);
        return exit_status::failed;
    }

    // 4  Everything is open, or was waited for. A signal ends the wait, and what a database does meanwhile.
    supervisor.on_stop([&host] { host->interrupt(); });
    auto opened = without_unwinding(
        logging, [&] { return host->open([&supervisor](std::chrono::milliseconds wait) { return supervisor.pause(wait); }); });
    supervisor.on_stop({});
    if (!opened) supervisor.begin_closing();
    if (!opened) return not_started(opened.error(), supervisor.stop_asked(), log);

    // 5  The verbs of the command line are answered.
    ReloadRequests reloads([&supervisor] { supervisor.notify(); });
    AdminService admin(config, host->directory(), reloads, logging, clock);
    admin.open(state->path());
    log.info("{} runs: {}, {}", config.name, counted(config.sources.size(), "source"), counted(config.pools.size(), "pool"));
    crash_report::guard_exit();

    // 6  Messages come in, until the sources have ended, by themselves or because we were asked; then everything closes in
    //    reverse.
    Reloading reloading(*host, read_again, reloads, logging);
    return without_unwinding(logging, [&] {
        const std::int64_t started_ns = clock.now();
        host->run();
        return Run(*host, *state, admin, reloading, supervisor, logging, clock, started_ns).until_ended();
    });
}

}  // namespace sluice
