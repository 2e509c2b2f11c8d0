#include "settle/settlement.hpp"

#include <algorithm>
#include <array>

namespace sluice {
namespace {

constexpr std::int64_t retry_first_ns = 50'000'000;
constexpr std::int64_t retry_max_ns = 5'000'000'000;

bool can(const QueueInstance& queue, std::uint32_t capability) {
    if (queue.table().capabilities == nullptr) return false;
    const std::uint32_t capabilities =
        fenced({queue.part(), "capabilities"}, [&] { return queue.table().capabilities(queue.self()); }, [](std::string_view) { return 0u; });
    return (capabilities & capability) != 0;
}

bool is_permanent(sluice_status status) { return status == SLUICE_FAILED || status == SLUICE_CORRUPT; }

// What another host has is given back too: the source, if it has not noticed yet, forgets it.
bool goes_back(Outcome outcome) {
    return outcome == Outcome::released || outcome == Outcome::lost_lease;
}

}  // namespace

Settlement::Settlement(const QueueInstance& queue, MessageStore& store, const Clock& clock, Logger logger)
    : queue_(queue),
      takes_back_(can(queue, SLUICE_QUEUE_TAKES_BACK)),
      keeps_attempts_(can(queue, SLUICE_QUEUE_KEEPS_ATTEMPTS)),
      store_(store),
      clock_(clock),
      logger_(logger) {}

void Settlement::take(Message* message, std::int64_t now_ns) {
    now_ns_ = now_ns;
    // Never acked without an outcome that says so.
    const Outcome outcome = message->outcome == Outcome::none ? Outcome::released : message->outcome;
    if (goes_back(outcome) && !takes_back_) return leave(message);
    // Else only the first line of the message is looked at.
    const std::uint32_t next_attempt = keeps_attempts_ && goes_back(outcome) ? message->view.attempt : 0;
    add(message->tag, {next_attempt, outcome, message->acked_in_unit, message->recognised && outcome == Outcome::acked});
    if (message->received_ns != run_received_ns_) flush_latency();
    run_received_ns_ = message->received_ns;
    run_count_ += !goes_back(outcome);
    store_.destroy(message);
}

// Nobody can be told. It stays unacked, which is what the source goes by when it starts again.
void Settlement::leave(Message* message) {
    counters_.abandoned.add();
    ++left_;
    store_.destroy(message);
}

void Settlement::say_left() {
    if (!left_said_.pass(now_ns_)) return;
    logger_.warn(
        "{} messages were not processed, and the source cannot take messages back: they stay unacked and count as abandoned",
        std::exchange(left_, 0));
}

void Settlement::add(std::uint64_t tag, End end) {
    const std::uint32_t action = goes_back(end.outcome) ? SLUICE_NACK : end.acked ? SLUICE_ACKED_IN_UNIT : SLUICE_ACK;
    items_.push_back({tag, action, end.attempt, 0});
    ends_.push_back(end);
}

// Among the others, so that it stays before the message's own end.
void Settlement::note(const AttemptNote& attempt) {
    if (!keeps_attempts_) return;
    items_.push_back({attempt.tag, SLUICE_ATTEMPTED, attempt.next_attempt, attempt.delay_ms});
    ends_.push_back({});
    ++notes_;
}

void Settlement::flush_latency() {
    if (run_count_ != 0) latency_.record(now_ns_ - run_received_ns_, run_count_);
    run_count_ = 0;
}

bool Settlement::submit(std::int64_t now_ns) {
    now_ns_ = now_ns;
    flush_latency();
    if (left_ != 0) say_left();
    if (items_.empty()) return true;
    if (now_ns < retry_at_ns_ || !failed_.empty()) return false;
    FaultBuffer fault;
    settling_ = true;
    const sluice_status status = fenced_status(
        {queue_.part(), "settle"}, fault, [&] { return queue_.table().settle(queue_.self(), items_.data(), items_.size(), fault.get()); });
    settling_ = false;
    if (status == SLUICE_OK) {
        std::array<std::uint64_t, outcome_count> ended{};
        std::uint64_t recognised = 0;
        for (const End& end : ends_) {
            ++ended[static_cast<std::size_t>(end.outcome)];
            recognised += end.recognised;
        }
        if (recognised != 0) counters_.recognised.add(recognised);
        for (std::size_t outcome = static_cast<std::size_t>(Outcome::none) + 1; outcome < outcome_count; ++outcome)
            if (ended[outcome] != 0) count(static_cast<Outcome>(outcome), ended[outcome]);
        came_back();
    } else if (status == SLUICE_QUEUED) {
        for (std::size_t i = 0; i < items_.size(); ++i)
            if (ends_[i].outcome != Outcome::none) unconfirmed_.emplace(items_[i].tag, ends_[i]);
    } else {
        early_.clear();
        refused(status, fault.error(status).message);
        return false;
    }
    items_.clear();
    ends_.clear();
    notes_ = 0;
    for (const auto& [tag, early_status] : early_) confirm(tag, early_status);
    early_.clear();
    return true;
}

void Settlement::came_back() {
    if (failures_ != 0) logger_.info("the source takes settlements again");
    failures_ = 0;
}

void Settlement::refused(sluice_status status, const std::string& why) {
    if (is_permanent(status))
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
        logger_.error("the source confirmed delivery {} that waits for no confirmation; ignored", tag);
        return;
    }
    if (status == SLUICE_OK) {
        count(entry->second.outcome, 1);
        if (entry->second.recognised) counters_.recognised.add();
        came_back();
    } else if (status == SLUICE_LOST_LEASE) {
        counters_.lost_lease.add();
    } else {
        add(tag, entry->second);
        refused(status, "the source answered " + status_name(status) + " to a settlement");
    }
    unconfirmed_.erase(entry);
}

Result<void> Settlement::flush() {
    if (queue_.table().flush == nullptr) return {};
    return queue_.attempt("flush", [](const sluice_queue& table, void* self, sluice_fault* fault) { return table.flush(self, fault); });
}

void Settlement::count(Outcome outcome, std::uint64_t by) {
    confirmed_ += by;
    switch (outcome) {
        case Outcome::acked:
            counters_.acked.add(by);
            break;
        case Outcome::skipped:
            counters_.skipped.add(by);
            break;
        case Outcome::dead_letter:
            counters_.dead_lettered.add(by);
            break;
        case Outcome::dropped:
            counters_.dropped_by_policy.add(by);
            break;
        case Outcome::lost_lease:
            counters_.lost_lease.add(by);
            break;
        case Outcome::released:
        case Outcome::none:
            counters_.released.add(by);
            break;
    }
}

}  // namespace sluice
