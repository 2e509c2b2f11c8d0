// Of the source thread's loop: when it polls, and what it waits for when it does not.
#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "core/clock.hpp"
#include "source/source_loop.hpp"

namespace sluice {
namespace {

constexpr std::int64_t poll_retry_first_ns = 100 * ns_per_ms;
constexpr std::int64_t poll_retry_max_ns = 5'000 * ns_per_ms;
constexpr std::uint32_t poll_wait_ms = 1'000;            // an adapter that can be woken
constexpr std::uint32_t poll_wait_without_wake_ms = 10;  // one that cannot
constexpr std::int64_t confirm_after_ns =
    100 * ns_per_ms;                                       // settlements that a source has not confirmed are asked for after this time
constexpr std::int64_t look_again_ns = 1'000 * ns_per_ms;  // an empty queue that pools may still publish to

}  // namespace

bool SourceLoop::may_poll() {
    poll_bytes_ = memory_ ? memory_->may_poll(store_.live() + replay_.live() == 0) : std::numeric_limits<std::uint64_t>::max();
    if (poll_bytes_ == 0 || ended_ || stopped_ || hold_ || !kept_.empty() || failing_.load(std::memory_order_relaxed))
        return false;
    if (!dispatcher_->may_poll() || dead_letter_pause_.on()) return false;
    if (now_ns_ < poll_again_ns_ && !(at_end_ && stage_.stages->has_more(stage_.number, stage_.seen))) return false;
    if (store_.live() >= in_flight_max_ || settlement_.in_flight() > limits::unconfirmed_max) return false;
    const BoundedQueue::Room room = dispatcher_->room();
    poll_max_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(room.messages, in_flight_max_ - store_.live()));
    poll_bytes_ = std::min(poll_bytes_, room.bytes);
    return true;
}

// As if polled.
bool SourceLoop::may_replay() const {
    return replay_.has_posted() && !stopped_ && !hold_ && kept_.empty() && !failing_.load(std::memory_order_relaxed) &&
           dispatcher_->may_poll();
}

// All of it is looked at in the turn that follows, or the source thread would not come to rest. Room: a worker that was asked says so by
// clearing its mark, which may_push() looks at.
bool SourceLoop::has_news() const {
    const bool pushes = hold_ != SourceOrders::Hold::keep;
    return orders_.waiting() || (pushes && dispatcher_->may_push()) || (pushes && !kept_.empty() && dispatcher_->may_poll()) ||
           !outcomes_.empty() || dead_letters_->has_news() || give_up_.load(std::memory_order_seq_cst) ||
           (!stopped_ && stop_.load(std::memory_order_seq_cst) != StopMode::none) || questions_.any() ||
           (memory_ && memory_->has_room()) || may_replay() || (at_end_ && stage_.stages->version() != stage_.seen_version);
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
        store_.give_back_memory();
        if (const std::int64_t due = next_due_ns(); due != 0)
            wait_ms = static_cast<std::uint32_t>(std::min<std::int64_t>(wait_ms, (due - now_ns_) / ns_per_ms + 1));
        bell_.lie_down_in_adapter();  // Doorbell (S1)
        if (has_news()) wait_ms = 0;  // (S2)
    }
    if (stage_.stages != nullptr) stage_.seen = stage_.stages->begin_poll(stage_.number);
    at_end_ = false;
    unconfirmed_since_ns_ = 0;
    intake_.open(poll_max_, poll_bytes_, now_ns_);
    FaultBuffer fault;
    const sluice_status status = fenced_status(
        {queue_.part(), "poll"}, fault, [&] { return queue_.table().poll(queue_.self(), poll_max_, wait_ms, fault.get()); });
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
        end(ended);
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
        at_end_ = status == SLUICE_END && stage_.stages != nullptr && stage_.stages->is_fed(stage_.number);
        ended_ = status == SLUICE_END && !at_end_;
        if (at_end_) poll_again_ns_ = clock_.now() + look_again_ns;  // others than pools may put something there too
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

// When something is to be done that nobody rings for; 0 = nothing is. What is in the past waits for something else.
std::int64_t SourceLoop::next_due_ns() const {
    std::int64_t next = 0;
    const auto at = [&](std::int64_t due_ns) {
        if (due_ns > now_ns_ && (next == 0 || due_ns < next)) next = due_ns;
    };
    if (hold_ != SourceOrders::Hold::keep) at(dispatcher_->due_ns());
    at(dead_letter_pause_.due_ns());
    at(dead_letters_->due_ns());
    at(settlement_.retry_at_ns());
    if (!ended_ && !stopped_) at(poll_again_ns_);
    if (unconfirmed_since_ns_ != 0) at(unconfirmed_since_ns_ + confirm_after_ns);
    return next;
}

// Until an outcome, a stored dead letter, room or a command comes; or a time that something is due.
void SourceLoop::rest() {
    store_.give_back_memory();
    if (!settlement_.unconfirmed())
        unconfirmed_since_ns_ = 0;
    else if (unconfirmed_since_ns_ == 0)
        unconfirmed_since_ns_ = now_ns_;
    const bool for_room = !dispatcher_->may_poll() && !ended_ && !stopped_ && !hold_;  // outcomes do not make any
    bell_.lie_down(for_room);                                                          // Doorbell (S1)
    if (!has_news()) {                                                                 // (S2)
        const std::int64_t due = next_due_ns();
        bell_.wait(std::chrono::nanoseconds(due == 0 ? 1'000 * ns_per_ms : std::min(due - now_ns_, 1'000 * ns_per_ms)));
    }
    bell_.rise();
    confirm_late();
}

// A source that confirms only when it is called would wait for us as we wait for it.
void SourceLoop::confirm_late() {
    if (unconfirmed_since_ns_ == 0 || clock_.now() - unconfirmed_since_ns_ < confirm_after_ns) return;
    unconfirmed_since_ns_ = 0;
    if (auto flushed = settlement_.flush(); !flushed) logger_.warn("{}", flushed.error().message);
}

}  // namespace sluice
