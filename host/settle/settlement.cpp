#include "settle/settlement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

namespace sluice {
namespace {

constexpr std::int64_t retry_first_ns = 50'000'000;
constexpr std::int64_t retry_max_ns = 5'000'000'000;
// While a source takes no settlements failed attempts pile up: of more than these it hears the number without the reason.
constexpr std::size_t reasons_max = 4096;

// What another host has is given back too: the source, if it has not noticed yet, forgets it.
bool goes_back(Outcome outcome) {
    return outcome == Outcome::released || outcome == Outcome::lost_lease;
}

}  // namespace

// The list stands in sluice/queue.h at settle. What it does not name is a mistake of the adapter: tried again it would be made
// again, for ever, and taken for an end it could hide that nothing is settled.
Settlement::Answer Settlement::meaning_of(sluice_status status) {
    switch (status) {
        case SLUICE_OK: return Answer::confirmed;
        case SLUICE_LOST_LEASE:
        case SLUICE_STALE: return Answer::lost;
        case SLUICE_INVALID: return Answer::impossible;
        case SLUICE_UNAVAILABLE:
        case SLUICE_CONFLICT:
        case SLUICE_FULL:
        case SLUICE_UNKNOWN: return Answer::again;
        default: return Answer::permanent;
    }
}

Settlement::Settlement(QueuePort& queue, MessageStore& store, const Clock& clock, Logger logger)
    : queue_(queue),
      store_(store),
      clock_(clock),
      logger_(logger) {}

[[gnu::always_inline]] inline void Settlement::add(std::uint64_t tag, End end) {
    const std::uint32_t action = goes_back(end.outcome) ? SLUICE_RELEASE : end.acked ? SLUICE_ACKED_IN_UNIT : SLUICE_ACK;
    sluice_settlement& item = items_.emplace_back();  // in place: pushed, it would be made elsewhere and copied
    item.tag = tag;
    item.action = action;
    item.attempt = end.attempt;
    ends_.push_back(end);
    releases_open_ += goes_back(end.outcome);
}

void Settlement::take(Message* message, std::int64_t now_ns) {
    now_ns_ = now_ns;
    // Never acked without an outcome that says so.
    if (message->outcome == Outcome::none) message->outcome = Outcome::released;
    if (goes_back(message->outcome)) [[unlikely]]
        return take_released(message);
    // Only the first line of the message is looked at.
    add(message->tag, {.lane = message->lane,
                       .outcome = message->outcome,
                       .acked = message->acked_in_unit,
                       .recognised = message->recognised && message->outcome == Outcome::acked,
                       .withdrawn = message->is_lost()});
    count_run(message->received_ns);
    store_.destroy(message);
}

// Out of line: it needs more, and most messages do not go back.
[[gnu::noinline]] void Settlement::take_released(Message* message) {
    if (message->is_lost()) {
        counters_.lost_lease.add();  // who says so need not be told
        ages_.ended(message->received_ns, 1);
        return store_.destroy(message);
    }
    if (!queue_.takes_back()) return leave(message);
    const std::uint32_t next_attempt = queue_.keeps_attempts() ? message->view.attempt : 0;
    add(message->tag, {.attempt = next_attempt, .lane = message->lane, .outcome = message->outcome});
    count_run(message->received_ns);
    ++run_released_;
    store_.destroy(message);
}

// Nobody can be told. It stays unacked, which is what the source goes by when it starts again.
void Settlement::leave(Message* message) {
    counters_.abandoned.add();
    ++left_;
    ages_.ended(message->received_ns, 1);
    store_.destroy(message);
}

void Settlement::say_left() {
    if (!left_said_.pass(now_ns_)) return;
    logger_.warn(
        "{} messages were not processed, and the source cannot take messages back: they stay unacked and count as abandoned",
        std::exchange(left_, 0));
}

// Among the others, so that it stays before the message's own end.
void Settlement::note(AttemptNote attempt) {
    if (!queue_.keeps_attempts()) return;
    sluice_bytes reason{};
    if (!attempt.reason.empty() && reasons_.size() < reasons_max) {
        const std::string& kept = reasons_.emplace_back(std::move(attempt.reason));
        reason = {kept.data(), kept.size()};
    }
    items_.push_back({attempt.tag, SLUICE_ATTEMPTED, attempt.next_attempt, attempt.delay_ms, reason, 0, 0});
    ends_.push_back({});
    ++notes_;
}

inline void Settlement::count_run(std::int64_t received_ns) {
    if (received_ns != run_received_ns_) [[unlikely]] {
        flush_run();
        run_received_ns_ = received_ns;
    }
    ++run_count_;
}

[[gnu::noinline]] void Settlement::flush_run() {
    if (run_count_ == 0) return;
    if (run_count_ != run_released_) latency_.record(now_ns_ - run_received_ns_, run_count_ - run_released_);
    ages_.ended(run_received_ns_, run_count_);
    run_count_ = run_released_ = 0;
}

bool Settlement::submit(std::int64_t now_ns) {
    now_ns_ = now_ns;
    flush_run();
    if (left_ != 0) say_left();
    if (has_withdrawn_) forget_withdrawn();
    if (items_.empty()) return true;
    if (now_ns < retry_at_ns_ || !failed_.empty()) return false;
    FaultBuffer fault;
    settling_ = true;
    const sluice_status status = queue_.settle(items_, fault);
    settling_ = false;
    if (status == SLUICE_QUEUED) {
        await_confirmation();
    } else if (const Answer answer = meaning_of(status); ends(answer)) {
        end_all(answer);
    } else {
        early_.clear();
        refused(answer, fault.error(status).message);
        for (End& end : ends_) {
            end.refused = true;
            has_withdrawn_ |= end.withdrawn;
        }
        if (has_withdrawn_) forget_withdrawn();
        return items_.empty();
    }
    items_.clear();
    ends_.clear();
    notes_ = 0;
    reasons_.clear();
    for (const auto& [tag, early_status] : early_) confirm(tag, early_status);
    early_.clear();
    return true;
}

// One answer for all that was submitted.
void Settlement::end_all(Answer answer) {
    std::array<std::uint64_t, outcome_count> ended{};
    std::uint64_t recognised = 0;
    for (const End& end : ends_) {
        ++ended[static_cast<std::size_t>(end.outcome)];
        recognised += end.recognised;
        releases_open_ -= goes_back(end.outcome);
    }
    came_back();
    if (answer != Answer::confirmed) return count_unconfirmed(answer, items_.size() - notes_);
    if (recognised != 0) counters_.recognised.add(recognised);
    for (std::size_t outcome = static_cast<std::size_t>(Outcome::none) + 1; outcome < outcome_count; ++outcome)
        if (ended[outcome] != 0) count(static_cast<Outcome>(outcome), ended[outcome]);
}

void Settlement::await_confirmation() {
    for (std::size_t i = 0; i < items_.size(); ++i) {
        if (ends_[i].outcome == Outcome::none || unconfirmed_.emplace(items_[i].tag, ends_[i]).second) continue;
        // One confirmation will come for both at most.
        releases_open_ -= goes_back(ends_[i].outcome);
        counters_.abandoned.add();
        say_broken(items_[i].tag, "was given by the source to two messages at a time: one of them counts as abandoned");
    }
}

void Settlement::came_back() {
    if (failures_ != 0) logger_.info("the source takes settlements again");
    failures_ = 0;
}

void Settlement::refused(Answer answer, const std::string& why) {
    if (answer == Answer::permanent)
        failed_ = why;
    else
        put_off(why);
}

void Settlement::put_off(const std::string& why) {
    const std::int64_t wait = std::min(retry_first_ns << std::min(failures_, 10u), retry_max_ns);
    retry_at_ns_ = now_ns_ + wait;
    if (failures_++ == 0)
        logger_.warn("the source does not take {} settlements now, which are kept and tried again: {}", items_.size(), why);
}

void Settlement::settled(const std::uint64_t* tags, std::uint64_t tag_count, sluice_status status) {
    for (std::uint64_t i = 0; i < tag_count; ++i) {
        // Inside settle() the map does not hold the items yet.
        if (settling_)
            early_.emplace_back(tags[i], status);
        else
            confirm(tags[i], status);
    }
}

void Settlement::confirm(std::uint64_t tag, sluice_status status) {
    const auto entry = unconfirmed_.find(tag);
    if (entry == unconfirmed_.end()) {
        say_broken(tag, "was confirmed by the source and waits for no confirmation; ignored");
        return;
    }
    End end = entry->second;
    unconfirmed_.erase(entry);
    releases_open_ -= goes_back(end.outcome);
    const Answer answer = meaning_of(status);
    if (answer == Answer::again && end.withdrawn) return end_withdrawn(end);
    if (!ends(answer)) {
        end.refused = true;
        add(tag, end);
        refused(answer, "the source answered " + status_name(status) + " to a settlement");
        return;
    }
    came_back();
    if (answer != Answer::confirmed) return count_unconfirmed(answer, 1);
    count(end.outcome, 1);
    if (end.recognised) counters_.recognised.add();
}

void Settlement::withdraw(End& end) {
    end.withdrawn = true;
    has_withdrawn_ |= end.refused;
}

void Settlement::withdraw_lane(std::uint32_t lane) {
    if (lane == 0) return;
    for (End& end : ends_)
        if (end.lane == lane) withdraw(end);
    for (auto& [tag, end] : unconfirmed_)
        if (end.lane == lane) withdraw(end);
}

void Settlement::withdraw(std::span<const std::uint64_t> tags) {
    for (const std::uint64_t tag : tags)
        if (const auto entry = unconfirmed_.find(tag); entry != unconfirmed_.end()) withdraw(entry->second);
    if (items_.empty()) return;
    const std::unordered_set<std::uint64_t> all(tags.begin(), tags.end());
    for (std::size_t i = 0; i < items_.size(); ++i)
        if (all.contains(items_[i].tag)) withdraw(ends_[i]);
}

// Of those that the source was told of already: nothing else is kept from it.
void Settlement::forget_withdrawn() {
    has_withdrawn_ = false;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < items_.size(); ++i) {
        const End end = ends_[i];
        if (!end.withdrawn || !end.refused) {
            items_[kept] = items_[i];
            ends_[kept++] = end;
        } else if (end.outcome == Outcome::none) {
            --notes_;
        } else {
            releases_open_ -= goes_back(end.outcome);
            end_withdrawn(end);
        }
    }
    items_.resize(kept);
    ends_.resize(kept);
}

