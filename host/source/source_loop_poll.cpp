// Of the source thread's loop: when it polls, and what it waits for when it does not.
#include <algorithm>
#include <chrono>
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
    // settlements that a source has not confirmed are asked for after this time
    100 * ns_per_ms;
constexpr std::int64_t look_again_ns = 1'000 * ns_per_ms;  // an empty queue that pools may still publish to

}  // namespace

// Named in this order. What ends or stops a source comes first: it outlasts the rest.
void SourceLoop::make_gates() {
    const auto shut_if = [this](std::string_view reason, auto holds, bool holds_replays) {
        gates_.add({.reason = reason,
                    .bound = [holds](PollAllowance& allowance) { allowance.shut_if(holds()); },
                    .holds_replays = holds_replays});
    };
    shut_if(
        "it cannot go on", [this] { return failing_.load(std::memory_order_relaxed); }, true);
    shut_if(
        "the host stops", [this] { return stopped_; }, true);
    shut_if(
        "it is at its end", [this] { return supply_ == Supply::over; }, false);
    shut_if(
        "a reload", [this] { return !pool_switch_.lets_poll(); }, true);
    gates_.add(
        {.reason = "it is unreachable",
         .bound = [this](PollAllowance& allowance) { allowance.shut_if(supply_ == Supply::open && now_ns_ < poll_again_ns_); },
         .due_ns = [this] { return poll_again_ns_; }});
    gates_.add({.reason = "it is empty, and so are those that feed it",
                .bound =
                    [this](PollAllowance& allowance) {
                        allowance.shut_if(supply_ == Supply::at_end && now_ns_ < poll_again_ns_ &&
                                          !stage_.stages->has_more(stage_.number, stage_.seen));
                    },
                .due_ns = [this] { return poll_again_ns_; }});
    gates_.add({.reason = "dead_letters.max_rate",
                .bound = [this](PollAllowance& allowance) { allowance.shut_if(dead_letter_pause_.on()); },
                .due_ns = [this] { return dead_letter_pause_.due_ns(); }});
    if (memory_)
        gates_.add({.reason = "memory_limit", .bound = [this](PollAllowance& allowance) {
                        const std::uint64_t bytes = memory_->may_poll(store_.live() + replay_.live() == 0);
                        allowance.bytes = std::min(allowance.bytes, bytes);
                        allowance.shut_if(bytes == 0);
                    }});
    gates_.add({.reason = "a queue is full",
                .bound =
                    [this](PollAllowance& allowance) {
                        const BoundedQueue::Room room = dispatcher_->room();
                        allowance.messages = std::min<std::uint64_t>(allowance.messages, room.messages);
                        allowance.bytes = std::min(allowance.bytes, room.bytes);
                    },
                .holds_replays = true});
    gates_.add({.reason = "too many messages are in flight", .bound = [this](PollAllowance& allowance) {
                    const auto bound = [&](std::uint64_t in_flight, std::uint64_t max) {
                        allowance.messages = std::min(allowance.messages, in_flight < max ? max - in_flight : 0);
                    };
                    bound(store_.live(), in_flight_max_);
                    if (source_in_flight_max_ != 0) bound(settlement_.in_flight(), source_in_flight_max_);
                }});
    shut_if(
        "it has not confirmed what it was told", [this] { return settlement_.in_flight() > limits::unconfirmed_max; }, false);
}

// All of it is looked at in the turn that follows, or the source thread would not come to rest. Room: a worker that was asked
// says so by clearing its mark, which may_push() looks at.
bool SourceLoop::has_news() const {
    const Asked asked = asked_.load(std::memory_order_seq_cst);
    return commands_.waiting() || pool_switch_.may_push(*dispatcher_) || !outcomes_.empty() || dead_letters_->has_news() ||
           asked == Asked::give_up || (!stopped_ && asked == Asked::stop) || (memory_ && memory_->has_room()) ||
           (replay_.has_posted() && gates_.lets_replays_pass()) ||
           (supply_ == Supply::at_end && stage_.stages->version() != stage_.seen_version);
}

// Before anything of the turn goes by the time, as it may take some. The intake is closed: what is pushed finds no room.
void SourceLoop::service() {
    FaultBuffer fault;
    const sluice_status status = service_.call(fault);
    now_ns_ = clock_.now();
    if (status != SLUICE_OK && !failing()) fail(fault.error(status).message);
}

// Leases are extended, and what the source has withdrawn is looked for: here what waits for a worker ends, the workers look
// among what they have.
void SourceLoop::look_after_deliveries() {
    if (const std::int64_t due = deliveries_->due_ns(); due != 0 && now_ns_ >= due) {
        FaultBuffer fault;
        const auto tags = deliveries_->to_extend(now_ns_);
        const auto lease_ms = static_cast<std::uint32_t>(deliveries_->lease_ns() / ns_per_ms);
        const sluice_status extended = tags.empty() ? SLUICE_OK : queue_->extend(tags, lease_ms, fault);
        if (extended != SLUICE_OK) {
            deliveries_->put_off(now_ns_);
            if (not_extended_said_.pass(now_ns_))
                logger_.warn("leases of {} messages could not be extended, which is tried again: {}", tags.size(),
                             fault.error(extended).message);
        }
        now_ns_ = clock_.now();
    }
    if (!deliveries_->take_news()) return;
    MessageList withdrawn;
    dispatcher_->take_withdrawn(withdrawn);
    pool_switch_.take_withdrawn(withdrawn);
    while (Message* message = withdrawn.pop_front()) {
        message->outcome = Outcome::released;
        end(message);
    }
    dispatcher_->tell_of_withdrawn();
}

