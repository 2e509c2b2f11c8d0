#include "work/worker.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "core/bytes.hpp"
#include "core/clock.hpp"
#include "plugin/fault.hpp"

namespace sluice {
namespace {

constexpr std::int64_t crowded_ns = 100 * ns_per_ms;  // until a message that could not be deferred is tried again

constexpr const char* no_reason = "the handler gave no reason";

std::string id_of(const Message& message) {
    return clean_text(view_of(message.view.id));
}

}  // namespace

Worker::Worker(std::uint32_t index, const WorkPolicy& policy, PoolNotices& notices, HandlerHost& handler, Commits& commits,
               Executor& executor, Watch& watch, const Clock& clock, Way way, Logger logger, std::uint64_t seed)
    : index_(index),
      policy_(policy),
      notices_(notices),
      handler_(handler),
      session_(handler.session()),
      commits_(commits),
      executor_(executor),
      watch_(watch),
      clock_(clock),
      way_(way),
      logger_(logger),
      gate_(session_.connections(), [this] { poke(); }),
      backlog_(policy),
      backoff_(policy, seed) {
    handler.set_timeout(policy.timeout_ms * ns_per_ms);
    handler.deferred().on_news([this] { poke(); });
}

void Worker::poke() {
    poked_.store(true, std::memory_order_seq_cst);  // before the look at the worker's mark in schedule()
    executor_.schedule(*this);
}

void Worker::stop(StopMode mode) {
    stop_.store(mode, std::memory_order_relaxed);  // ordered by poke()
    poke();
}

bool Worker::has_news() const {
    return poked_.load(std::memory_order_seq_cst) || commits_.has_news() ||
           (takes_.load(std::memory_order_relaxed) && !queue().empty());
}

bool Worker::may_begin() const {
    if (is_to_give_back()) return commits_.empty();  // to release, see there
    // (3)
    return commits_.has_free_unit() && now_ns_ >= again_at_ns_ && ((!backlog_.runs_again() && !restart_) || commits_.empty());
}

Worker::Next Worker::run() {
    poked_.store(false, std::memory_order_seq_cst);
    now_ns_ = clock_.now();
    commits_.collect(session_);
    finish_units();
    end_deferred();
    const bool gives_back = is_to_give_back();
    if (gives_back ? may_finish_resumed() : may_begin() && may_pass()) {
        if (std::exchange(restart_, false)) session_.restart();
        if (suspicion_.undecided()) judge_loss();
        if (session_.deduplicates()) pass_on_confirmed();
        MessageList batch, refused;
        const bool runs_again = backlog_.collect(now_ns_, batch, refused, gives_back);
        while (Message* message = refused.pop_front()) {
            give_up(message, "its key waits for a retry and has as many messages waiting as park_limit allows");
            finished(message);
        }
        if (!batch.empty()) {
            tell_room();  // the handler may take long, and the queue would be empty after it
            process(batch, runs_again);
        }
    } else if (gives_back) {
        release_all();
    }
    if (looks_.waiting()) answer_looks();
    tell_room();
    report();
    if (give_back_.load(std::memory_order_relaxed) == GiveBack::giving)
        give_back_.store(has_nothing() ? GiveBack::given : GiveBack::asked, std::memory_order_release);
    return rest();
}

// What was deferred and goes on has begun, and is finished. But not if its effects cannot be made now: nobody can say how long
// the stop would wait, and it comes again like everything else whose unit of work failed.
bool Worker::may_finish_resumed() {
    return backlog_.has_resumed() && commits_.empty() && now_ns_ >= again_at_ns_ && may_pass();
}

bool Worker::may_pass() {
    if (!gate_.shut()) return true;
    if (!backlog_.has_work(now_ns_) || !gate_.pass()) return false;
    now_ns_ = clock_.now();  // asking may have taken long
    return true;
}

// What comes next, and what will wake the worker if that is nothing.
Worker::Next Worker::rest() {
    bool begins = may_begin();
    const bool has_work = backlog_.has_work(now_ns_);
    if (begins && gate_.shut() && !is_to_give_back() && has_work) {
        const std::int64_t until = gate_.wait();
        begins = until == 0;
        if (until != 0 && until != INT64_MAX) watch_.set(*this, until);
    }
    takes_.store(begins && backlog_.takes_new(), std::memory_order_relaxed);  // ordered before the executor's mark
    if (begins && has_work) return Next::again;
    if (const std::int64_t over =
            handler_.deferred().empty() || !handler_.may_end_deferred() ? 0 : handler_.deferred().next_due_ns();
        over != 0)
        watch_.set(*this, over);
    const std::int64_t due = backlog_.parking().next_due_ns();
    if (now_ns_ < again_at_ns_)
        watch_.set(*this, again_at_ns_);
    else if (due > now_ns_)  // what is due already waits for a unit to come back, and that wakes us
        watch_.set(*this, due);
    return commits_.empty() ? Next::idle : Next::awaiting;
}

void Worker::tell_room() {
    if (!source_waits_.load(std::memory_order_seq_cst) || !queue().half_empty()) return;
    source_waits_.store(false, std::memory_order_seq_cst);
    way_.bell.ring();
}

void Worker::report() {
    if (!reports_) return;
    way_.outcomes.push(reports_.release());
    way_.bell.ring_soon();
}

// ---- handling --------------------------------------------------------------------------------------------------------------

void Worker::process(MessageList& batch, bool runs_again) {
    Unit& unit = commits_.begin();
    unit.messages.reserve(batch.size());
    unit.keeps_order = policy_.keep_order;
    const std::int64_t closes_ns = now_ns_ + policy_.batch_time_ms * ns_per_ms;
    running_since_ns_.store(now_ns_, std::memory_order_relaxed);
    lent_.lend();
    while (Message* message = batch.pop_front()) {
        const bool has_had_its_time = watch_.coarse_now_ns() >= closes_ns && !unit.messages.empty();
        if (has_had_its_time || (is_to_finish() && !message->resuming)) {
            batch.push_front(message);
            break;
        }
        if (backlog_.follows_failed(message)) continue;
        if (!handle(unit, message)) {
            batch.push_front(message);
            break;
        }
    }
    lent_.take_back();
    running_since_ns_.store(0, std::memory_order_relaxed);  // before busy_ns, see counts()
    backlog_.let_followers_of_ended_go(now_ns_);
    runs_again |= suspicion_.undecided();  // a message that lost its database is looked for among what runs again
    backlog_.put_back(batch, runs_again, now_ns_);
    counters_.units.add();
    const std::int64_t ended = clock_.now();
    counters_.busy_ns.add(static_cast<std::uint64_t>(ended - now_ns_));
    now_ns_ = ended;

    backlog_.park_failed(runs_again);
    commits_.submit(unit, session_);
    finish_units();
}

// False: a dependency is unreachable; the message has left the unit, and it and all after it wait.
bool Worker::handle(Unit& unit, Message* message) {
    const auto index = static_cast<std::uint32_t>(unit.messages.size());
    unit.messages.push_back(message);
    counters_.handled.add();
    HandlerHost::Said said;
    if (message->suspect && is_poison(message)) return true;
    if (session_.may_know(*message)) {
        const Session::Known known = session_.look_up(unit, index);
        if (known == Session::Known::yes) {
            if (message->resuming) backlog_.ended(message);
            return true;
        }
        said.unavailable = known == Session::Known::not_known;
    }
    if (!said.unavailable) {
        message->handled = true;
        current_.store(message, std::memory_order_release);
        said = message->resuming ? handler_.handle_resumed(unit, index, cookies_.at(message)) : handler_.handle(unit, index);
        current_.store(nullptr, std::memory_order_release);
    }
    if (said.verdict == SLUICE_DONE) {
        message->outcome = Outcome::acked;
        if (message->resuming) backlog_.ended(message);
        return true;
    }
    if (said.misbehaved) {
        counters_.misbehaved.add();
        if (const auto left_out = notices_.pass(PoolNotices::About::misbehaviour, clock_.now()))
            logger_.warn("the handler broke a rule at message {}: {}{}", id_of(*message), session_.fault().text(),
                         PoolNotices::more(*left_out));
    }
    session_.drop(unit, index, said.verdict != SLUICE_SKIP);
    if (said.verdict == SLUICE_SKIP) {
        message->outcome = Outcome::skipped;
        if (message->resuming) backlog_.ended(message);
    } else if (said.verdict == SLUICE_REJECT) {
        give_up(message, session_.fault().text());
        if (message->resuming) backlog_.ended(message);
    } else if (said.verdict == SLUICE_DEFER) {
        message->deferred = true;
        message->resuming = false;
        backlog_.deferred(message);
    } else if (said.unavailable) {
        message->outcome = Outcome::none;
        unit.messages[index] = nullptr;
        pause(true, session_.fault().text(), index == 0);
        return false;
    } else {
        retry(unit, index, said);
    }
    return true;
}

bool Worker::is_poison(Message* message) {
    const std::uint32_t crashes = handler_.crashes(*message);
    if (crashes < policy_.crash_attempts) return false;
    give_up(message, "the process has ended " + std::to_string(crashes) +
                         " times inside its handler, and crash_attempts allows no further try");
    return true;
}

void Worker::give_up(Message* message, std::string text) {
    message->outcome = Outcome::dead_letter;
    message->fail(text.empty() ? std::string(no_reason) : std::move(text));
}

void Worker::retry(Unit& unit, std::uint32_t index, const HandlerHost::Said& said) {
    Message* message = unit.messages[index];
    std::int64_t due = 0;
    if (said.crowded) {
        if (const auto left_out = notices_.pass(PoolNotices::About::too_many_deferred, clock_.now()))
            logger_.warn(
                "{} messages are deferred already: message {} is tried again later, which does not count as an attempt{}",
                handler_.deferred().size(), id_of(*message), PoolNotices::more(*left_out));
        due = clock_.now() + crowded_ns;
    } else if (said.outage) {
        due = after_outage_ns(message, said.delay_ms, session_.fault().text());
    } else {
        due = next_try_ns(message, said.delay_ms, session_.fault().text());
    }
    if (due == 0) {
        if (message->resuming) backlog_.ended(message);
        return;
    }
    if (message->resuming) forget_cookie(message);
    unit.messages[index] = nullptr;
    backlog_.failed(message, due);
}

// After a failure of its own; 0: it has no attempts left, and was given up.
std::int64_t Worker::next_try_ns(Message* message, std::int64_t delay_ms, std::string text) {
    if (!policy_.park || message->view.attempt >= policy_.attempts) {
        give_up(message, std::move(text));
        return 0;
    }
    counters_.retried.add();
    const std::int64_t backoff = backoff_.after_ns(message->view.attempt, delay_ms);
    const bool has_reason = !text.empty();
    if (!has_reason) text = no_reason;
    say_failed(*message, backoff, text);
    message->fail(std::move(text));  // for `why`, as long as it waits
    ++message->view.attempt;
    if (way_.keeps_attempts && !message->replayed)
        reports().attempts.push_back(
            {message->tag, message->view.attempt, backoff / ns_per_ms, has_reason ? message->failure->text : std::string()});
    return clock_.now() + backoff;
}

void Worker::say_failed(const Message& message, std::int64_t backoff_ns, std::string_view text) {
    const auto left_out = notices_.pass(PoolNotices::About::failed_attempt, clock_.now());
    logger_.log(left_out ? LogLevel::warn : LogLevel::debug,
                "message {} failed at attempt {} of {} and is tried again in {} ms: {}{}", id_of(message), message.view.attempt,
                policy_.attempts, backoff_ns / ns_per_ms, text, PoolNotices::more(left_out.value_or(0)));
}

// What the source has confirmed need not be remembered message by message.
void Worker::pass_on_confirmed() {
    if (way_.confirmed.changes() == confirmed_seen_) return;
    const Confirmed::Position position = way_.confirmed.read();
    confirmed_seen_ = position.changes;
    session_.confirmed_below(position.source, position.stream, position.below);
}

}  // namespace sluice