// What was acked in its unit is acked, whoever has it by now.
void Settlement::end_withdrawn(const End& end) {
    end.acked ? count(end.outcome, 1) : count_unconfirmed(Answer::lost, 1);
}

void Settlement::say_broken(std::uint64_t tag, std::string_view rule) {
    if (const auto left_out = broken_said_.pass(clock_.now()))
        logger_.error("delivery {} {}{}", tag, rule,
                      *left_out == 0 ? "" : fmt::format(" ({} more since the last such line)", *left_out));
}

Result<void> Settlement::flush() {
    return queue_.flush();
}

// Ended, but not as it was meant.
void Settlement::count_unconfirmed(Answer answer, std::uint64_t by) {
    if (by == 0) return;
    if (answer == Answer::lost) return counters_.lost_lease.add(by);
    counters_.abandoned.add(by);
    if (const auto left_out = impossible_said_.pass(clock_.now()))
        logger_.warn("the source cannot settle {} messages: they stay as they are there and count as abandoned{}", by,
                     *left_out == 0 ? "" : fmt::format(" ({} more such answers since the last such line)", *left_out));
}

void Settlement::count(Outcome outcome, std::uint64_t by) {
    confirmed_ += by;
    switch (outcome) {
        case Outcome::acked: counters_.acked.add(by); break;
        case Outcome::skipped: counters_.skipped.add(by); break;
        case Outcome::dead_letter: counters_.dead_lettered.add(by); break;
        case Outcome::dropped: counters_.dropped_by_policy.add(by); break;
        case Outcome::lost_lease: counters_.lost_lease.add(by); break;
        case Outcome::released:
        case Outcome::none: counters_.released.add(by); break;
    }
}

}  // namespace sluice
