// Of the source thread's loop: when it polls, and what it waits for when it does not.
#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "source/source_loop.hpp"

namespace sluice {
namespace {

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t poll_retry_first_ns = 100 * ms;
constexpr std::int64_t poll_retry_max_ns = 5'000 * ms;
constexpr std::uint32_t poll_wait_ms = 1'000;            // an adapter that can be woken
constexpr std::uint32_t poll_wait_without_wake_ms = 10;  // one that cannot
constexpr std::int64_t confirm_after_ns = 100 * ms;      // settlements a source confirms late are asked for after this rest

}  // namespace

bool SourceLoop::may_poll() {
    poll_bytes_ = memory_ ? memory_->may_poll(store_.live() + replay_.live() == 0) : std::numeric_limits<std::uint64_t>::max();
    return poll_bytes_ != 0 && !ended_ && !stopped_ && !hold_ && kept_.empty() && !failing_.load(std::memory_order_relaxed) && dispatcher_->may_poll() && now_ns_ >= poll_again_ns_ &&
           !dead_letter_pause_.on(now_ns_) && store_.live() + limits::poll_batch <= in_flight_max_ && settlement_.in_flight() <= limits::unconfirmed_max;
}

// Room: a worker that was asked says so by clearing its mark, which may_push() looks at.
bool SourceLoop::has_news() const {
    return orders_.waiting() || (hold_ != SourceOrders::Hold::keep && dispatcher_->waiting() != 0 && dispatcher_->may_push()) ||
           (hold_ != SourceOrders::Hold::keep && !kept_.empty() && dispatcher_->may_poll()) || !outcomes_.empty() || dead_letters_->has_news() || give_up_.load(std::memory_order_seq_cst) ||
           (!stopped_ && stop_.load(std::memory_order_seq_cst) != StopMode::none) ||
           questions_.any() || (memory_ && memory_->has_room()) || (replay_.has_posted() && !stopped_ && !hold_ && kept_.empty() && dispatcher_->may_poll());
}

void SourceLoop::poll_or_rest() {
    if (memory_) memory_->publish(store_.bytes() + replay_.bytes());
    if (!may_poll())
        rest();
    else if (!came_empty_)
        poll(0);
    else
        poll(queue_.table().wake != nullptr ? poll_wait_ms : poll_wait_without_wake_ms);
}

void SourceLoop::poll(std::uint32_t wait_ms) {
    const bool lies_down = wait_ms != 0;
    if (lies_down) {
        if (settlement_.retry_at_ns() > now_ns_) wait_ms = std::min<std::uint32_t>(wait_ms, 50);
        bell_.lie_down_in_adapter();  // Doorbell (S1)
        if (has_news()) wait_ms = 0;  // (S2)
    }
    intake_.open(limits::poll_batch, poll_bytes_, now_ns_);
    FaultBuffer fault;
    const sluice_status status = fenced_status(
        {queue_.part(), "poll"}, fault, [&] { return queue_.table().poll(queue_.self(), limits::poll_batch, wait_ms, fault.get()); });
    if (lies_down) bell_.rise();
    MessageList polled = intake_.close();
    came_empty_ = polled.empty();
    if (!came_empty_) {
        if (wait_ms != 0) {  // received after the wait, not before
            now_ns_ = clock_.now();
            for (Message* message = polled.first(); message != nullptr; message = message->next) message->received_ns = now_ns_;
        }
        if (!known_dead_.empty()) end_known_dead(polled);
        MessageList ended;
        dispatcher_->dispatch(polled, now_ns_, ended);
        store_or_settle(ended);
    }
    poll_answered(status, fault);
}

void SourceLoop::poll_answered(sluice_status status, const FaultBuffer& fault) {
    if (status == SLUICE_OK || status == SLUICE_END) {
        if (poll_failures_ != 0) {
            logger_.info("is back after {:.1f} s", static_cast<double>(clock_.now() - away_since_ns()) / 1e9);
            away_since_ns_.store(0, std::memory_order_relaxed);
        }
        poll_failures_ = 0;
        ended_ = status == SLUICE_END;
    } else if (status == SLUICE_FAILED || status == SLUICE_CORRUPT || status == SLUICE_INVALID || status == SLUICE_CONTRACT ||
               status == SLUICE_UNSUPPORTED) {
        fail(fault.error(status).message);
    } else {
        const std::int64_t wait = std::min(poll_retry_first_ns << std::min(poll_failures_, 10u), poll_retry_max_ns);
        poll_again_ns_ = clock_.now() + wait;
        if (poll_failures_++ == 0) {
            away_since_ns_.store(clock_.now(), std::memory_order_relaxed);
            logger_.warn("the source is away and is tried again: {}", fault.error(status).message);
        }
    }
}

// Until an outcome, a stored dead letter, room or a command comes; or a time that something is due.
void SourceLoop::rest() {
    const bool for_room = !dispatcher_->may_poll() && !ended_ && !stopped_ && !hold_;  // outcomes do not make any
    bell_.lie_down(for_room);  // Doorbell (S1)
    if (!has_news()) {    // (S2)
        std::int64_t wait = 1'000 * ms;
        for (const std::int64_t due : {dispatcher_->due_ns(), dead_letter_pause_.until_ns()})
            if (due != 0) wait = std::min(wait, std::max<std::int64_t>(due - now_ns_, 0));
        if (settlement_.retry_at_ns() > now_ns_) wait = std::min(wait, settlement_.retry_at_ns() - now_ns_);
        if (poll_again_ns_ > now_ns_ && !ended_ && !stopped_) wait = std::min(wait, poll_again_ns_ - now_ns_);
        if (settlement_.unconfirmed()) wait = std::min(wait, confirm_after_ns);
        bell_.wait(std::chrono::nanoseconds(wait));
    }
    bell_.rise();
    // A source that confirms only when it is called would wait for us as we wait for it.
    if (settlement_.unconfirmed() && clock_.now() - now_ns_ >= confirm_after_ns)
        if (auto flushed = settlement_.flush(); !flushed) logger_.warn("{}", flushed.error().message);
}

}  // namespace sluice
