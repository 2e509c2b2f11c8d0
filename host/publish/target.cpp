#include "publish/target.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/bytes.hpp"
#include "core/limits.hpp"

namespace sluice {
namespace {

// Long waits end early and are begun again: keeps the arithmetic of the condition variable away from its limits.
constexpr std::int64_t longest_wait_ns = 3'600'000'000'000;
std::chrono::nanoseconds wait_time(std::int64_t ns) {
    return std::chrono::nanoseconds(std::min(ns, longest_wait_ns));
}

}  // namespace

Target::Target(QueuePort& queue, Options options, const Clock& clock, Logger logger)
    : queue_(queue),
      options_(std::move(options)),
      clock_(clock),
      logger_(logger),
      sink_{sizeof(sluice_target_sink), 0, this, &Target::published},
      outage_(options_.backoff_first_ns, options_.backoff_max_ns, clock, logger),
      service_(queue, clock, logger),
      pending_(options_.backoff_first_ns, options_.backoff_max_ns, clock, logger) {}

Target::~Target() {
    if (!thread_.joinable()) return;
    request_stop(clock_.now());
    thread_.join();
}

// ---- from other threads ----

Result<void> Target::start() {
    if (auto opened = queue_.open_target(sink_); !opened) {
        opened.error().message.insert(0, "opening ");
        return opened;
    }
    auto limits = queue_.limits();
    if (!limits) {
        (void)queue_.close();  // to be opened again, or not
        limits.error().message.insert(0, "opening ");
        return std::move(limits).error();
    }
    message_bytes_max_.store(limits->message_bytes_max, std::memory_order_relaxed);
    {
        const std::lock_guard lock(mutex_);
        over_ = closed_ = false;
    }
    thread_ = std::thread([this] {
        const std::string name = "tgt:" + queue_.name().substr(queue_.name().find('.') + 1);  // "targets.out"
        pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
        run();
    });
    return {};
}

void Target::submit(PublishBatch* batch) {
    batch->next = nullptr;
    batch->failed = 0;
    batch->open = static_cast<std::uint32_t>(batch->messages.size());
    batch->results.assign(batch->messages.size(), {});
    {
        const std::lock_guard lock(mutex_);
        if (!over_) {
            submitted_.add(batch->open);
            if (last_ != nullptr) {
                last_->next = batch;
                last_ = batch;
                return;  // whoever put the first one there has woken the thread
            }
            first_ = last_ = batch;
            news_.notify_one();
            return;
        }
    }
    for (PublishBatch::Result& result : batch->results) result = {SLUICE_STOPPED, queue_.name() + " has stopped"};
    batch->failed = std::exchange(batch->open, 0);
    batch->done(batch);
}

void Target::reopen() {
    const std::lock_guard lock(mutex_);
    reopen_news_ = true;
    news_.notify_one();
}

void Target::request_stop(std::int64_t deadline_ns) {
    const std::lock_guard lock(mutex_);
    stop_requested_ = true;
    stop_news_ = true;
    requested_deadline_ns_ = deadline_ns;
    news_.notify_one();
}

void Target::try_again() {
    const std::lock_guard lock(mutex_);
    room_news_ = true;
    news_.notify_one();
}

void Target::expect_no_room() {
    const std::lock_guard lock(mutex_);
    no_room_news_ = true;
    news_.notify_one();
}

bool Target::join(std::int64_t deadline_ns) {
    {
        std::unique_lock lock(mutex_);
        while (!closed_) {
            const std::int64_t left = deadline_ns - clock_.now();
            if (left <= 0) return false;
            ended_.wait_for(lock, wait_time(left));
        }
    }
    if (thread_.joinable()) thread_.join();
    return true;
}

Target::Counts Target::counts() const {
    Counts counts;
    counts.published = pending_.published();
    counts.failed = pending_.failed();
    counts.retried = pending_.retried();
    // Read last: a message is submitted before it is counted as anything else.
    counts.pending = submitted_.load() - counts.published - counts.failed;
    return counts;
}

// Nothing may be thrown into the plugin: a host without memory for an answer ends, and what was in flight comes again.
void Target::published(void* context, std::uint64_t token, std::uint64_t count, sluice_status status,
                       sluice_bytes text) noexcept {
    Target& target = *static_cast<Target*>(context);
    Answer answer{token, count, status, {}};
    if (status != SLUICE_OK) answer.text = clean_text(view_of(text).substr(0, limits::fault_text_bytes));
    const std::lock_guard lock(target.mutex_);
    // An honest adapter never has more answers than messages under way.
    if (target.closed_ || target.answers_.size() == limits::publish_in_flight) return;
    target.answers_.push_back(std::move(answer));
    if (target.answers_.size() == 1) target.news_.notify_one();
}

// ---- the target's thread ----

void Target::run() {
    service_.begin();
    for (;;) {
        take_news();
        if (service_.due_ns() != ServiceCalls::never && service_.is_due(clock_.now())) service();
        if (std::exchange(reopen_, false)) {
            FaultBuffer fault;
            if (queue_.reopen(fault) != SLUICE_OK) logger_.warn("cannot be opened again yet: {}", fault.text());
        }
        if (outage_.give_up_full_at_ns() != INT64_MAX && clock_.now() >= outage_.give_up_full_at_ns()) give_up_full();
        if (may_send())
            send();
        else if (stopping_ && (pending_.size() == 0 || clock_.now() >= stop_deadline_ns_))
            break;
        else
            wait();
    }
    end();
}

// What it answers through the sink is taken in the next turn: wait() sees it.
void Target::service() {
    FaultBuffer fault;
    if (service_.call(fault) != SLUICE_OK) fail_for_good(fault.text());
}

void Target::take_news() {
    PublishBatch* batch = nullptr;
    std::vector<Answer> answers;
    {
        const std::lock_guard lock(mutex_);
        batch = std::exchange(first_, nullptr);
        last_ = nullptr;
        answers.swap(answers_);
        reopen_ = std::exchange(reopen_news_, false) || reopen_;
        if (std::exchange(no_room_news_, false)) outage_.expect_no_room();
        if (std::exchange(room_news_, false)) outage_.may_have_room();
        if (stop_news_) {
            stop_news_ = false;
            if (!stopping_) {  // once more
                outage_.try_at_once();
                pending_.try_at_once();
            }
            stopping_ = true;
            stop_deadline_ns_ = requested_deadline_ns_;
        }
    }
    while (batch != nullptr) {
        PublishBatch* const next = batch->next;
        pending_.add(*batch);
        batch = next;
    }
    for (const Answer& answer : answers) take_answer(answer);
    pending_.put_back_due();
    if (!failed_for_good_.empty()) pending_.answer_waiting(SLUICE_FAILED, failed_for_good_);
    if (has_given_up_full_) give_up_full();
}

void Target::take_answer(const Answer& answer) {
    const Meaning means = meaning(answer.status);
    if (means == Meaning::stored) say_stored();
    const PendingPublishes::Effect effect = pending_.take(answer, means);
    if (effect == PendingPublishes::Effect::none)
        logger_.debug("the plugin answered for tokens {} to {}, of which none is under way", answer.token,
                      answer.token + answer.count - 1);
    else if (means == Meaning::stored)
        responds();
    else if (means == Meaning::for_good)
        fail_for_good(answer.text);
    else if (effect == PendingPublishes::Effect::trouble)
        outage_.failed(answer.status, answer.text, pending_.size(), !pending_.all_wait());
}

void Target::responds() {
    pending_.target_responds(outage_.unreachable_since_ns() != 0);
    outage_.over(pending_.waiting());
}

void Target::wait() {
    std::unique_lock lock(mutex_);
    while (first_ == nullptr && answers_.empty() && !stop_news_ && !reopen_news_ && !no_room_news_ && !room_news_) {
        std::int64_t until = INT64_MAX;
        if (stopping_) until = stop_deadline_ns_;
        if (pending_.may_choose() && outage_.retry_at_ns() != 0) until = std::min(until, outage_.retry_at_ns());
        until = std::min(until, std::max(pending_.key_due_ns(), outage_.retry_at_ns()));
        until = std::min({until, outage_.give_up_full_at_ns(), service_.due_ns()});
        if (until == INT64_MAX) {
            news_.wait(lock);
            continue;
        }
        const std::int64_t left = until - clock_.now();
        if (left <= 0) return;
        news_.wait_for(lock, wait_time(left));
    }
}

bool Target::may_send() const {
    if (!pending_.may_choose()) return false;
    if (outage_.retry_at_ns() == 0 && !stopping_) return true;
    const std::int64_t now = clock_.now();
    return now >= outage_.retry_at_ns() && !(stopping_ && now >= stop_deadline_ns_);
}

void Target::send() {
    const PendingPublishes::Attempt attempt = pending_.choose();
    outage_.begin_attempt();
    FaultBuffer fault;
    const sluice_status status = queue_.publish(attempt.messages, attempt.token, fault);
    const Meaning means = meaning(status);
    if (means == Meaning::for_good) return fail_for_good(fault.text());
    if (means != Meaning::stored && means != Meaning::queued) {
        // A conflict is with messages that failed before these: once does not delay them, which go out again in order.
        if (pending_.not_taken(attempt, means, status, fault.text()))
            outage_.failed(status, fault.text(), pending_.size(), status == SLUICE_CONFLICT);
        return;
    }
    if (means == Meaning::stored) say_stored();
    outage_.try_at_once();
    pending_.taken(attempt, means);
    if (means == Meaning::stored) responds();
}

// Before the submitters are: what they do next may rest on it.
void Target::say_stored() {
    if (stored_) stored_();
}

// ---- the end of what it was given, and its own ----

void Target::give_up_full() {
    if (!std::exchange(has_given_up_full_, true))
        logger_.info(
            "is full, and nobody takes anything from it any more as the host stops: {} messages that wait for it go back",
            pending_.waiting());
    outage_.full_given_up();
    pending_.answer_waiting(SLUICE_STOPPED, queue_.name() + " is full, and the host stops");
}

void Target::fail_for_good(const std::string& text) {
    if (!failed_for_good_.empty()) return;
    failed_for_good_ = queue_.name() + " failed permanently: " + (text.empty() ? "the plugin gave no reason" : text);
    logger_.error("failed permanently: {}; what waits for it is not acked", text.empty() ? "the plugin gave no reason" : text);
    pending_.answer_waiting(SLUICE_FAILED, failed_for_good_);
    if (options_.on_failed) options_.on_failed(failed_for_good_);
}

void Target::end() {
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
    }
    take_news();
    pending_.answer_waiting(SLUICE_STOPPED, "the host stopped before this could be published");
    // [control], as nothing else calls the adapter any more. Waits for what the adapter has taken; its last answers come
    // meanwhile.
    if (const auto closed = queue_.close(); !closed) logger_.error("{}", closed.error().message);
    take_news();
    pending_.answer_taken(SLUICE_STOPPED, "the target was closed without an answer about this message");
    pending_.answer_waiting(SLUICE_STOPPED, "the host stopped before this could be published");
    // Under the lock to the last: join() may return, and this be destroyed, as soon as it is released.
    const std::lock_guard lock(mutex_);
    closed_ = true;
    ended_.notify_all();
}

}  // namespace sluice
