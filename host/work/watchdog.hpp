// Looks after calls of one pool's handlers that take too long.
//
// It says once, with worker, message and key, that a call is over `handler.timeout`, or has been running for
// limits::long_call_ms where there is none (said once per minute then); tells a handler that has a `cancel` so; and, where
// `on_hang` says exit, calls `hung` when a call still runs after twice its timeout. Workers read the clock for a call only if
// there is a timeout. Where there is none, a call's age counts from the first look that found it: its ticket is the sign by
// which it is known.
//
// Threads      the watch's, but for the construction.
// Ownership    the workers outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/limits.hpp"
#include "core/work_policy.hpp"
#include "observe/logging.hpp"
#include "observe/notice.hpp"
#include "run/watch.hpp"
#include "sluice/message.h"

namespace sluice {

class Canceller;
class Worker;

class Watchdog final : public Watch::Guard {
public:
    static constexpr std::int64_t long_call_ns = limits::long_call_ms * 1'000'000;

    static constexpr std::int64_t long_cancel_ns = 5'000'000'000;

    Watchdog(const WorkPolicy& policy, std::function<void()> hung);
    // Before the first look: also a cancel() that does not return is named. It and its logger's pool outlive the watchdog.
    void look_after(const Canceller& canceller, Logger logger) {
        canceller_ = &canceller;
        logger_ = logger;
    }
    void add(Worker& worker, Logger logger) { seats_.push_back({&worker, logger}); }

    std::int64_t look(std::int64_t now_ns) override;

private:
    struct Seat {
        Worker* worker;
        Logger logger;
        sluice_ticket ticket = 0;   // of the call seen last
        std::int64_t since_ns = 0;  // its begin, or the first look that found it
        bool said = false;          // or left out
        bool logged = false;
        bool told_host = false;
    };
    void look_at(Seat& seat, std::int64_t now_ns);

    const WorkPolicy& policy_;
    const std::function<void()> hung_;
    std::vector<Seat> seats_;
    const Canceller* canceller_ = nullptr;
    Logger logger_;  // the pool's
    bool cancel_said_ = false;
    RateLimit long_said_{60'000'000'000};  // a handler that always takes that long is no news each time
};

}  // namespace sluice
