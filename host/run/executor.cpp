#include "run/executor.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

namespace sluice {
namespace {

// A tick is Watch::tick_ns = 0.5 ms. A thread more than the work needs costs a wake-up now and then; one too few costs a tick.
constexpr std::uint32_t calm_ticks_before_fewer = 200;
// With every processor in use, a line that stands still need not mean that handlers block: the threads may just not be running.
constexpr std::uint32_t still_ticks_when_busy = 4;

}  // namespace

Executor::Executor(std::string name, std::uint32_t threads_max, Processors& processors, std::function<void()> wake_watch)
    : name_(std::move(name)),
      threads_max_(threads_max),
      processors_(processors),
      wake_watch_(std::move(wake_watch)) {}

Executor::~Executor() {
    for (std::thread& thread : threads_)
        if (thread.joinable()) thread.detach();  // only after a stop() that left it behind: the process ends now
}

void Executor::start_first_thread() {
    const std::lock_guard lock(mutex_);
    if (threads_.empty()) start_thread_locked();
}

bool Executor::claim(Runnable& runnable) {
    // Sequentially consistent, both: the caller has made its news visible before; thread_main() clears the mark before it looks
    // for news. Either that look sees the news or this load sees the cleared mark.
    if (runnable.busy_.load(std::memory_order_seq_cst)) return false;
    return !runnable.busy_.exchange(true, std::memory_order_seq_cst);
}

void Executor::schedule(Runnable& runnable) {
    Runnable* const one = &runnable;
    schedule(std::span(&one, 1));
}

void Executor::schedule(std::span<Runnable* const> runnables) {
    std::unique_lock lock(mutex_, std::defer_lock);
    for (Runnable* runnable : runnables) {
        if (!claim(*runnable)) continue;
        if (!lock.owns_lock()) lock.lock();
        ready_.push_back(runnable);
    }
    if (lock.owns_lock()) wake_one_locked();
}

// Brings the number of awake threads closer to what is wanted, by at most one: the thread that wakes does the same if there is
// more in the line than it takes.
void Executor::wake_one_locked() {
    if (ready_.empty()) return;
    if (awake_locked() >= wanted_) return;
    if (sleeping_ > woken_) {
        ++woken_;
        work_.notify_one();
    } else if (threads_.size() < threads_max_ && !stopping_) {
        start_thread_locked();
    }
}

void Executor::start_thread_locked() {
    try {
        threads_.emplace_back([this] { thread_main(); });
    } catch (const std::system_error&) {
        if (threads_.empty()) throw;  // otherwise those that are there do the work, slower, and the next tick tries again
    }
}

void Executor::thread_main() {
    pthread_setname_np(pthread_self(), ("work:" + name_).substr(0, 15).c_str());
    std::unique_lock lock(mutex_);
    for (;;) {
        while (ready_.empty() && !may_end_locked()) {
            ran_dry_ = true;
            ++sleeping_;
            work_.wait(lock);
            --sleeping_;
            if (woken_ > 0) --woken_;
        }
        if (ready_.empty()) break;  // the end
        Runnable* runnable = ready_.front();
        ready_.pop_front();
        ++taken_;
        if (std::exchange(runnable->awaiting_, false)) --awaiting_;
        wake_one_locked();
        lock.unlock();

        // The Watch must know before the handler can block. Relaxed is enough for the fast look: the exchange decides.
        if (!watched_.load(std::memory_order_relaxed) && !watched_.exchange(true, std::memory_order_seq_cst)) wake_watch_();

        const Runnable::Next next = runnable->run();
        lock.lock();
        bool again = next == Runnable::Next::again;
        if (!again) {
            // Whoever claims it from here on meets the note: taking it from the line needs the lock.
            if (next == Runnable::Next::awaiting) {
                runnable->awaiting_ = true;
                ++awaiting_;
            }
            runnable->busy_.store(false, std::memory_order_seq_cst);  // before the look for news, see claim()
            again = runnable->has_news() && claim(*runnable);
        }
        if (again) ready_.push_back(runnable);
        if (may_end_locked()) work_.notify_all();
    }
    ++ended_;
    gone_.notify_all();
}

bool Executor::tick() {
    std::lock_guard lock(mutex_);
    const bool moved = taken_ != taken_at_last_tick_;
    taken_at_last_tick_ = taken_;
    const std::uint32_t awake = awake_locked();
    const bool dry = std::exchange(ran_dry_, false);
    still_ticks_ = moved || ready_.empty() ? 0 : still_ticks_ + 1;
    const bool stands = still_ticks_ >= (processors_.has_free() ? 1 : still_ticks_when_busy);
    if (!ready_.empty() && (stands || (!dry && processors_.has_free()))) {
        // (1) The line stands still: every awake thread sits in a handler. (2) It moves, but for all of a tick there was more
        // to do than threads to do it, and a processor to spare.
        wanted_ = std::min(awake + 1, threads_max_);
        calm_ticks_ = 0;
        wake_one_locked();
    } else if (wanted_ > 1 && ++calm_ticks_ >= calm_ticks_before_fewer) {
        --wanted_;
        calm_ticks_ = 0;
    }
    if (moved || awake != 0 || !ready_.empty() || wanted_ > 1) return true;
    watched_.store(false, std::memory_order_seq_cst);
    return false;
}

bool Executor::stop(Clock& clock, std::int64_t deadline_ns) {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    work_.notify_all();
    const auto all_gone = [&] { return ended_ == threads_.size(); };
    const auto left = std::chrono::nanoseconds(std::max<std::int64_t>(deadline_ns - clock.now(), 0));
    if (!gone_.wait_for(lock, left, all_gone)) return false;
    lock.unlock();
    for (std::thread& thread : threads_) thread.join();
    lock.lock();
    threads_.clear();
    ended_ = 0;
    return true;
}

std::uint32_t Executor::threads() const {
    std::lock_guard lock(mutex_);
    return static_cast<std::uint32_t>(threads_.size());
}

}  // namespace sluice
