#include "unit/circuit.hpp"

#include <algorithm>
#include <utility>

namespace sluice {

Circuit::Circuit(const Clock& clock, Logger logger, std::uint64_t seed, std::function<void(const std::string&)> on_failed)
    : clock_(clock),
      logger_(logger),
      on_failed_(std::move(on_failed)),
      random_(static_cast<std::minstd_rand::result_type>(seed)) {}

void Circuit::away(std::string_view why) {
    const std::lock_guard lock(mutex_);
    if (closed()) {
        open_locked(why);
    } else if (trying_) {
        trying_ = false;
        put_off_locked();
    }
}

void Circuit::fail(std::string_view why) {
    const std::string text = why.empty() ? "the plugin gave no reason" : std::string(why);
    {
        const std::lock_guard lock(mutex_);
        if (failed_for_good()) return;
        if (closed()) away_since_ns_.store(std::max<std::int64_t>(clock_.now(), 1), std::memory_order_release);
        proven_.store(false, std::memory_order_relaxed);
        failed_.store(true, std::memory_order_release);
        logger_.error("failed permanently: {}; what waits for it is not acked", text);
        ring_locked();
    }
    if (on_failed_) on_failed_(text);
}

void Circuit::open_locked(std::string_view why) {
    away_since_ns_.store(std::max<std::int64_t>(clock_.now(), 1), std::memory_order_release);
    proven_.store(false, std::memory_order_relaxed);
    refusals_ = 0;
    put_off_locked();
    logger_.warn("is unreachable; its workers pause and try again until it responds, which does not count as an attempt: {}",
                 why.empty() ? "the plugin gave no reason" : why);
}

void Circuit::close_locked(bool spurious) {
    const double seconds = static_cast<double>(clock_.now() - away_since_ns()) / 1e9;
    spurious_.store(spurious, std::memory_order_relaxed);  // published by the next line
    away_since_ns_.store(0, std::memory_order_release);
    trying_ = false;
    logger_.info("responds again after {:.1f} s", seconds);
    ring_locked();
}

void Circuit::put_off_locked() {
    const std::int64_t most = std::min(retry_first_ns << std::min(failures_++, 10u), retry_max_ns);
    due_ns_ = clock_.now() + std::uniform_int_distribution<std::int64_t>(most - most / 4, most)(random_);
}

void Circuit::ring_locked() {
    for (Waiter* waiter : std::exchange(waiters_, {})) {
        waiter->listed_ = false;
        waiter->ring();
    }
}

void Circuit::prove() {
    const std::lock_guard lock(mutex_);
    // Open and not even tried: what worked was begun before. Open and asked with ping: that is for ping to say.
    if (failed_for_good() || (!closed() && !trying_)) return;
    if (!closed()) close_locked(false);
    failures_ = 0;
    proven_.store(true, std::memory_order_relaxed);
}

Circuit::Turn Circuit::turn(bool can_ask) {
    const std::lock_guard lock(mutex_);
    if (closed()) return Turn::go;
    if (failed_for_good() || asking_ || clock_.now() < due_ns_) return Turn::wait;  // (1)
    if (can_ask) {
        asking_ = true;
        return Turn::ask;
    }
    trying_ = true;
    put_off_locked();  // for somebody else to try, should this unit never get to the database
    return Turn::try_;
}

void Circuit::asked(bool is_there, std::string_view why) {
    const std::lock_guard lock(mutex_);
    asking_ = false;
    if (closed() || failed_for_good()) return;
    if (is_there) return close_locked(refusals_ == 0);
    ++refusals_;
    put_off_locked();
    logger_.debug("is still unreachable: {}", why);
    ring_locked();  // (2)
}

std::int64_t Circuit::wait(Waiter& waiter) {
    const std::lock_guard lock(mutex_);
    if (closed()) return 0;
    if (!std::exchange(waiter.listed_, true)) waiters_.push_back(&waiter);
    return asking_ || failed_for_good() ? INT64_MAX : due_ns_;
}

void Circuit::forget(Waiter& waiter) {
    const std::lock_guard lock(mutex_);
    if (std::exchange(waiter.listed_, false)) std::erase(waiters_, &waiter);
}

}  // namespace sluice
