// Time as the host sees it: handed in, so that a test can set it.
//
// Threads  every function from any thread.
// Units    now: monotonic nanoseconds from an arbitrary start, for intervals.
//          wall_ms: Unix time in milliseconds, for people and files.
//          It may jump, forwards and back.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace sluice {

inline constexpr std::int64_t ns_per_ms = 1'000'000;

class Clock {
public:
    virtual ~Clock() = default;
    virtual std::int64_t now() const = 0;      // ns
    virtual std::int64_t wall_ms() const = 0;  // ms since 1970 UTC
};

class SystemClock final : public Clock {
public:
    std::int64_t now() const override {
        return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
            .count();
    }
    std::int64_t wall_ms() const override {
        return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
    }
};

// Stands still until it is moved. Both readings move together.
class FakeClock final : public Clock {
public:
    explicit FakeClock(std::int64_t now_ns = 0, std::int64_t wall_ms = 1'700'000'000'000)
        : now_ns_(now_ns),
          start_ns_(now_ns),
          start_wall_ms_(wall_ms) {}

    // Relaxed: a test that moves time while others read orders the two by other means.
    std::int64_t now() const override { return now_ns_.load(std::memory_order_relaxed); }
    std::int64_t wall_ms() const override { return start_wall_ms_ + (now() - start_ns_) / 1'000'000; }
    void advance(std::chrono::nanoseconds by) { now_ns_.fetch_add(by.count(), std::memory_order_relaxed); }

private:
    std::atomic<std::int64_t> now_ns_;
    const std::int64_t start_ns_;
    const std::int64_t start_wall_ms_;
};

}  // namespace sluice
