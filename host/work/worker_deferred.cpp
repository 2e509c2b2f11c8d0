// What a worker does with messages that its handler has deferred.
#include <utility>

#include "work/worker.hpp"

namespace sluice {

// A deferral holds once the unit it was made in has ended well: then all that is older of its key has ended too. False then,
// and it is not in the unit any more. If the unit failed, the message runs again with the others and its ticket is good for
// nothing.
bool Worker::unfinished(Unit& unit, std::uint32_t index, bool whole) {
    Message* message = unit.messages[index];
    const sluice_ticket ticket = unit.ticket(index);
    cookies_.erase(message);
    if (!whole) {
        handler_.deferred().arm(ticket);
        return false;
    }
    handler_.deferred().forget(ticket);
    handler_.cancel_ticket(ticket);
    message->deferred = false;
    backlog_.let_followers_go(*message, now_ns_);
    return true;
}

void Worker::forget_cookie(Message* message) {
    message->resuming = false;
    cookies_.erase(message);
}

void Worker::end_deferred() {
    Deferred& deferred = handler_.deferred();
    if (deferred.empty()) return;
    // else somebody may still read them: their time is over when the handler says so
    const bool may_end = handler_.may_end_deferred();
    const auto overdue =
        may_end ? deferred.expire(now_ns_, handler_.is_cancelled(), handler_.can_cancel()) : Deferred::Overdue{};
    for (const sluice_ticket ticket : overdue.asked) handler_.cancel_ticket(ticket);
    if (overdue.asked.size() + overdue.given_up != 0 && !handler_.is_cancelled())
        if (const auto left_out = notices_.pass(PoolNotices::About::overdue, clock_.now()))
            logger_.warn(
                "deferred messages were not ended in time: {} to be tried again, {} that the handler is asked to end{}",
                overdue.given_up, overdue.asked.size(), PoolNotices::more(*left_out));
    Deferred::End end;
    while (deferred.take(end)) end_one(end);
}

void Worker::end_one(Deferred::End& end) {
    Message* message = end.message;
    message->deferred = false;
    if (message->is_lost()) {
        backlog_.let_followers_go(*message, now_ns_);
        return release_withdrawn(message);
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
        case SLUICE_REJECT: give_up(message, std::move(end.text)); break;
        case SLUICE_RETRY:
            // Being told to give up for the host's sake does not count as an attempt.
            due = handler_.is_cancelled() ? now_ns_
                  : end.outage            ? after_outage_ns(message, end.delay_ms, std::move(end.text))
                                          : next_try_ns(message, end.delay_ms, std::move(end.text));
            break;
        default:
            message->resuming = true;
            cookies_[message] = end.cookie;
            backlog_.resume(message);
            return;
    }
    if (due != 0) {
        if (message->is_withdrawn()) look_again_for_withdrawn();
        backlog_.try_deferred_again(message, due);
        return;
    }
    counters_.rejected.add(message->outcome == Outcome::dead_letter);
    backlog_.let_followers_go(*message, now_ns_);
    finished(message);
}

}  // namespace sluice
