#include "unit/canceller.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <system_error>

#include "unit/handler_host.hpp"

namespace sluice {

Canceller::~Canceller() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        change_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
}

void Canceller::post(HandlerHost& handler, sluice_ticket ticket) {
    const std::lock_guard lock(mutex_);
    if (stopping_ || waiting_.size() >= most_) return;
    if (!thread_.joinable()) {
        try {
            thread_ = std::thread([this] { thread_main(); });
            ended_ = false;
        } catch (const std::system_error&) {
            return;  // told nobody; its deadline ends it
        }
    }
    waiting_.emplace_back(&handler, ticket);
    change_.notify_all();
}

std::int64_t Canceller::busy_ns() const {
    const std::lock_guard lock(mutex_);
    return calling_since_ns_ == 0 ? 0 : std::max<std::int64_t>(clock_.now() - calling_since_ns_, 1);
}

bool Canceller::stop(std::int64_t deadline_ns) {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    change_.notify_all();
    const auto left = std::chrono::nanoseconds(std::max<std::int64_t>(deadline_ns - clock_.now(), 0));
    if (!change_.wait_for(lock, left, [this] { return ended_; })) return false;
    lock.unlock();
    if (thread_.joinable()) thread_.join();
    return true;
}

void Canceller::thread_main() {
    pthread_setname_np(pthread_self(), "cancel");
    std::unique_lock lock(mutex_);
    for (;;) {
        change_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        if (stopping_) break;
        const auto [handler, ticket] = waiting_.front();
        waiting_.pop_front();
        calling_since_ns_ = std::max<std::int64_t>(clock_.now(), 1);
        lock.unlock();
        handler->call_cancel(ticket);
        lock.lock();
        calling_since_ns_ = 0;
    }
    ended_ = true;
    change_.notify_all();
}

}  // namespace sluice
