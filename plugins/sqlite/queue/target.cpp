#include "queue/target.hpp"

#include "clock.hpp"
#include "queue/publish_job.hpp"

namespace sluice::sqlite {

QueueTarget::QueueTarget(QueueSettings settings)
    : QueueRole(std::move(settings)),
      bounds_{settings_.max_messages, settings_.max_bytes} {}

QueueTarget::~QueueTarget() {
    QueueTarget::close();
}

Status QueueTarget::open(TargetSink sink) {
    enter();
    sink_ = sink;
    try {
        if (settings_.deduplicate) queue_->remember_ids(settings_.keep);
    } catch (...) {
        leave();
        throw;
    }
    queue_->levels().bind(bounds_);
    return SLUICE_OK;
}

Status QueueTarget::publish(std::span<const sluice_outgoing* const> messages, std::uint64_t first_token) {
    if (messages.empty()) return SLUICE_OK;
    sizes_.clear();
    for (const sluice_outgoing* message : messages) {
        sizes_.push_back(stored_size(*message));
        if (Status checked = check(*message, sizes_.back()); !checked.ok()) return checked;
    }
    PublishJob* const job = wait_for_job();
    if (job == nullptr) return {SLUICE_UNAVAILABLE, "messages before these could not be stored, and come first"};

    const std::size_t admitted = queue_->levels().admit(sizes_, room_patience);
    const std::int64_t now_ms = unix_ms();
    for (const sluice_outgoing* message : messages.first(admitted)) job->add(*message, now_ms);
    job->first_token = first_token;
    {
        const std::lock_guard lock(mutex_);
        if (admitted == 0) {
            idle_.push_back(job);
            return is_full(messages.size());
        }
        job->epoch = epoch_;
        ++away_;
        bytes_away_ += static_cast<std::size_t>(job->bytes);
        if (admitted < messages.size()) has_failed_ = true;
    }
    queue_->file().writer().submit(*job);
    if (admitted < messages.size())
        sink_.published(first_token + admitted, messages.size() - admitted, SLUICE_FULL,
                        is_full(messages.size() - admitted).text());
    return SLUICE_QUEUED;
}

// NULL: messages before these have failed.
PublishJob* QueueTarget::wait_for_job() {
    std::unique_lock lock(mutex_);
    back_.wait(lock, [this] { return has_failed_ ? away_ == 0 : away_ < jobs_max && bytes_away_ < bytes_max; });
    if (has_failed_) {
        has_failed_ = false;
        epoch_ = failed_epoch_ + 1;
        return nullptr;
    }
    if (idle_.empty()) {
        jobs_.push_back(std::make_unique<PublishJob>(*queue_, *this, settings_.deduplicate));
        idle_.push_back(jobs_.back().get());
    }
    PublishJob* const job = idle_.back();
    idle_.pop_back();
    job->clear();
    return job;
}

// What no waiting would help.
Status QueueTarget::check(const sluice_outgoing& message, std::int64_t size) const {
    const QueueLevels::Bounds bounds = queue_->levels().bounds();
    if (bounds.bytes != 0 && size > bounds.bytes)
        return {SLUICE_INVALID, "a message of " + std::to_string(size) + " bytes is larger than the queue \"" + queue_->name() +
                                    "\" may be: raise its `max_bytes`, which is " + std::to_string(bounds.bytes)};
    if (message.header_count > headers_max)
        return {SLUICE_INVALID, "a message of " + std::to_string(message.header_count) + " headers: this queue stores up to " +
                                    std::to_string(headers_max)};
    return SLUICE_OK;
}

Status QueueTarget::is_full(std::size_t count) const {
    const QueueLevels::Bounds bounds = queue_->levels().bounds();
    const QueueCounts counts = queue_->levels().counts();
    std::string text = "the queue \"" + queue_->name() + "\" in \"" + queue_->file().path() + "\" is full: it holds " +
                       std::to_string(counts.messages);
    if (bounds.messages != 0) text += " of " + std::to_string(bounds.messages) + " (`max_messages`)";
    text += " messages, " + std::to_string(counts.bytes);
    if (bounds.bytes != 0) text += " of " + std::to_string(bounds.bytes) + " (`max_bytes`)";
    return {SLUICE_FULL, text + " bytes, and has no room for " + std::to_string(count) +
                             " more: they are stored once messages have been taken out"};
}

bool QueueTarget::is_fenced(const PublishJob& job) {
    const std::lock_guard lock(mutex_);
    return job.epoch <= failed_epoch_;
}

void QueueTarget::back(PublishJob& job, Status outcome) {
    {
        const std::lock_guard lock(mutex_);
        if (job.epoch <= failed_epoch_) {
            outcome = {SLUICE_UNAVAILABLE, "messages before these could not be stored, and come first"};
        } else if (!outcome.ok()) {
            failed_epoch_ = job.epoch;
            has_failed_ = true;
        }
    }
    queue_->levels().arrived(static_cast<std::int64_t>(job.messages), job.bytes);
    sink_.published(job.first_token, job.messages, outcome.code(), outcome.text());
    const std::lock_guard lock(mutex_);
    idle_.push_back(&job);
    --away_;
    bytes_away_ -= static_cast<std::size_t>(job.bytes);
    back_.notify_all();  // under the lock: close() may not end before this call has
}

// Of its own options: the tightest bound of the queue may be another target's, which may leave.
Status QueueTarget::limits(sluice_queue_limits& limits) {
    limits.message_bytes_max = static_cast<std::uint64_t>(bounds_.bytes);
    return SLUICE_OK;
}

void QueueTarget::close() {
    if (queue_ == nullptr) return;
    {
        std::unique_lock lock(mutex_);
        back_.wait(lock, [this] { return away_ == 0; });
    }
    idle_.clear();
    jobs_.clear();
    queue_->levels().unbind(bounds_);
    leave();
}

}  // namespace sluice::sqlite
