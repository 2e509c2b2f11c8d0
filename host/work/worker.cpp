#include "work/worker.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "core/bytes.hpp"
#include "core/clock.hpp"
#include "plugin/fault.hpp"
#include "work/rerun.hpp"

namespace sluice {
namespace {

constexpr std::int64_t crowded_ns = 100 * ns_per_ms;  // until a message that could not be deferred is tried again

}  // namespace

Worker::Worker(std::uint32_t index, const WorkPolicy& policy, PoolNotices& notices, HandlerHost& handler, Commits& commits,
               Executor& executor, Watch& watch, const Clock& clock, ReturnPath return_path, Logger logger, std::uint64_t seed)
    : index_(index),
      policy_(policy),
      notices_(notices),
      handler_(handler),
      session_(handler.session()),
      commits_(commits),
      executor_(executor),
      watch_(watch),
      clock_(clock),
      logger_(logger),
      backlog_(policy),
      reports_(return_path),
      retries_(policy, notices, counters_, reports_, clock, logger, seed),
      deferrals_(handler, backlog_, retries_, reports_, notices, counters_, clock, logger),
      recovery_(
          session_.connections(), [this] { poke(); }, policy, notices, clock, logger),
      questions_(backlog_, commits, recovery_, handler, under_way_),
      giving_back_(backlog_, deferrals_, reports_, commits, handler, under_way_.lock),
      withdrawal_(backlog_, deferrals_, reports_, handler, session_, under_way_),
      together_(backlog_, withdrawal_, handler, under_way_, notices, counters_, clock, logger) {
    handler.set_timeout(policy.timeout_ms * ns_per_ms);
    handler.deferred().on_news([this] { poke(); });
}

void Worker::poke() {
    poked_.store(true, std::memory_order_seq_cst);  // before the look at the worker's mark in schedule()
    executor_.schedule(*this);
}

void Worker::stop(StopMode mode) {
    giving_back_.stop(mode);
    poke();
}

void Worker::ask_back() {
    giving_back_.ask();
    poke();
}

bool Worker::keep_on() {
    if (!giving_back_.keep_on()) return false;
    poke();
    return true;
}

bool Worker::has_news() const {
    return poked_.load(std::memory_order_seq_cst) || commits_.has_news() ||
           (takes_.load(std::memory_order_relaxed) && !queue().empty());
}

// A unit that runs has its time in unit_since_ns until that is 0, and in busy_ns from then on; in between, for a moment, in
// neither. Its begin being the same before and after the counters were read, they are those of before its end.
WorkerCounts Worker::counts() const {
    // Acquire keeps the reads in order, as those of the counters do.
    const std::int64_t since = under_way_.unit_since_ns.load(std::memory_order_acquire);
    WorkerCounts counts = counters_.read();
    if (since != 0 && running_since_ns() == since)
        counts.busy_ns += static_cast<std::uint64_t>(std::max<std::int64_t>(clock_.now() - since, 0));
    return counts;
}

Worker::Next Worker::run() {
    poked_.store(false, std::memory_order_seq_cst);
    now_ns_ = clock_.now();
    withdrawal_.begin_turn();
    commits_.collect(session_);
    finish_units();
    deferrals_.take_ends(now_ns_);
    const bool gives_back = is_to_give_back();
    if (gives_back ? may_finish_resumed() : may_begin() && may_pass())
        begin(gives_back);
    else if (gives_back && giving_back_.release_all())
        recovery_.end_pause();
    if (questions_.waiting()) questions_.answer(now_ns_);
    tell_room();
    reports_.send();
    giving_back_.end_turn();
    return rest();
}

// ---- take ------------------------------------------------------------------------------------------------------------------

bool Worker::may_begin() const {
    if (is_to_give_back()) return commits_.empty();  // to release, see there
    // (3)
    return commits_.has_free_unit() && !recovery_.pauses(now_ns_) &&
           ((!backlog_.runs_again() && !recovery_.is_to_restart()) || commits_.empty());
}

// What was deferred and goes on has begun, and is finished. But not if its effects cannot be made now: nobody can say how long
// the stop would wait, and it comes again like everything else whose unit of work failed.
bool Worker::may_finish_resumed() {
    return backlog_.has_resumed() && commits_.empty() && !recovery_.pauses(now_ns_) && may_pass();
}

bool Worker::may_pass() {
    if (!recovery_.gate().shut()) return true;
    if (!backlog_.has_work(now_ns_) || !recovery_.gate().pass()) return false;
    now_ns_ = clock_.now();  // asking may have taken long
    return true;
}

void Worker::begin(bool gives_back) {
    if (recovery_.take_restart()) session_.restart();
    if (recovery_.undecided())
        if (Message* to_blame = recovery_.judge(backlog_)) blame(to_blame);
    if (session_.deduplicates()) pass_on_confirmed();
    MessageList batch, refused;
    const bool runs_again = backlog_.collect(now_ns_, batch, refused, gives_back);
    while (Message* message = refused.pop_front()) {
        Retries::give_up(message, "its key waits for a retry and has as many messages waiting as park_limit allows");
        reports_.ended(message);
    }
    if (batch.empty()) return;
    tell_room();  // the handler may take long, and the queue would be empty after it
    process(batch, runs_again);
}

// What the source has confirmed need not be remembered message by message.
void Worker::pass_on_confirmed() {
    const Confirmed& confirmed = reports_.return_path().confirmed;
    if (confirmed.changes() == confirmed_seen_) return;
    const Confirmed::Position position = confirmed.read();
    confirmed_seen_ = position.changes;
    session_.confirmed_below(position.source, position.stream, position.below);
}

void Worker::tell_room() {
    if (!source_waits_.load(std::memory_order_seq_cst) || !queue().half_empty()) return;
    source_waits_.store(false, std::memory_order_seq_cst);
    reports_.return_path().event_count.notify();
}

// What comes next, and what will wake the worker if that is nothing.
Worker::Next Worker::rest() {
    bool begins = may_begin();
    const bool has_work = backlog_.has_work(now_ns_);
    if (begins && recovery_.gate().shut() && !is_to_give_back() && has_work) {
        const std::int64_t until = recovery_.gate().wait();
        begins = until == 0;
        if (until != 0 && until != INT64_MAX) watch_.set(*this, until);
    }
    takes_.store(begins && backlog_.takes_new(), std::memory_order_relaxed);  // ordered before the executor's mark
    if ((begins && has_work) || backlog_.keeps_withdrawn()) return Next::again;
    if (const std::int64_t over = deferrals_.next_due_ns(); over != 0) watch_.set(*this, over);
    const std::int64_t due = backlog_.parking().next_due_ns();
    if (recovery_.pauses(now_ns_))
        watch_.set(*this, recovery_.again_at_ns());
    else if (due > now_ns_)  // what is due already waits for a unit to come back, and that wakes us
        watch_.set(*this, due);
    return commits_.empty() ? Next::idle : Next::awaiting;
}

// ---- handle ----------------------------------------------------------------------------------------------------------------

void Worker::process(MessageList& batch, bool runs_again) {
    Unit& unit = commits_.begin();
    unit.messages.reserve(batch.size());
    unit.keeps_order = policy_.keep_order;
    closes_ns_ = now_ns_ + policy_.batch_time_ms * ns_per_ms;
    under_way_.unit_since_ns.store(now_ns_, std::memory_order_relaxed);
    under_way_.lock.release();
    while (Message* message = batch.pop_front()) {
        if (has_had_its_time(unit) || (giving_back_.is_to_finish_current() && !message->resuming)) {
            batch.push_front(message);
            break;
        }
        if (backlog_.follows_failed(message)) continue;
        if (withdrawal_.takes(message)) continue;
        if (together_.may_take(*message) && !batch.empty()) {
            if (!handle_together(unit, message, batch)) break;
            continue;
        }
        if (!handle(unit, message)) {
            batch.push_front(message);
            break;
        }
    }
    under_way_.lock.reacquire();
    under_way_.unit_since_ns.store(0, std::memory_order_relaxed);  // before busy_ns, see counts()
    backlog_.let_followers_of_ended_go(now_ns_);
    runs_again |= recovery_.undecided();  // a message that lost its database is looked for among what runs again
    backlog_.put_back(batch, runs_again, now_ns_);
    counters_.units.add();
    const std::int64_t ended = clock_.now();
    counters_.busy_ns.add(static_cast<std::uint64_t>(ended - now_ns_));
    now_ns_ = ended;

    backlog_.park_failed(runs_again);
    withdrawal_.end_unit(unit);
    commits_.submit(unit, session_);
    finish_units();
}

// False: a dependency is unreachable; the message has left the unit, and it and all after it wait.
bool Worker::handle(Unit& unit, Message* message) {
    const auto index = static_cast<std::uint32_t>(unit.messages.size());
    unit.messages.push_back(message);
    counters_.handled.add();
    if (message->suspect && is_poison(message)) return true;
    if (session_.may_know(*message)) {
        const Session::Known known = session_.look_up(unit, index);
        if (known == Session::Known::yes) {
            if (message->resuming) backlog_.ended(message);
            return true;
        }
        if (known == Session::Known::not_known) return judge(unit, index, {.unavailable = true});
    }
    message->handled = true;
    under_way_.message.store(message, std::memory_order_release);
    const bool done =
        message->resuming ? handler_.handle_resumed(unit, index, deferrals_.cookie(message)) : handler_.handle(unit, index);
    under_way_.message.store(nullptr, std::memory_order_release);
    if (!done) return judge(unit, index, handler_.said());
    message->outcome = Outcome::acked;
    if (message->resuming) backlog_.ended(message);
    return true;
}

// As handle(), with what of the batch may share its call. What the handler does not decide together it decides one by one: the
// first of it at once, so that it gets on whatever a call takes, and the rest if there is time; else it comes again.
bool Worker::handle_together(Unit& unit, Message* message, MessageList& batch) {
    if (unit.is_queried || unit.messages.size() >= limits::batch_max)  // the latter: many were tried again in it
        return batch.push_front(message), false;
    const Together::Call call = together_.handle(unit, message, batch);
    if (call.not_now) recovery_.pause(true, together_.why_not_now(), unit.messages.size() == 1);
    MessageList undecided;
    bool goes_on = !call.not_now;
    for (std::uint32_t i = 0; i < call.said.size(); ++i) {
        const std::uint32_t index = call.first + i;
        Message* each = unit.messages[index];
        if (call.said[i].verdict == SLUICE_DONE) {
            each->outcome = Outcome::acked;
        } else if (call.said[i].alone || (call.said[i].unavailable && !goes_on)) {
            session_.drop(unit, index, true);
            unit.messages[index] = nullptr;
            undecided.push_back(each);
        } else if (!judge(unit, index, call.said[i])) {
            undecided.push_back(each);
            goes_on = false;
        }
    }
    for (bool is_first = true; goes_on && !undecided.empty(); is_first = false) {
        if (giving_back_.is_to_finish_current() || (!is_first && has_had_its_time(unit))) break;
        Message* each = undecided.pop_front();
        if (withdrawal_.takes(each) || handle(unit, each)) continue;
        undecided.push_front(each);
        goes_on = false;
    }
    batch.splice_front(undecided);
    return goes_on;
}

bool Worker::is_poison(Message* message) {
    const std::uint32_t crashes = handler_.crashes(*message);
    if (crashes < policy_.crash_attempts) return false;
    Retries::give_up(message, "the process has ended " + std::to_string(crashes) +
                                  " times inside its handler, and crash_attempts allows no further try");
    return true;
}

// ---- verdict ---------------------------------------------------------------------------------------------------------------

// Any but done. False: as handle().
bool Worker::judge(Unit& unit, std::uint32_t index, const HandlerHost::Said& said) {
    Message* message = unit.messages[index];
    if (message->is_lost() && said.verdict != SLUICE_DEFER) {
        withdrawal_.drop(unit, index);
        if (message->resuming) backlog_.ended(message);
        return true;
    }
    if (said.misbehaved) {
        counters_.misbehaved.add();
        if (const auto left_out = notices_.pass(PoolNotices::About::misbehaviour, clock_.now()))
            logger_.warn("the handler broke a rule at message {}: {}{}", PoolNotices::id_of(*message), session_.fault().text(),
                         PoolNotices::more(*left_out));
    }
    session_.drop(unit, index, said.verdict != SLUICE_SKIP);
    if (said.verdict == SLUICE_SKIP) {
        message->outcome = Outcome::skipped;
        if (message->resuming) backlog_.ended(message);
    } else if (said.verdict == SLUICE_REJECT) {
        Retries::give_up(message, session_.fault().text());
        if (message->resuming) backlog_.ended(message);
    } else if (said.verdict == SLUICE_DEFER) {
        message->deferred = true;
        message->resuming = false;
        backlog_.deferred(message);
    } else if (said.unavailable) {
        message->outcome = Outcome::none;
        unit.messages[index] = nullptr;
        recovery_.pause(true, session_.fault().text(), index == 0);
        return false;
    } else {
        retry(unit, index, said);
    }
    return true;
}

void Worker::retry(Unit& unit, std::uint32_t index, const HandlerHost::Said& said) {
    Message* message = unit.messages[index];
    std::int64_t due = 0;
    if (said.crowded) {
        if (const auto left_out = notices_.pass(PoolNotices::About::too_many_deferred, clock_.now()))
            logger_.warn(
                "{} messages are deferred already: message {} is tried again later, which does not count as an attempt{}",
                handler_.deferred().size(), PoolNotices::id_of(*message), PoolNotices::more(*left_out));
        due = clock_.now() + crowded_ns;
    } else if (said.outage) {
        due = retries_.after_outage_ns(message, said.delay_ms, session_.fault().text());
    } else {
        due = retries_.after_failure_ns(message, said.delay_ms, session_.fault().text());
    }
    if (due == 0) {
        if (message->resuming) backlog_.ended(message);
        return;
    }
    if (message->resuming) deferrals_.forget_cookie(message);
    unit.messages[index] = nullptr;
    backlog_.failed(message, due);
}

// A message that loses the database whenever it runs.
void Worker::blame(Message* message) {
    const std::int64_t due = retries_.after_failure_ns(
        message, -1,
        "whenever it runs, even alone, the database is lost, and responds again when it is asked: " + recovery_.why_lost());
    if (due == 0 && message->resuming) backlog_.let_followers_go(*message, now_ns_);
    if (message->resuming) deferrals_.forget_cookie(message);
    if (due == 0) {
        counters_.rejected.add();
        reports_.ended(message);
    } else {
        backlog_.failed(message, due);
        backlog_.park_failed(true);
    }
}

// ---- report ----------------------------------------------------------------------------------------------------------------

void Worker::finish_units() {
    while (Unit* unit = commits_.take_finished()) {
        const bool earlier_failed = recovery_.is_to_restart();
        Rerun rerun(*unit, earlier_failed, policy_.keep_order);
        std::uint64_t done = 0, skipped = 0, rejected = 0;
        for (std::uint32_t index = 0; index < unit->messages.size(); ++index) {
            Message* message = unit->messages[index];
            if (message == nullptr) continue;
            const bool runs_again = rerun.includes(*message);
            if (message->deferred) {
                deferrals_.unit_ended(*unit, index, runs_again, now_ns_);
                if (!runs_again) continue;
            }
            if (runs_again || message->outcome == Outcome::none) {
                rerun.add(message);
                continue;
            }
            done += message->outcome == Outcome::acked;
            skipped += message->outcome == Outcome::skipped;
            rejected += message->outcome == Outcome::dead_letter;
            if (message->resuming) deferrals_.forget_cookie(message);
            reports_.ended(message);
        }
        counters_.done.add(done);
        if (skipped != 0) counters_.skipped.add(skipped);
        if (rejected != 0) counters_.rejected.add(rejected);
        if (!rerun.messages().empty()) {
            recovery_.unit_failed(*unit);
            // The first to fail goes before what has not even begun again, of which a part failed once more; those after it
            // follow.
            backlog_.run_again(rerun.messages(), earlier_failed);
        } else if (done + skipped + rejected != 0) {
            recovery_.unit_worked(*unit);
        }
        commits_.release(*unit);
    }
}

}  // namespace sluice
