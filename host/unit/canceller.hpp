// Tells the handlers of one pool that the time of a message is over, on a thread of its own: a cancel() that blocks holds up
// neither the watch, which all pools share, nor a worker, but only what else this pool's handlers are to be told.
//
// Threads      post: any. busy_ns: the watch. stop, destruction: main.
// Ownership    the handlers outlive it.
// Limits       `most` tickets wait; what comes beyond that is not told, and ends at its deadline all the same. The thread is
//              started with the first ticket.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "core/clock.hpp"
#include "sluice/message.h"

namespace sluice {

class HandlerHost;

class Canceller {
public:
    Canceller(const Clock& clock, std::size_t most) : clock_(clock), most_(most) {}
    ~Canceller();
    Canceller(const Canceller&) = delete;
    Canceller& operator=(const Canceller&) = delete;

    void post(HandlerHost& handler, sluice_ticket ticket);
    // How long the call of a cancel() that runs now has been running; 0: none does.
    std::int64_t busy_ns() const;
    // Nothing is told any more. False: a cancel() has not returned until `deadline_ns`; then end the process.
    bool stop(std::int64_t deadline_ns);

private:
    void thread_main();

    const Clock& clock_;
    const std::size_t most_;
    mutable std::mutex mutex_;
    // guarded by mutex_
    std::condition_variable change_;
    std::deque<std::pair<HandlerHost*, sluice_ticket>> waiting_;
    std::int64_t calling_since_ns_ = 0;  // 0 = no call runs
    bool stopping_ = false;
    bool ended_ = true;

    std::thread thread_;  // main, and whoever posts first
};

}  // namespace sluice
