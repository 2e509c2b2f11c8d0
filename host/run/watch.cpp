#include "run/watch.hpp"

#include <pthread.h>
#include <time.h>

#include <algorithm>
#include <chrono>

namespace sluice {
namespace {

std::int64_t processor_time_ns() {
    timespec used{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return used.tv_sec * 1'000'000'000 + used.tv_nsec;
}

}  // namespace

Watch::Watch(Clock& clock) : clock_(clock), processors_(std::max(1u, std::thread::hardware_concurrency())) {}

void Watch::start() {
    thread_ = std::thread([this] { thread_main(); });
}

void Watch::stop() {
    if (!thread_.joinable()) return;
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    change_.notify_one();
    thread_.join();
}

void Watch::add(Executor& executor) {
    std::lock_guard round(round_mutex_);
    executors_.push_back(&executor);
}

void Watch::add(Guard& guard) {
    std::lock_guard round(round_mutex_);
    guards_.push_back(&guard);
}

void Watch::remove(Executor& executor) {
    std::lock_guard round(round_mutex_);
    std::erase(executors_, &executor);
}

void Watch::remove(Guard& guard) {
    std::lock_guard round(round_mutex_);
    std::erase(guards_, &guard);
}

void Watch::forget(Alarm& alarm) {
    std::lock_guard round(round_mutex_);
    std::lock_guard lock(mutex_);
    if (alarm.due_ns_ != 0) alarms_.erase({alarm.due_ns_, &alarm});
    alarm.due_ns_ = 0;
}

void Watch::set(Alarm& alarm, std::int64_t due_ns) {
    bool earliest;
    {
        std::lock_guard lock(mutex_);
        if (alarm.due_ns_ != 0) {
            if (alarm.due_ns_ <= due_ns) return;
            alarms_.erase({alarm.due_ns_, &alarm});
        }
        alarm.due_ns_ = due_ns;
        alarms_.insert({due_ns, &alarm});
        earliest = alarms_.begin()->second == &alarm;
    }
    if (earliest) change_.notify_one();
}

void Watch::wake() {
    {
        std::lock_guard lock(mutex_);
        active_ = true;
    }
    change_.notify_one();
}

void Watch::thread_main() {
    pthread_setname_np(pthread_self(), "watch");
    std::vector<Alarm*> due;
    std::unique_lock round(round_mutex_);
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        note_time();
        const std::int64_t now = coarse_now_ns();
        due.clear();
        while (!alarms_.empty() && alarms_.begin()->first <= now) {
            Alarm* alarm = alarms_.begin()->second;
            alarm->due_ns_ = 0;
            due.push_back(alarm);
            alarms_.erase(alarms_.begin());
        }
        const bool was_active = active_;
        active_ = false;
        lock.unlock();
        for (Alarm* alarm : due) alarm->ring();
        bool active = false;
        if (was_active) {
            processors_.look(now, processor_time_ns());
            for (Executor* executor : executors_) active |= executor->tick();
            for (Guard* guard : guards_)
                if (now >= guard->next_ns_) guard->next_ns_ = now + guard->look(now);
        }
        round.unlock();
        lock.lock();
        active_ |= active;  // wake() may have come meanwhile
        if (stopping_) break;

        if (active_) {
            std::int64_t wait = tick_ns;
            if (!alarms_.empty()) wait = std::clamp<std::int64_t>(alarms_.begin()->first - clock_.now(), 0, tick_ns);
            change_.wait_for(lock, std::chrono::nanoseconds(wait), [this] { return stopping_; });
        } else if (!alarms_.empty()) {
            const std::int64_t first = alarms_.begin()->first;
            change_.wait_for(lock, std::chrono::nanoseconds(std::max<std::int64_t>(first - clock_.now(), 0)),
                             [&] { return stopping_ || active_ || (!alarms_.empty() && alarms_.begin()->first < first); });
        } else {
            change_.wait(lock, [&] { return stopping_ || active_ || !alarms_.empty(); });
        }
        lock.unlock();
        round.lock();
        lock.lock();
    }
}

}  // namespace sluice
