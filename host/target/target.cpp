#include "target/target.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/bytes.hpp"
#include "core/descriptor.hpp"
#include "core/limits.hpp"
#include "plugin/fault.hpp"

namespace sluice {
namespace {

// Long waits end early and are begun again: keeps the arithmetic of the condition variable away from its limits.
constexpr std::int64_t longest_wait_ns = 3'600'000'000'000;
// What was in the hands of those who have stopped may still make room.
constexpr std::int64_t full_grace_ns = 500'000'000;

std::chrono::nanoseconds wait_time(std::int64_t ns) {
    return std::chrono::nanoseconds(std::min(ns, longest_wait_ns));
}

// A target that is slower than its host is not unreachable.
std::string trouble_text(sluice_status status, const std::string& text) {
    if (status == SLUICE_FULL) return text.empty() ? "is full" : "is full (" + text + ")";
    return "cannot be published to (" + status_name(status) + (text.empty() ? ")" : ": " + text + ")");
}

enum class Meaning : std::uint8_t { stored, queued, passing, refused, breach, for_good };

Meaning meaning(sluice_status status) {
    switch (status) {
        case SLUICE_OK:
        case SLUICE_SEEN:
            return Meaning::stored;
        case SLUICE_QUEUED:
            return Meaning::queued;
        case SLUICE_FULL:
        case SLUICE_UNAVAILABLE:
        case SLUICE_STOPPED:
        case SLUICE_CONFLICT:
        case SLUICE_UNKNOWN:
            return Meaning::passing;
        case SLUICE_INVALID:
        case SLUICE_UNSUPPORTED:
        case SLUICE_CONSTRAINT:
            return Meaning::refused;
        case SLUICE_FAILED:
        case SLUICE_CORRUPT:
            return Meaning::for_good;
        default:
            return Meaning::breach;
    }
}

}  // namespace

Target::Target(const sluice_queue& queue, void* self, Options options, const Clock& clock, Logger logger)
    : queue_(queue),
      self_(self),
      options_(std::move(options)),
      clock_(clock),
      logger_(logger),
      sink_{sizeof(sluice_target_sink), 0, this, &Target::published} {}

Target::~Target() {
    if (!thread_.joinable()) return;
    request_stop(clock_.now());
    thread_.join();
}

// ---- from other threads ----

Result<void> Target::start() {
    FaultBuffer fault;
    const sluice_status status = fenced_status({options_.part, "open_target"}, fault, [&] { return queue_.open_target(self_, &sink_, fault.get()); });
    if (status != SLUICE_OK) {
        Error error = fault.error(status).within("opening " + options_.name);
        error.message += descriptors_hint();
        return error;
    }
    {
        const std::lock_guard lock(mutex_);
        over_ = closed_ = false;
    }
    thread_ = std::thread([this] {
        pthread_setname_np(pthread_self(), options_.name.substr(0, 15).c_str());
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
    for (PublishBatch::Result& result : batch->results) result = {SLUICE_STOPPED, options_.name + " has stopped"};
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

void Target::interrupt() const {
    if (queue_.interrupt != nullptr) fenced({options_.part, "interrupt"}, [&] { queue_.interrupt(self_); });
}

std::string Target::trouble() const {
    const std::lock_guard lock(mutex_);
    if (trouble_.empty()) return {};
    const auto tenths = (clock_.now() - trouble_since_ns_) / 100'000'000;
    return trouble_ + ", for " + std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
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
    for (;;) {
        take_news();
        if (std::exchange(reopen_, false) && queue_.reopen != nullptr) {
            FaultBuffer fault;
            if (fenced_status({options_.part, "reopen"}, fault, [&] { return queue_.reopen(self_, fault.get()); }) != SLUICE_OK)
                logger_.warn("cannot be opened again yet: {}", fault.text());
        }
        if (full_since_ns_ != 0 && clock_.now() >= give_up_full_at()) give_up_full();
        if (may_send())
            send();
        else if (stopping_ && ((waiting_.empty() && window_.open() == 0) || clock_.now() >= stop_deadline_ns_))
            break;
        else
            wait();
    }
    end();
}

void Target::end() {
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
    }
    take_news();
    finish_waiting(SLUICE_STOPPED, "the host stopped before this could be published");
    // [control], as nothing else calls the adapter any more. Waits for what the adapter has taken; its last answers come
    // meanwhile.
    fenced({options_.part, "close"}, [&] { queue_.close(self_); },
           [&](std::string_view text) { logger_.error("an exception left the plugin while it closed: {}", clean_text(text)); });
    take_news();
    window_.close_all([&](std::uint64_t, const PublishItem& item) {
        finish(item, SLUICE_STOPPED, "the target was closed without an answer about this message");
    });
    finish_waiting(SLUICE_STOPPED, "the host stopped before this could be published");
    // Under the lock to the last: join() may return, and this be destroyed, as soon as it is released.
    const std::lock_guard lock(mutex_);
    closed_ = true;
    ended_.notify_all();
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
        if (std::exchange(no_room_news_, false) && no_room_since_ns_ == 0) no_room_since_ns_ = clock_.now();
        if (std::exchange(room_news_, false) && full_since_ns_ != 0) retry_at_ns_ = 0;
        if (stop_news_) {
            stop_news_ = false;
            if (!stopping_) retry_at_ns_ = 0;  // one more try at once
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
}

void Target::take_answer(const Answer& answer) {
    const Meaning means = meaning(answer.status);
    if (means == Meaning::stored) say_stored();
    const std::uint64_t closed = window_.close(answer.token, answer.count, [&](std::uint64_t token, PublishItem item) {
        switch (means) {
            case Meaning::stored:
                return finish(item, SLUICE_OK);
            case Meaning::refused:
                return finish(item, answer.status, answer.text);
            case Meaning::queued:
            case Meaning::breach:
                if (++item.breaches == limits::publish_breaches) return finish(item, SLUICE_CONTRACT, answer.text);
                break;
            case Meaning::passing:
            case Meaning::for_good:
                break;
        }
        if (means != Meaning::for_good) retried_.add();
        again_.emplace(token, item);
    });
    if (closed == 0) {
        logger_.debug("the plugin answered for tokens {} to {}, of which none is under way", answer.token,
                      answer.token + answer.count - 1);
        return;
    }
    if (means == Meaning::stored)
        came_back();
    else if (means == Meaning::for_good)
        fail_for_good(answer.text);
    else if (means != Meaning::refused)
        back_off(answer.status, answer.text);
}

void Target::wait() {
    std::unique_lock lock(mutex_);
    while (first_ == nullptr && answers_.empty() && !stop_news_ && !reopen_news_ && !no_room_news_ && !room_news_) {
        std::int64_t until = INT64_MAX;
        if (stopping_) until = stop_deadline_ns_;
        if (!waiting_.empty() && again_.empty() && retry_at_ns_ != 0) until = std::min(until, retry_at_ns_);
        until = std::min(until, give_up_full_at());
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
    if (retry_at_ns_ == 0 && !stopping_) return true;
    const std::int64_t now = clock_.now();
    return now >= retry_at_ns_ && !(stopping_ && now >= stop_deadline_ns_);
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
    failed_since_sent_ = false;
    const std::uint64_t token = next_token_;
    next_token_ += count;
    FaultBuffer fault;
    const sluice_status status =
        fenced_status({options_.part, "publish"}, fault, [&] { return queue_.publish(self_, pointers_.data(), count, token, fault.get()); });
    const Meaning means = meaning(status);
    if (means != Meaning::stored && means != Meaning::queued) return not_taken(count, status, fault.text());

    if (means == Meaning::stored) say_stored();
    suspects_ -= std::min(suspects_, count);
    retry_at_ns_ = 0;
    for (std::uint32_t at = 0; at < count; ++at) {
        const PublishItem item = waiting_.front();
        waiting_.pop_front();
        if (means == Meaning::stored)
            finish(item, SLUICE_OK);
        else
            window_.add(token + at, item);
    }
    if (means == Meaning::stored) came_back();
}

void Target::not_taken(std::uint32_t count, sluice_status status, const std::string& text) {
    const Meaning means = meaning(status);
    if (means == Meaning::for_good) return fail_for_good(text);
    if (means == Meaning::passing) {
        retried_.add(count);
        return back_off(status, text);
    }
    if (count > 1) {  // at least one of them is at fault: halve until it stands alone
        suspects_ = count;
        return;
    }
    suspects_ = 0;
    PublishItem& item = waiting_.front();
    if (means == Meaning::breach && ++item.breaches < limits::publish_breaches) {
        retried_.add();
        return back_off(status, text);
    }
    const PublishItem culprit = item;
    waiting_.pop_front();
    finish(culprit, means == Meaning::breach ? SLUICE_CONTRACT : status, text);
}

void Target::finish(PublishItem item, sluice_status status, const std::string& text) {
    PublishBatch& batch = *item.batch;
    if (status == SLUICE_OK) {
        published_.add();
    } else {
        failed_.add();
        ++batch.failed;
        batch.results[item.index] = {status, text};
    }
    if (--batch.open == 0) batch.done(&batch);
}

void Target::finish_waiting(sluice_status status, const std::string& text) {
    while (!waiting_.empty()) {
        const PublishItem item = waiting_.front();
        waiting_.pop_front();
        finish(item, status, text);
    }
    suspects_ = 0;
    for (const auto& [token, item] : std::exchange(again_, {})) finish(item, status, text);
}

// Before the submitters are: what they do next may rest on it.
void Target::say_stored() {
    if (stored_) stored_();
}

void Target::note_full(bool full) {
    full_since_ns_ = !full ? 0 : full_since_ns_ != 0 ? full_since_ns_ : clock_.now();
    full_.store(full, std::memory_order_relaxed);
}

void Target::came_back() {
    if (failures_ != 0) note_trouble({});
    note_full(false);
    failures_ = 0;
    retry_at_ns_ = 0;
    failed_since_sent_ = false;
    if (!away_) return;
    away_ = false;
    said_away_ns_.store(0, std::memory_order_relaxed);
    logger_.info("{} after {:.1f} s: publishing {} messages that waited",
                 said_full_.load(std::memory_order_relaxed) ? "has room again" : "is back",
                 static_cast<double>(clock_.now() - away_since_ns_) / 1e9, waiting_.size() + again_.size());
}

void Target::back_off(sluice_status status, const std::string& text) {
    note_full(status == SLUICE_FULL);
    if (std::exchange(failed_since_sent_, true)) return;  // one of many answers to the same attempt
    const std::int64_t now = clock_.now();
    if (failures_ == 0) away_since_ns_ = now;
    note_trouble(trouble_text(status, text));
    const std::int64_t factor = std::int64_t{1} << std::min(failures_, 20u);
    ++failures_;
    retry_at_ns_ = now + (no_room_since_ns_ != 0 ? options_.backoff_first_ns : std::min(options_.backoff_first_ns * factor, options_.backoff_max_ns));
    const bool is_full = status == SLUICE_FULL;
    said_full_.store(is_full, std::memory_order_relaxed);
    // Once is a hiccup, and full the everyday answer of a target that is slower than its host.
    if (away_ || failures_ < (is_full ? 5u : 2u)) return;
    away_ = true;
    said_away_ns_.store(away_since_ns_, std::memory_order_relaxed);
    const std::size_t count = waiting_.size() + again_.size() + window_.open();
    if (is_full)
        return logger_.warn("is full, and {} messages wait until it has room{}{}", count, text.empty() ? "" : ": ", text);
    logger_.warn("cannot be published to ({}{}{}): {} messages wait, trying again until it works", status_name(status),
                 text.empty() ? "" : ": ", text, count);
}

void Target::note_trouble(std::string text) {
    const std::lock_guard lock(mutex_);
    trouble_ = std::move(text);
    trouble_since_ns_ = away_since_ns_;
}

std::int64_t Target::give_up_full_at() const {
    if (full_since_ns_ == 0 || no_room_since_ns_ == 0) return INT64_MAX;
    return std::max(full_since_ns_, no_room_since_ns_) + (has_given_up_full_ ? 0 : full_grace_ns);
}

void Target::give_up_full() {
    if (!std::exchange(has_given_up_full_, true))
        logger_.info("is full, and nobody takes anything from it any more as the host stops: {} messages that wait for it go back",
                     waiting_.size() + again_.size());
    note_full(false);
    retry_at_ns_ = 0;
    finish_waiting(SLUICE_STOPPED, options_.name + " is full, and the host stops");
}

void Target::fail_for_good(const std::string& text) {
    if (!failed_for_good_.empty()) return;
    failed_for_good_ = options_.name + " failed for good: " + (text.empty() ? "the plugin gave no reason" : text);
    logger_.error("failed for good: {}; what waits for it is not acked", text.empty() ? "the plugin gave no reason" : text);
    finish_waiting(SLUICE_FAILED, failed_for_good_);
    if (options_.on_failed) options_.on_failed(failed_for_good_);
}

}  // namespace sluice
