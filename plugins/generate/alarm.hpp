// Waits until a point of CLOCK_MONOTONIC, to the accuracy of the kernel's timers, or until woken.
//
// A timer descriptor rather than poll's own timeout: that one may come up to the thread's timer slack (50 us) late.
//
// Threads   wake: any. wait_until: one.
// Ordering  a wake before the wait ends that wait at once; several are one.
#pragma once

#include <cstdint>

namespace sluice::generate {

class Alarm {
public:
    Alarm();
    ~Alarm();
    Alarm(const Alarm&) = delete;
    Alarm& operator=(const Alarm&) = delete;

    void wait_until(std::int64_t monotonic_ns);
    void wake() const noexcept;

private:
    int event_ = -1;
    int timer_ = -1;
};

std::int64_t monotonic_ns();
std::int64_t unix_ns();

}  // namespace sluice::generate
