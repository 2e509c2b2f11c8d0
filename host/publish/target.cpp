#include "publish/target.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/bytes.hpp"
#include "core/limits.hpp"
#include "publish/meaning.hpp"

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
      held_(options_.backoff_first_ns, options_.backoff_max_ns, clock, logger) {}

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
    counts.published = published_.load();
    counts.failed = failed_.load();
    counts.retried = retried_.load();
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
        else if (stopping_ && (waiting() == 0 || clock_.now() >= stop_deadline_ns_))
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
                held_.try_at_once();
            }
            stopping_ = true;
            stop_deadline_ns_ = requested_deadline_ns_;
        }
    }
    while (batch != nullptr) {
        PublishBatch* const next = batch->next;
        if (batch->open == 0)
            batch->done(batch);
        else
            for (std::uint32_t index = 0, count = batch->open; index < count; ++index) waiting_.push_back({batch, index});
        batch = next;
    }
    for (const Answer& answer : answers) take_answer(answer);
    if (window_.open() == 0 && !again_.empty()) {
        for (auto item = again_.rbegin(); item != again_.rend(); ++item) waiting_.push_front(item->second);
        again_.clear();
        suspects_ = 0;
    }
    if (!failed_for_good_.empty()) finish_waiting(SLUICE_FAILED, failed_for_good_);
    if (has_given_up_full_) give_up_full();
    if (!held_.empty()) look_after_held();
}

// What is due goes to the front, what has to wait behind its key does not stay there.
void Target::look_after_held() {
    held_.put_back_due(window_.first_open(), waiting_);
    if (!held_.any_waits()) return;
    std::vector<PublishItem> free;
    while (!waiting_.empty() && free.size() < limits::publish_batch) {
        if (!held_.keep_behind(waiting_.front())) free.push_back(waiting_.front());
        waiting_.pop_front();
    }
    waiting_.insert(waiting_.begin(), free.begin(), free.end());
}

void Target::take_answer(const Answer& answer) {
    const Meaning means = meaning(answer.status);
    if (means == Meaning::stored) say_stored();
    const bool is_of_all = means == Meaning::for_good || answer.status == SLUICE_FULL;
    bool is_of_the_target = is_of_all;
    const std::uint64_t closed = window_.close(answer.token, answer.count, [&](std::uint64_t token, PublishItem item) {
        switch (means) {
            case Meaning::stored: return finish(item, SLUICE_OK);
            case Meaning::refused: return finish(item, answer.status, answer.text);
            case Meaning::queued:
            case Meaning::breach:
                if (++item.breaches == limits::publish_breaches) return finish(item, SLUICE_CONTRACT, answer.text);
                break;
            case Meaning::passing:
            case Meaning::for_good: break;
        }
        if (means != Meaning::for_good) retried_.add();
        if (is_of_all) held_.give_up(again_, waiting_);
        if (is_of_all || !again_.empty())
            again_.emplace(token, item);
        else
            is_of_the_target |= held_.fail(token, item, next_token_, answer.status, answer.text);
    });
    if (closed == 0) {
        logger_.debug("the plugin answered for tokens {} to {}, of which none is under way", answer.token,
                      answer.token + answer.count - 1);
        return;
    }
    if (means == Meaning::stored)
        responds();
    else if (means == Meaning::for_good)
        fail_for_good(answer.text);
    else if (means != Meaning::refused && (is_of_the_target || !again_.empty()))
        outage_.failed(answer.status, answer.text, waiting(), again_.empty());
}

void Target::responds() {
    if (!held_.empty() && outage_.unreachable_since_ns() != 0) held_.try_at_once();
    held_.stored();
    outage_.over(waiting() - window_.open());
}

void Target::wait() {
    std::unique_lock lock(mutex_);
    while (first_ == nullptr && answers_.empty() && !stop_news_ && !reopen_news_ && !no_room_news_ && !room_news_) {
        std::int64_t until = INT64_MAX;
        if (stopping_) until = stop_deadline_ns_;
        if (!waiting_.empty() && again_.empty() && outage_.retry_at_ns() != 0 && window_.open() < limits::publish_in_flight)
            until = std::min(until, outage_.retry_at_ns());
        if (held_.any_waits()) until = std::min(until, std::max(held_.due_ns(window_.first_open()), outage_.retry_at_ns()));
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
    if (waiting_.empty() || !again_.empty() || window_.open() >= limits::publish_in_flight) return false;
    if (outage_.retry_at_ns() == 0 && !stopping_) return true;
    const std::int64_t now = clock_.now();
    return now >= outage_.retry_at_ns() && !(stopping_ && now >= stop_deadline_ns_);
}

std::uint32_t Target::choose() {
    std::uint64_t most =
        std::min<std::uint64_t>({limits::publish_batch, limits::publish_in_flight - window_.open(), waiting_.size()});
    if (suspects_ != 0) most = std::min<std::uint64_t>(most, std::max(suspects_ / 2, 1u));
    std::uint64_t bytes = 0;
    pointers_.clear();
    for (std::size_t at = 0; at < most; ++at) {
        const sluice_outgoing& message = waiting_[at].batch->messages[waiting_[at].index];
        bytes += message.body.size;
        if (at != 0 && bytes > limits::publish_batch_bytes) break;
        pointers_.push_back(&message);
    }
    return static_cast<std::uint32_t>(pointers_.size());
}

void Target::send() {
    const std::uint32_t count = choose();
    outage_.begin_attempt();
    const std::uint64_t token = next_token_;
    next_token_ += count;
    FaultBuffer fault;
    const sluice_status status = queue_.publish(pointers_, token, fault);
    const Meaning means = meaning(status);
    if (means != Meaning::stored && means != Meaning::queued) return not_taken(count, status, fault.text());

    if (means == Meaning::stored) say_stored();
    suspects_ -= std::min(suspects_, count);
    outage_.try_at_once();
    for (std::uint32_t at = 0; at < count; ++at) {
        const PublishItem item = waiting_.front();
        waiting_.pop_front();
        if (means == Meaning::stored)
            finish(item, SLUICE_OK);
        else
            window_.add(token + at, item);
    }
    if (means == Meaning::stored) responds();
}

void Target::not_taken(std::uint32_t count, sluice_status status, const std::string& text) {
    const Meaning means = meaning(status);
    if (means == Meaning::for_good) return fail_for_good(text);
    if (means == Meaning::passing) {
        retried_.add(count);
        // A conflict is with messages that failed before these: once does not delay them, which go out again in order.
        return outage_.failed(status, text, waiting(), status == SLUICE_CONFLICT);
    }
    if (count > 1) {  // at least one of them is at fault: halve until it stands alone
        suspects_ = count;
        return;
    }
    suspects_ = 0;
    PublishItem& item = waiting_.front();
    if (means == Meaning::breach && ++item.breaches < limits::publish_breaches) {
        retried_.add();
        return outage_.failed(status, text, waiting());
    }
    const PublishItem culprit = item;
    waiting_.pop_front();
    finish(culprit, means == Meaning::breach ? SLUICE_CONTRACT : status, text);
}

// Before the submitters are: what they do next may rest on it.
void Target::say_stored() {
    if (stored_) stored_();
}

}  // namespace sluice