// Those lanes of which nothing is here any more, and nothing that was is still to be handed to the source.
void SourceLoop::tell_emptied() {
    for (const Deliveries::Emptied& emptied : deliveries_->take_emptied()) {
        dispatcher_->lane_has_gone(emptied.lane);
        settlement_.withdraw_lane(emptied.lane);
        for (const std::uint64_t token : emptied.tokens) queue_->revoked(token);
    }
}

void SourceLoop::poll_or_rest() {
    if (memory_) memory_->publish(store_.bytes() + replay_.bytes());
    const PollAllowance allowance = gates_.ask(now_ns_);
    if (allowance.messages == 0)
        rest();
    else if (!came_empty_)
        poll(allowance, 0);
    else
        poll(allowance, queue_->can_wake() ? poll_wait_ms : poll_wait_without_wake_ms);
}

void SourceLoop::poll(const PollAllowance& allowance, std::uint32_t wait_ms) {
    const auto max = static_cast<std::uint32_t>(std::min<std::uint64_t>(allowance.messages, limits::poll_batch));
    const bool lies_down = wait_ms != 0;
    if (lies_down) {
        store_.give_back_memory();
        if (const std::int64_t due = next_due_ns(); due != 0)
            wait_ms = static_cast<std::uint32_t>(std::min<std::int64_t>(wait_ms, (due - now_ns_) / ns_per_ms + 1));
        bell_.lie_down_in_adapter();  // Doorbell (S1)
        if (has_news()) wait_ms = 0;  // (S2)
    }
    if (stage_.stages != nullptr) stage_.seen = stage_.stages->begin_poll(stage_.number);
    supply_ = Supply::open;
    unconfirmed_since_ns_ = 0;
    intake_.open(max, allowance.bytes, now_ns_);
    FaultBuffer fault;
    // In the ABI a bound of 0 is none.
    const sluice_poll asked{sizeof(sluice_poll), max, std::max<std::uint64_t>(allowance.bytes, 1), wait_ms, 0};
    const sluice_status status = queue_->poll(asked, fault);
    if (lies_down) bell_.rise();
    MessageList polled = intake_.close();
    came_empty_ = polled.empty();
    if (!came_empty_) {
        if (wait_ms != 0) {  // received after the wait, not before
            now_ns_ = clock_.now();
            for (Message* message = polled.first(); message != nullptr; message = message->next) message->received_ns = now_ns_;
        }
        settlement_.ages().received(now_ns_, polled.size());
        if (!known_dead_.empty()) end_known_dead(polled);
        MessageList ended;
        dispatcher_->all_went_back(settlement_.all_went_back());
        dispatcher_->dispatch(polled, now_ns_, ended);
        end(ended);
    }
    poll_answered(status, fault);
}

void SourceLoop::poll_answered(sluice_status status, const FaultBuffer& fault) {
    if (status == SLUICE_OK || status == SLUICE_END) {
        if (poll_failures_ != 0) {
            logger_.info("responds again after {:.1f} s", static_cast<double>(clock_.now() - away_since_ns()) / 1e9);
            away_since_ns_.store(0, std::memory_order_relaxed);
        }
        poll_failures_ = 0;
        if (status == SLUICE_END) {
            const bool is_fed = stage_.stages != nullptr && stage_.stages->is_fed(stage_.number);
            supply_ = is_fed ? Supply::at_end : Supply::over;
        }
        // Others than pools may put something there too.
        poll_again_ns_ = supply_ == Supply::at_end ? clock_.now() + look_again_ns : 0;
    } else if (status == SLUICE_FAILED || status == SLUICE_CORRUPT || status == SLUICE_INVALID || status == SLUICE_CONTRACT ||
               status == SLUICE_UNSUPPORTED) {
        fail(fault.error(status).message);
    } else {
        const std::int64_t wait = std::min(poll_retry_first_ns << std::min(poll_failures_, 10u), poll_retry_max_ns);
        poll_again_ns_ = clock_.now() + wait;
        if (poll_failures_++ == 0) {
            away_since_ns_.store(clock_.now(), std::memory_order_relaxed);
            logger_.warn("the source is unreachable and is tried again: {}", fault.error(status).message);
        }
    }
}

// When something is to be done that nobody rings for; 0 = nothing is. What is in the past waits for something else.
std::int64_t SourceLoop::next_due_ns() const {
    std::int64_t next = 0;
    const auto at = [&](std::int64_t due_ns) {
        if (due_ns > now_ns_ && (next == 0 || due_ns < next)) next = due_ns;
    };
    if (pool_switch_.lets_push()) at(dispatcher_->due_ns());
    at(gates_.due_ns());
    at(dead_letters_->due_ns());
    at(settlement_.retry_at_ns());
    if (deliveries_) at(deliveries_->due_ns());
    if (unconfirmed_since_ns_ != 0) at(unconfirmed_since_ns_ + confirm_after_ns);
    // The one that does not wait for something else, should it be due by now already.
    if (service_.due_ns() != ServiceCalls::never) at(std::max(service_.due_ns(), now_ns_ + 1));
    return next;
}

// Until an outcome, a stored dead letter, room or a command comes; or a time that something is due.
void SourceLoop::rest() {
    store_.give_back_memory();
    if (!settlement_.unconfirmed())
        unconfirmed_since_ns_ = 0;
    else if (unconfirmed_since_ns_ == 0)
        unconfirmed_since_ns_ = now_ns_;
    const bool for_room =
        !dispatcher_->may_poll() && supply_ != Supply::over && !stopped_ && !pool_switch_.is_on();  // outcomes do not make any
    bell_.lie_down(for_room);                                                                       // Doorbell (S1)
    if (!has_news()) {                                                                              // (S2)
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
