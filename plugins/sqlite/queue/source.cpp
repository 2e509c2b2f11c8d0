#include "queue/source.hpp"

#include <algorithm>

#include "clock.hpp"

namespace sluice::sqlite {
namespace {

using std::chrono::steady_clock;

// How often the host is told up to where everything is settled: it only folds records.
constexpr std::chrono::milliseconds confirm_every{200};

}  // namespace

Status QueueSource::open(SourceSink sink) {
    enter();
    try {
        queue_->claim_for_source();
        sink_ = sink;
        reader_.emplace(*queue_, sink);
        interruption_.on_interrupt([bell = &queue_->bell()] { bell->ring(); });
    } catch (...) {
        leave();
        throw;
    }
    return SLUICE_OK;
}

Status QueueSource::poll(const Poll& poll) {
    auto now = steady_clock::now();
    const auto deadline = now + poll.wait;
    for (;;) {
        bool has_news = report_ended();
        if (is_permanent(trouble_.code())) return trouble_;
        if (Status told = confirm_lowest(now); !told.ok()) return told;
        const std::int64_t now_ms = unix_ms();
        std::uint32_t delivered = 0;
        if (returning_ == 0)
            if (Status read = reader_->read(poll.max, now_ms, delivered); !read.ok() && delivered == 0) return read;
        if (delivered != 0) return SLUICE_OK;
        if (settings_.until_empty && has_ended()) return SLUICE_END;
        // Nothing is stored, so nobody has looked whether the file is still there.
        if (Status there = queue_->file().check_in_place(); !there.ok()) return there;
        if (interruption_.is_asked()) return {SLUICE_UNAVAILABLE, "the host waits no longer"};
        has_news |= woken_.exchange(false, std::memory_order_relaxed);
        if (has_news || now >= deadline) return SLUICE_OK;
        auto until = deadline;
        // Compared before it is added: a time that is due in a million years does not fit the clock.
        if (const std::int64_t due_ms = reader_->next_due_ms(); due_ms != 0 && due_ms - now_ms < poll.wait.count())
            until = std::min(until, now + std::chrono::milliseconds(std::max<std::int64_t>(due_ms - now_ms, 1)));
        if (has_settled_) until = std::min(until, std::max(lowest_due_, now));
        queue_->bell().wait_until(until);
        now = steady_clock::now();
    }
}

Status QueueSource::settle(std::span<const sluice_settlement> items) {
    (void)report_ended();
    SettleJob& job = idle_job();
    tags_.clear();
    stale_.clear();
    refused_.clear();
    {
        const std::lock_guard lock(queue_->delivery());
        for (const sluice_settlement& item : items) take(item, job);
    }
    // What needs no transaction is confirmed at once, whatever becomes of the rest.
    const bool is_queued = !job.acked.empty() || !job.given_back.empty() || !stale_.empty() || !refused_.empty();
    if (job.is_empty())
        idle_.push_back(&job);
    else
        submit(job);
    if (!is_queued) return SLUICE_OK;
    if (!tags_.empty()) sink_.settled(tags_, SLUICE_OK);
    if (!stale_.empty()) sink_.settled(stale_, SLUICE_STALE);
    if (!refused_.empty()) sink_.settled(refused_, SLUICE_INVALID);
    return SLUICE_QUEUED;
}

// One settlement: into the job, or done at once, its tag in tags_. The host may ack again what is not in flight any more, after
// an answer it did not believe: that is done. A release of it would bring nothing.
void QueueSource::take(const sluice_settlement& item, SettleJob& job) {
    InFlight& in_flight = queue_->in_flight();
    if (!in_flight.contains(item.tag)) {
        if (item.action != SLUICE_ATTEMPTED) (item.action == SLUICE_RELEASE ? stale_ : tags_).push_back(item.tag);
        return;
    }
    const std::uint32_t bytes = in_flight.bytes(item.tag);
    switch (item.action) {
        case SLUICE_RELEASE:
            if (item.delay_ms <= 0 && item.attempt == 0) {
                in_flight.erase(item.tag);
                reader_->give_back(item.tag);
                tags_.push_back(item.tag);
            } else {
                job.given_back.push_back({item.tag, item.delay_ms > 0 ? due_after(unix_ms(), item.delay_ms) : 0, item.attempt});
                returning_ += item.delay_ms <= 0;
            }
            return;
        case SLUICE_ATTEMPTED: job.attempted.push_back({item.tag, item.attempt}); return;
        case SLUICE_ACKED_IN_UNIT:
            in_flight.erase(item.tag);
            queue_->levels().add({-1, -static_cast<std::int64_t>(bytes), 0});
            has_settled_ = true;
            tags_.push_back(item.tag);
            return;
        case SLUICE_ACK: job.acked.push_back({item.tag, bytes}); return;
        default: refused_.push_back(item.tag);  // never taken for an ack: the message would be lost
    }
}

Status QueueSource::flush() {
    (void)report_ended();
    if (!attempted_again_.empty()) {
        SettleJob& job = idle_job();
        submit(job);
    }
    while (away_ != 0) {
        queue_->bell().wait();
        (void)report_ended();
    }
    if (!trouble_.ok()) return trouble_;
    return confirm_lowest(steady_clock::time_point::max());
}

void QueueSource::wake() noexcept {
    woken_.store(true, std::memory_order_relaxed);  // the bell orders it
    queue_->bell().ring();
}

void QueueSource::close() {
    if (queue_ == nullptr) return;
    // Nobody is told any more: what was not confirmed before is in flight no longer, and comes again unless it is gone.
    while (away_ != 0) {
        queue_->bell().wait();
        const std::lock_guard lock(mutex_);
        away_ -= ended_.size();
        ended_.clear();
    }
    reader_.reset();
    queue_->unclaim_for_source();
    jobs_.clear();
    idle_.clear();
    attempted_again_.clear();
    returning_ = 0;
    trouble_ = SLUICE_OK;
    has_settled_ = false;
    leave();
}

// The source may be closed, and gone, once the job is seen to have ended; the bell outlives the writer.
void QueueSource::back(SettleJob& job) {
    Bell& bell = queue_->bell();
    {
        const std::lock_guard lock(mutex_);
        ended_.push_back(&job);
    }
    bell.ring();
}

// A job to fill, with what could not be stored before.
SettleJob& QueueSource::idle_job() {
    if (idle_.empty()) {
        jobs_.push_back(std::make_unique<SettleJob>(*queue_, static_cast<SettleJob::Owner&>(*this)));
        idle_.push_back(jobs_.back().get());
    }
    SettleJob& job = *idle_.back();
    idle_.pop_back();
    job.clear();
    job.attempted.swap(attempted_again_);
    return job;
}

void QueueSource::submit(SettleJob& job) {
    job.messages = job.acked.size() + job.given_back.size() + job.attempted.size();
    ++away_;
    queue_->file().writer().submit(job);
}

bool QueueSource::report_ended() {
    {
        const std::lock_guard lock(mutex_);
        ended_now_.swap(ended_);
    }
    for (SettleJob* job : ended_now_) {
        report(*job);
        --away_;
        idle_.push_back(job);
    }
    const bool had_some = !ended_now_.empty();
    ended_now_.clear();
    return had_some;
}

void QueueSource::report(SettleJob& job) {
    const bool is_done = job.outcome.ok();
    // The host is told a number only, and repeats until it is done: the reason is said here, once.
    if (!is_done && trouble_.ok()) settings_.log.warn("settlements cannot be stored: ", job.outcome.text());
    trouble_ = job.outcome;
    tags_.clear();
    {
        const std::lock_guard lock(queue_->delivery());
        InFlight& in_flight = queue_->in_flight();
        for (const SettleJob::Acked& each : job.acked) {
            if (is_done) in_flight.erase(each.number);
            tags_.push_back(each.number);
        }
        for (const SettleJob::GivenBack& each : job.given_back) {
            if (is_done) in_flight.erase(each.number);
            if (is_done && each.due_ms == 0) reader_->give_back(each.number);
            if (is_done && each.due_ms != 0) reader_->give_back_later(each.due_ms);
            returning_ -= each.due_ms == 0;
            tags_.push_back(each.number);
        }
    }
    has_settled_ |= is_done;
    if (!is_done) attempted_again_.insert(attempted_again_.end(), job.attempted.begin(), job.attempted.end());
    if (!tags_.empty()) sink_.settled(tags_, job.outcome.code());
}

// Tells the host from time to time below which number everything is gone.
Status QueueSource::confirm_lowest(steady_clock::time_point now) {
    if (!has_settled_ || now < lowest_due_) return SLUICE_OK;
    std::uint64_t lowest = 0;
    if (Status found = reader_->lowest(lowest); !found.ok()) return found;
    has_settled_ = false;
    lowest_due_ = steady_clock::now() + confirm_every;
    if (lowest > lowest_) sink_.confirmed_below(queue_->stream(), lowest);
    lowest_ = lowest;
    return SLUICE_OK;
}

bool QueueSource::has_ended() const {
    const std::lock_guard lock(queue_->delivery());
    return away_ == 0 && queue_->in_flight().count() == 0 && reader_->is_empty();
}

}  // namespace sluice::sqlite
