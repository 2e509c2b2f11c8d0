// Ends each message some time after it was handled, from a thread of its own; meanwhile the worker handles others.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "sluice/sdk/handler.hpp"

namespace acme {

// Rings at a time. Stands for whatever answers late: a printer, a service, a person.
class Bells {
public:
    void start() {
        thread_ = std::jthread([this](std::stop_token stop) { run(stop); });
    }
    void stop() { thread_ = {}; }

    void set(std::chrono::milliseconds delay, sluice::Completer rings) {
        const std::lock_guard lock(mutex_);
        bells_.emplace(Clock::now() + delay, rings);
        change_.notify_one();
    }
    // Rings at once, if it is set.
    void hurry(sluice_ticket ticket) {
        const std::lock_guard lock(mutex_);
        for (auto bell = bells_.begin(); bell != bells_.end(); ++bell) {
            if (bell->second.ticket() != ticket) continue;
            auto node = bells_.extract(bell);
            node.key() = Clock::now();
            bells_.insert(std::move(node));
            break;
        }
        change_.notify_one();
    }

private:
    using Clock = std::chrono::steady_clock;

    void run(std::stop_token stop) {
        std::unique_lock lock(mutex_);
        while (!stop.stop_requested()) {
            if (bells_.empty()) {
                change_.wait(lock, stop, [this] { return !bells_.empty(); });
                continue;
            }
            const Clock::time_point first = bells_.begin()->first;
            if (Clock::now() < first) {
                change_.wait_until(lock, stop, first, [&] { return bells_.empty() || bells_.begin()->first < first; });
                continue;
            }
            const sluice::Completer rings = bells_.begin()->second;
            bells_.erase(bells_.begin());
            lock.unlock();
            if (rings.cancelled())
                rings.complete(sluice::retry("its time was over before the bell rang"));
            else
                rings.resume();
            lock.lock();
        }
    }

    std::mutex mutex_;
    std::condition_variable_any change_;
    std::multimap<Clock::time_point, sluice::Completer> bells_;  // guarded by mutex_
    std::jthread thread_;
};

class Later final : public sluice::Handler {
public:
    explicit Later(const sluice::Setup& setup) : delay_(setup.duration("delay")) {
        if (setup.has("to")) to_ = setup.target(setup.text("to"));
    }

    void start(sluice::Context&) override { bells_.start(); }
    void stop() override { bells_.stop(); }

    sluice::Verdict handle(const sluice::Message&, sluice::Context& context) override {
        bells_.set(delay_, sluice::Completer(context));
        return sluice::defer();
    }
    // The bell has rung: now there may be effects.
    sluice::Verdict resume(const sluice::Message& message, sluice::Context& context, std::uint64_t) {
        if (to_) context.publish(*to_, {.body = message.body(), .key = message.key()});
        return sluice::done();
    }
    void cancel(sluice_ticket ticket) { bells_.hurry(ticket); }

private:
    const std::chrono::milliseconds delay_;
    std::optional<sluice::TargetRef> to_;
    Bells bells_;
};

inline constexpr auto later =
    sluice::handler<Later>("later", "Ends each message some time after it was handled.",
                           sluice::duration("delay", "So long after.")
                               .otherwise(std::chrono::seconds(1))
                               .between(std::chrono::milliseconds(0), std::chrono::hours(1)),
                           sluice::text("to", "Target that the message is published to then. Without it, nothing is."));

}  // namespace acme
