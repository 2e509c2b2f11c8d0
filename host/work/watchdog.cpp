#include "work/watchdog.hpp"

#include <algorithm>
#include <utility>

#include "core/clock.hpp"
#include "unit/canceller.hpp"
#include "work/worker.hpp"

namespace sluice {
namespace {}  // namespace

Watchdog::Watchdog(const WorkPolicy& policy, std::function<void()> hung) : policy_(policy), hung_(std::move(hung)) {}

// Ten looks a timeout: it is noticed at most a tenth late.
std::int64_t Watchdog::look(std::int64_t now_ns) {
    for (Seat& seat : seats_) look_at(seat, now_ns);
    const bool blocks = canceller_ != nullptr && canceller_->busy_ns() >= long_cancel_ns;
    if (blocks && !std::exchange(cancel_said_, true))
        logger_.warn(
            "the handler's cancel() has been running for {} ms; it must return at once: until it does, no other call of this "
            "pool is "
            "told that its time is over",
            canceller_->busy_ns() / ns_per_ms);
    cancel_said_ = blocks;
    return policy_.timeout_ms == 0 ? 1'000 * ns_per_ms
                                   : std::clamp(policy_.timeout_ms * ns_per_ms / 10, ns_per_ms, 1'000 * ns_per_ms);
}

void Watchdog::look_at(Seat& seat, std::int64_t now_ns) {
    HandlerHost& handler = seat.worker->handler();
    const HandlerHost::Call call = handler.call();
    if (call.ticket != seat.ticket) {
        if (seat.logged)
            seat.logger.info("the call that took so long has ended, after about {} ms", (now_ns - seat.since_ns) / ns_per_ms);
        seat = {seat.worker, seat.logger, call.ticket,
                call.deadline_ns == 0 ? now_ns : call.deadline_ns - policy_.timeout_ms * ns_per_ms};
    }
    if (seat.ticket == 0) return;
    const std::int64_t age = now_ns - seat.since_ns;
    const std::int64_t limit = policy_.timeout_ms == 0 ? long_call_ns : policy_.timeout_ms * ns_per_ms;
    if (age < limit) return;
    if (!seat.said) {
        const std::string what = seat.worker->describe_current();
        if (what.empty()) return;  // it has just ended
        seat.said = true;
        if (policy_.timeout_ms == 0) {
            const auto left_out = long_said_.pass(now_ns);
            seat.logged = left_out.has_value();
            if (left_out)
                seat.logger.warn(
                    "the handler has been running for {} ms with {}; other workers go on. Give pools.NAME.handler a timeout to "
                    "bound "
                    "this{}",
                    age / ns_per_ms, what, and_more(*left_out));
        } else {
            seat.logged = true;
            seat.logger.warn(
                "the handler has been running for {} ms with {}, longer than its timeout of {} ms: it is asked to give up",
                age / ns_per_ms, what, policy_.timeout_ms);
            handler.cancel_ticket(seat.ticket);
        }
    }
    if (policy_.exit_on_hang && policy_.timeout_ms != 0 && age >= 2 * limit && !std::exchange(seat.told_host, true)) hung_();
}

}  // namespace sluice
