// The component `noop`: done with every message at once, or after a given amount of work or time, to measure the way there.
#include <time.h>

#include <cstdint>
#include <string>

#include "sluice/sdk/handler.hpp"

namespace {

using namespace std::chrono_literals;

std::int64_t monotonic_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

// Keeps the processor busy, reading the clock. What the thread loses to others meanwhile counts as well.
void work_until(std::int64_t end_ns) {
    while (monotonic_ns() < end_ns) {
    }
}

// One sleep of the full length: an interruption by a signal does not shorten it.
void sleep_until(std::int64_t end_ns) {
    const timespec end{end_ns / 1'000'000'000, end_ns % 1'000'000'000};
    while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, nullptr) != 0) {
    }
}

class Noop final : public sluice::Handler {
public:
    static constexpr bool no_outside_effects = true;

    explicit Noop(const sluice::Setup& setup)
        : busy_ns_(setup.integer("busy_ns")),
          sleep_ns_(std::chrono::nanoseconds(setup.duration("sleep")).count()),
          retry_key_(setup.text("retry_key")),
          measured_(busy_ns_ != 0 || sleep_ns_ != 0 || !retry_key_.empty()) {}

    sluice::Verdict handle(const sluice::Message& message, sluice::Context&) override {
        if (measured_) {
            if (!retry_key_.empty() && message.key() == retry_key_) return sluice::retry("it is of retry_key");
            if (busy_ns_ != 0) work_until(monotonic_ns() + busy_ns_);
            if (sleep_ns_ != 0) sleep_until(monotonic_ns() + sleep_ns_);
        }
        return sluice::done();
    }

private:
    const std::int64_t busy_ns_;
    const std::int64_t sleep_ns_;
    const std::string retry_key_;
    const bool measured_;
};

}  // namespace

SLUICE_PLUGIN(
    "sluice.noop", "0.1.0",
    sluice::handler<Noop>(
        "noop", "Is done with every message at once; for benchmarks.",
        sluice::integer("busy_ns", "Nanoseconds of work per message: keeps the processor busy.").otherwise(0).between(0, 1e10),
        sluice::duration("sleep", "Time per message in which nothing is done.").otherwise(0ms).between(0ms, 1h),
        sluice::text("retry_key", "Messages of this key always end in retry.").otherwise("")))
