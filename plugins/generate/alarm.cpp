#include "alarm.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "sluice/sdk/status.hpp"

namespace sluice::generate {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

std::int64_t read_clock(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return now.tv_sec * second_ns + now.tv_nsec;
}

}  // namespace

std::int64_t monotonic_ns() {
    return read_clock(CLOCK_MONOTONIC);
}
std::int64_t unix_ns() {
    return read_clock(CLOCK_REALTIME);
}

Alarm::Alarm()
    : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
    if (event_ >= 0 && timer_ >= 0) return;
    const int error = errno;
    if (event_ >= 0) ::close(event_);
    if (timer_ >= 0) ::close(timer_);
    throw Failure(SLUICE_UNAVAILABLE, "cannot create a timer: " + std::generic_category().message(error));
}

Alarm::~Alarm() {
    ::close(event_);
    ::close(timer_);
}

void Alarm::wait_until(std::int64_t monotonic_ns) {
    const itimerspec at{{}, {monotonic_ns / second_ns, monotonic_ns % second_ns}};
    ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &at, nullptr);
    pollfd watched[2] = {{event_, POLLIN, 0}, {timer_, POLLIN, 0}};
    // An interruption by a signal ends the wait early, which callers allow for anyway.
    if (::poll(watched, 2, -1) <= 0 || watched[0].revents == 0) return;
    std::uint64_t wakes = 0;
    [[maybe_unused]] const ssize_t read = ::read(event_, &wakes, sizeof wakes);
}

void Alarm::wake() const noexcept {
    const std::uint64_t one = 1;
    // Fails only when the counter is full, and then a wake is pending anyway.
    [[maybe_unused]] const ssize_t written = ::write(event_, &one, sizeof one);
}

}  // namespace sluice::generate
