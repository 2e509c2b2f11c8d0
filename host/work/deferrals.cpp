#include "work/deferrals.hpp"

#include <utility>

namespace sluice {

std::int64_t Deferrals::next_due_ns() const {
    return deferred_.empty() || !handler_.may_end_deferred() ? 0 : deferred_.next_due_ns();
}

void Deferrals::unit_ended(Unit& unit, std::uint32_t index, bool runs_again, std::int64_t now_ns) {
    Message* message = unit.messages[index];
    const sluice_ticket ticket = unit.ticket(index);
    cookies_.erase(message);
    if (!runs_again) {
        deferred_.arm(ticket);
        return;
    }
    deferred_.forget(ticket);
    handler_.cancel_ticket(ticket);
    message->deferred = false;
    backlog_.let_followers_go(*message, now_ns);
}

void Deferrals::take_ends(std::int64_t now_ns) {
    if (deferred_.empty()) return;
    if (handler_.may_end_deferred()) expire(now_ns);  // else somebody may still read them, until the handler ends them
    Deferred::End ended;
    while (deferred_.take(ended)) end(ended, now_ns);
}

void Deferrals::expire(std::int64_t now_ns) {
    const Deferred::Overdue overdue = deferred_.expire(now_ns, handler_.is_cancelled(), handler_.can_cancel());
    for (const sluice_ticket ticket : overdue.asked) handler_.cancel_ticket(ticket);
    if (overdue.asked.size() + overdue.given_up == 0 || handler_.is_cancelled()) return;
    if (const auto left_out = notices_.pass(PoolNotices::About::overdue, clock_.now()))
        logger_.warn("deferred messages were not ended in time: {} to be tried again, {} that the handler is asked to end{}",
                     overdue.given_up, overdue.asked.size(), PoolNotices::more(*left_out));
}

void Deferrals::end(Deferred::End& end, std::int64_t now_ns) {
    Message* message = end.message;
    message->deferred = false;
    if (message->is_lost()) {
        message->outcome = Outcome::lost_lease;
        backlog_.let_followers_go(*message, now_ns);
        return reports_.ended(message);
    }
    std::int64_t due = 0;
    switch (end.verdict) {
        case SLUICE_DONE:
            message->outcome = Outcome::acked;
            counters_.done.add();
            break;
        case SLUICE_SKIP:
            message->outcome = Outcome::skipped;
            counters_.skipped.add();
            break;
        case SLUICE_REJECT: Retries::give_up(message, std::move(end.text)); break;
        case SLUICE_RETRY:
            // Being told to give up for the host's sake does not count as an attempt.
            due = handler_.is_cancelled() ? now_ns
                  : end.outage            ? retries_.after_outage_ns(message, end.delay_ms, std::move(end.text))
                                          : retries_.after_failure_ns(message, end.delay_ms, std::move(end.text));
            break;
        default:
            message->resuming = true;
            cookies_[message] = end.cookie;
            backlog_.resume(message);
            return;
    }
    if (due != 0) {
        backlog_.try_deferred_again(message, due);
        return;
    }
    counters_.rejected.add(message->outcome == Outcome::dead_letter);
    backlog_.let_followers_go(*message, now_ns);
    reports_.ended(message);
}

}  // namespace sluice
