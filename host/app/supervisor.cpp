#include "app/supervisor.hpp"

#include <pthread.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "app/exit_status.hpp"
#include "core/clock.hpp"

namespace sluice {
namespace {

constexpr std::int64_t look_every_ns = 500 * ns_per_ms;  // a call is named at most so late
constexpr std::int64_t near_the_end_ns = 50 * ns_per_ms;
constexpr std::int64_t hangs_ns = 500 * ns_per_ms;  // a call that long is why the main thread does not answer
// as long as threads have to end once nothing is in flight: closing may write
constexpr std::int64_t closing_ns = 5'000 * ns_per_ms;

}  // namespace

Supervisor::Supervisor(Logging& logging, Clock& clock, std::chrono::milliseconds shutdown_deadline)
    : logging_(logging),
      log_(logging.logger("host")),
      clock_(clock),
      main_(calls::mine),
      calls_(log_),
      deadline_ns_(shutdown_deadline.count() * ns_per_ms) {
    thread_ = std::thread([this] { thread_main(); });
}

Supervisor::~Supervisor() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    signals_.notify();
    thread_.join();
}

// ---- the main thread ----

Signals::Event Supervisor::wait(std::chrono::milliseconds at_most) {
    std::unique_lock lock(mutex_);
    change_.wait_for(lock, at_most, [this] { return stops_ != stops_told_ || reload_ || news_; });
    if (stops_ != stops_told_) {
        ++stops_told_;
        return Signals::Event::stop;
    }
    if (std::exchange(reload_, false)) return Signals::Event::reload;
    return std::exchange(news_, false) ? Signals::Event::news : Signals::Event::timeout;
}

void Supervisor::notify() {
    {
        const std::lock_guard lock(mutex_);
        news_ = true;
    }
    change_.notify_all();
}

bool Supervisor::stop_asked() const {
    const std::lock_guard lock(mutex_);
    return stops_ != 0;
}

bool Supervisor::pause(std::chrono::milliseconds at_most) {
    std::unique_lock lock(mutex_);
    return !change_.wait_for(lock, at_most, [this] { return stops_ != 0; });
}

void Supervisor::on_stop(std::function<void()> interrupt) {
    const std::lock_guard lock(interrupt_mutex_);
    interrupt_ = std::move(interrupt);
}

void Supervisor::set_deadline(std::chrono::milliseconds shutdown_deadline) {
    const std::lock_guard lock(mutex_);
    deadline_ns_ = shutdown_deadline.count() * ns_per_ms;
}

void Supervisor::begin_closing() {
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
        if (leave_ns_ == 0) leave_ns_ = clock_.now() + deadline_ns_;
    }
    signals_.notify();  // it may have to look sooner now
}

void Supervisor::say_running() {
    const std::lock_guard lock(mutex_);
    const std::int64_t now = clock_.now();
    calls_.look(now);
    for (const std::string& line : calls_.running(now)) log_.error("{}", line);
}

// ---- the supervisor's thread ----

void Supervisor::thread_main() {
    pthread_setname_np(pthread_self(), "supervisor");
    std::int64_t next_look_ns = 0;
    std::unique_lock lock(mutex_);
    while (!ending_) {
        const bool near = leave_ns_ != 0 && clock_.now() >= leave_ns_ - look_every_ns;
        const std::int64_t every = near ? near_the_end_ns : look_every_ns;
        lock.unlock();
        const Signals::Event event = signals_.wait(std::chrono::milliseconds(every / ns_per_ms));
        const std::int64_t now = clock_.now();
        if (event == Signals::Event::stop) stop_signalled(now);
        lock.lock();
        if (event == Signals::Event::reload) {
            reload_ = true;
            change_.notify_all();
        }
        if (now >= next_look_ns) {
            calls_.look(now);
            next_look_ns = now + every;
        }
        if (is_due_locked(now)) leave();
    }
}

void Supervisor::stop_signalled(std::int64_t now_ns) {
    {
        const std::lock_guard lock(mutex_);
        ++stops_;
        if (leave_ns_ == 0) leave_ns_ = now_ns + deadline_ns_;
        if (stops_ > 1) leave_ns_ = std::min(leave_ns_, now_ns);
    }
    change_.notify_all();
    const std::lock_guard lock(interrupt_mutex_);
    if (interrupt_) interrupt_();
}

// Asked again, and the main thread has not even heard of it.
bool Supervisor::is_urgent_locked() const {
    return stops_ > 1 && stops_ != stops_told_;
}

// The main thread keeps the deadline itself, as long as it can: see run_host.cpp.
bool Supervisor::is_due_locked(std::int64_t now_ns) const {
    if (leave_ns_ == 0 || now_ns < leave_ns_) return false;
    return calls_.age_ns(main_, now_ns) >= (closing_ && !is_urgent_locked() ? closing_ns : hangs_ns);
}

void Supervisor::leave() {
    for (const std::string& line : calls_.running(clock_.now())) log_.error("{}", line);
    log_.error("{}; the process ends without ending that plugin",
               is_urgent_locked() ? "asked to stop again while a call into a plugin does not return"
                                  : "a call into a plugin has not returned by the deadline of the stop");
    logging_.flush();
    std::_Exit(exit_status::abandoned);
}

}  // namespace sluice
