// Ends a wait from another thread.
//
// Threads   wake: any. wait: one.
// Ordering  a wake before the wait ends that wait at once; several are one.
#pragma once

#include <poll.h>
#include <sys/eventfd.h>

#include <chrono>

#include "file_descriptor.hpp"

namespace sluice::file {

class Wakeup {
public:
    Wakeup() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
        if (!event_) throw Failure(SLUICE_UNAVAILABLE, "cannot create an event descriptor: " + reason(errno));
    }

    void wake() const {
        const std::uint64_t one = 1;
        // Fails only when the counter is full, and then a wake is pending anyway.
        [[maybe_unused]] const ssize_t written = ::write(event_.get(), &one, sizeof one);
    }

    // True: `descriptor` (or -1 for none) can be read, or has ended.
    bool wait(std::chrono::milliseconds longest, int descriptor = -1) const {
        pollfd watched[2] = {{event_.get(), POLLIN, 0}, {descriptor, POLLIN, 0}};
        if (::poll(watched, 2, static_cast<int>(longest.count())) <= 0) return false;
        if (watched[0].revents != 0) {
            std::uint64_t wakes = 0;
            [[maybe_unused]] const ssize_t read = ::read(event_.get(), &wakes, sizeof wakes);
        }
        return watched[1].revents != 0;
    }

private:
    FileDescriptor event_;
};

}  // namespace sluice::file
