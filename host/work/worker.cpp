#include "work/worker.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace sluice {
namespace {

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t pause_first_ns = 100 * ms;
constexpr std::int64_t pause_max_ns = 5'000 * ms;

}  // namespace

Worker::Worker(std::uint32_t index, const WorkPolicy& policy, HandlerHost& handler, Commits& commits, Executor& executor,
               Watch& watch, const Clock& clock, Way way, Logger logger, std::uint64_t seed)
    : index_(index),
      policy_(policy),
      handler_(handler),
      commits_(commits),
      executor_(executor),
      watch_(watch),
      clock_(clock),
      way_(way),
      logger_(logger),
      gate_(handler.connections(), [this] { poke(); }),
      backlog_(policy),
      backoff_(policy, seed) {
    handler.set_timeout(policy.timeout_ms * ms);
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
    return commits_.has_free_unit() && now_ns_ >= again_at_ns_ && ((!backlog_.runs_again() && !restart_) || commits_.empty());  // (3)
}

Worker::Next Worker::run() {
    poked_.store(false, std::memory_order_seq_cst);
    now_ns_ = clock_.now();
    commits_.collect(handler_);
    finish_units();
    end_deferred();
    const bool gives_back = is_to_give_back();
    if (gives_back && !backlog_.has_resumed()) {  // what was deferred and goes on has begun: it is finished
        release_all();
    } else if (may_begin() && may_pass()) {
        if (std::exchange(restart_, false)) handler_.restart();
        if (suspicion_.undecided()) judge_loss();
        if (handler_.deduplicates()) pass_on_confirmed();
        MessageList batch, refused;
        const bool runs_again = backlog_.collect(now_ns_, batch, refused, gives_back);
        while (Message* message = refused.pop_front()) {
            give_up(message, "its key waits for a retry and has as many messages waiting as park_limit allows");
            finished(message);
        }
        if (!batch.empty()) process(batch, runs_again);
    }
    if (looks_.any()) answer_looks();
    tell_room();
    report();
    if (give_back_.load(std::memory_order_relaxed) == GiveBack::giving)
        give_back_.store(has_nothing() ? GiveBack::given : GiveBack::asked, std::memory_order_release);
    return rest();
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
    if (const std::int64_t over = handler_.deferred().empty() || !handler_.may_end_deferred() ? 0 : handler_.deferred().next_due_ns(); over != 0)
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

Outcomes& Worker::reports() {
    if (!reports_) reports_ = std::make_unique<Outcomes>();
    return *reports_;
}

void Worker::finished(Message* message) { reports().messages.push_back(message); }

// ---- handling --------------------------------------------------------------------------------------------------------------

void Worker::process(MessageList& batch, bool runs_again) {
    Unit& unit = commits_.begin();
    unit.messages.reserve(batch.size());
    running_since_ns_.store(now_ns_, std::memory_order_relaxed);
    lent_.lend();
    while (Message* message = batch.pop_front()) {
        if (is_to_finish() && !message->resuming) {
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
    runs_again |= suspicion_.undecided();  // a message that lost its database is looked for among what runs again
    backlog_.put_back(batch, runs_again, now_ns_);
    counters_.handled.add(unit.messages.size());
    counters_.units.add();
    const std::int64_t ended = clock_.now();
    counters_.busy_ns.add(static_cast<std::uint64_t>(ended - now_ns_));
    now_ns_ = ended;

    backlog_.park_failed(runs_again);
    commits_.submit(unit, handler_);
    finish_units();
}

// False: a dependency is away; the message has left the unit, and it and all after it wait.
bool Worker::handle(Unit& unit, Message* message) {
    const auto index = static_cast<std::uint32_t>(unit.messages.size());
    unit.messages.push_back(message);
    HandlerHost::Said said;
    if (message->suspect && is_poison(message)) return true;
    if (handler_.deduplicates()) {
        const sluice_status recorded = handler_.record_once(unit, index);
        if (recorded == SLUICE_SEEN) {
            message->outcome = Outcome::acked;
            if (message->resuming) ended_in_unit(message);
            if (handler_.find_kept(unit, index) == SLUICE_OK) return true;
        }
        if (recorded != SLUICE_OK) said.unavailable = true;
    }
    if (!said.unavailable) {
        message->handled = true;
        current_.store(message, std::memory_order_release);
        said = message->resuming ? handler_.handle_resumed(unit, index, cookies_.at(message)) : handler_.handle(unit, index);
        current_.store(nullptr, std::memory_order_release);
    }
    if (said.verdict == SLUICE_DONE) {
        message->outcome = Outcome::acked;
        const sluice_status acked = handler_.acking() == nullptr ? SLUICE_OK : handler_.ack(unit, index);
        if (acked == SLUICE_LOST_LEASE) {
            message->outcome = Outcome::lost_lease;
            handler_.drop(unit, index, true);
        }
        if (!is_of_the_database(acked)) {
            if (message->resuming) ended_in_unit(message);
            return true;
        }
        said = {};
        said.unavailable = true;
    }
    if (said.misbehaved) {
        counters_.misbehaved.add();
        if (const auto left_out = misbehaviour_said_.pass(clock_.now()))
            logger_.warn("the handler broke a rule at message {}: {}{}",
                         std::string_view(message->view.id.data, message->view.id.size), handler_.fault().text(), and_more(*left_out));
    }
    handler_.drop(unit, index, said.verdict != SLUICE_SKIP);
    if (said.verdict == SLUICE_SKIP) {
        message->outcome = Outcome::skipped;
        if (message->resuming) ended_in_unit(message);
    } else if (said.verdict == SLUICE_REJECT) {
        give_up(message, handler_.fault().text());
        if (message->resuming) ended_in_unit(message);
    } else if (said.verdict == SLUICE_DEFER) {
        message->deferred = true;
        message->resuming = false;
        backlog_.deferred(message);
    } else if (said.unavailable) {
        message->outcome = Outcome::none;
        unit.messages[index] = nullptr;
        pause(true, handler_.fault().text(), index == 0);
        return false;
    } else {
        retry(unit, index, said);
    }
    return true;
}

bool Worker::is_poison(Message* message) {
    const std::uint32_t crashes = handler_.crashes(*message);
    if (crashes < policy_.crash_attempts) return false;
    give_up(message, "the process has ended " + std::to_string(crashes) + " times inside its handler, and crash_attempts allows no further try");
    return true;
}

void Worker::give_up(Message* message, std::string text) {
    message->outcome = Outcome::dead_letter;
    message->fail(text.empty() ? "the handler gave no reason" : std::move(text));
}

void Worker::retry(Unit& unit, std::uint32_t index, const HandlerHost::Said& said) {
    Message* message = unit.messages[index];
    std::int64_t due = 0;
    if (said.crowded) {
        if (const auto left_out = crowd_said_.pass(clock_.now()))
            logger_.warn("{} messages are deferred already: message {} is tried again later, which does not count as an attempt{}",
                         handler_.deferred().size(), std::string_view(message->view.id.data, message->view.id.size), and_more(*left_out));
        due = clock_.now() + pause_first_ns;
    } else if (said.outage) {
        due = after_outage_ns(message, said.delay_ms, handler_.fault().text());
    } else {
        due = next_try_ns(message, said.delay_ms, handler_.fault().text());
    }
    if (due == 0) {
        if (message->resuming) ended_in_unit(message);
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
    ++message->view.attempt;
    if (way_.keeps_attempts && !message->replayed) reports().attempts.push_back({message->tag, message->view.attempt, backoff / ms});
    return clock_.now() + backoff;
}

// What the source has confirmed need not be remembered message by message.
void Worker::pass_on_confirmed() {
    if (way_.confirmed.changes() == confirmed_seen_) return;
    const Confirmed::Position position = way_.confirmed.read();
    confirmed_seen_ = position.changes;
    handler_.confirmed_below(position.source, position.stream, position.below);
}

// ---- ending ----------------------------------------------------------------------------------------------------------------

void Worker::finish_units() {
    while (Unit* unit = commits_.take_finished()) {
        // What comes after a unit that failed runs again too, or its keys would overtake.
        const bool earlier_failed = restart_;
        const bool whole = unit->failed || (earlier_failed && !unit->has_effects);
        MessageList again;
        std::uint64_t done = 0, skipped = 0, rejected = 0;
        for (std::uint32_t index = 0; index < unit->messages.size(); ++index) {
            Message* message = unit->messages[index];
            if (message == nullptr || (message->deferred && !unfinished(*unit, index, whole))) continue;
            if (whole || message->outcome == Outcome::none) {
                message->outcome = Outcome::none;
                message->acked_in_unit = false;
                message->failure.reset();
                again.push_back(message);
                continue;
            }
            done += message->outcome == Outcome::acked;
            skipped += message->outcome == Outcome::skipped;
            rejected += message->outcome == Outcome::dead_letter;
            if (message->resuming) forget_cookie(message);
            finished(message);
        }
        counters_.done.add(done);
        if (skipped != 0) counters_.skipped.add(skipped);
        if (rejected != 0) counters_.rejected.add(rejected);
        if (!again.empty()) {
            if (!earlier_failed) pause(unit->retry_later, unit->answer.text, unit->messages.size() == 1);
            // The first to fail goes before what has not even begun again, of which a part failed once more; those after it follow.
            backlog_.run_again(again, earlier_failed);
            restart_ = true;
        } else if (unit->has_effects && done + skipped + rejected != 0) {
            failures_in_a_row_ = 0;
            suspicion_.worked();
        }
        commits_.release(*unit);
    }
}

void Worker::pause(bool something_is_away, std::string_view why, bool alone) {
    if (gate_.shut()) {  // the circuit has said why, and says when
        gate_.note_loss();
        suspicion_.lost(why, alone);
        return;
    }
    const std::uint32_t doublings = std::min(failures_in_a_row_++, 10u);
    const std::int64_t first = something_is_away ? pause_first_ns : ms;
    const std::int64_t wait = std::min(first << doublings, pause_max_ns);
    again_at_ns_ = clock_.now() + wait;
    logger_.log(something_is_away ? LogLevel::warn : LogLevel::debug, "pauses for {} ms and tries again, no attempt is burnt: {}",
                wait / ms, why);
}

}  // namespace sluice
