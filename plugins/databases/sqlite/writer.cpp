#include "writer.hpp"

namespace sluice::sqlite {

void Writer::open(const std::string& path, std::chrono::milliseconds busy_timeout) {
    patience_ms_.store(busy_timeout.count(), std::memory_order_relaxed);
    connection_.open(path, busy_timeout);
    std::lock_guard lock(mutex_);
    is_stopping_ = is_failing_ = false;
    is_running_ = true;
    thread_ = std::thread([this] { run(); });
}

void Writer::close() {
    {
        std::lock_guard lock(mutex_);
        is_stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void Writer::submit(Unit& unit) {
    unit.turn.unit = &unit;
    if (!push_if_running(unit.turn)) unit.owner->end(unit, SLUICE_UNAVAILABLE, "the database is closed");
}

void Writer::submit(Job& job) {
    job.turn.job = &job;
    if (!push_if_running(job.turn)) job.end({SLUICE_UNAVAILABLE, "the database is closed"});
}

bool Writer::push_if_running(Turn& turn) {
    std::lock_guard lock(mutex_);
    if (!is_running_) return false;
    const bool was_idle = first_ == nullptr;
    push(turn);
    if (was_idle) wake_.notify_one();
    return true;
}

void Writer::be_patient(std::chrono::milliseconds busy_timeout) {
    if (busy_timeout <= patience()) return;
    patience_ms_.store(busy_timeout.count(), std::memory_order_relaxed);
    connection_.set_busy_timeout(busy_timeout);
}

Status Writer::hold(Turn& turn, std::chrono::milliseconds at_most) {
    turn = {};
    std::unique_lock lock(mutex_);
    if (!is_running_) return {SLUICE_UNAVAILABLE, "the database is closed"};
    push(turn);
    wake_.notify_one();
    if (granted_.wait_for(lock, at_most, [&] { return holder_ == &turn; })) return SLUICE_OK;
    remove(turn);
    return {SLUICE_CONFLICT,
            "waited " + std::to_string(at_most.count()) +
                " ms (`busy_timeout`) for the writer: another worker reads inside its unit of work and keeps it"};
}

void Writer::release() {
    {
        std::lock_guard lock(mutex_);
        holder_ = nullptr;
    }
    wake_.notify_one();
}

Status Writer::ping() {
    {
        std::lock_guard lock(mutex_);
        if (!is_running_) return {SLUICE_UNAVAILABLE, "the database is closed"};
        if (!is_failing_) return SLUICE_OK;
    }
    Turn turn;
    if (Status held = hold(turn); !held.ok()) return as_unavailable(held);
    const Status probed = as_unavailable(connection_.probe());
    release();
    note_outcome(probed);
    return probed;
}

void Writer::note_outcome(const Status& outcome) {
    std::lock_guard lock(mutex_);
    is_failing_ = !outcome.ok();
}

void Writer::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [this] { return first_ != nullptr || is_stopping_; });
        if (first_ == nullptr) break;
        if (first_->wants_writer()) {
            holder_ = first_;
            remove(*first_);
            granted_.notify_all();
            wake_.wait(lock, [this] { return holder_ == nullptr; });
        } else {
            units_.clear();
            jobs_.clear();
            for (std::size_t messages = 0; first_ != nullptr && !first_->wants_writer() && messages < group_messages_max;
                 remove(*first_)) {
                if (first_->unit != nullptr) {
                    units_.push_back(first_->unit);
                    messages += first_->unit->entries.size();
                } else {
                    jobs_.push_back(first_->job);
                    messages += first_->job->messages;
                }
            }
            lock.unlock();
            end_group();
            lock.lock();
        }
        lock.unlock();
        connection_.checkpoint_if_due();
        lock.lock();
    }
    is_running_ = false;
}

void Writer::end_group() {
    // What stands behind one that has failed is answered but not applied; only its owner knows which.
    applied_.clear();
    for (Unit* unit : units_)
        if (!unit->owner->is_fenced(*unit)) applied_.units.push_back(unit);
    for (Job* job : jobs_)
        if (!job->is_fenced()) applied_.jobs.push_back(job);
    Status outcome;
    if (!applied_.units.empty() || !applied_.jobs.empty()) {
        outcome = commit_together(connection_, records_, applied_, expects_faults_);
        note_outcome(outcome);
    }
    for (Unit* unit : units_) unit->owner->end(*unit, outcome.code(), outcome.text());
    for (Job* job : jobs_) job->end(outcome);
}

void Writer::push(Turn& turn) {
    turn.next = nullptr;
    (last_ ? last_->next : first_) = &turn;
    last_ = &turn;
}

void Writer::remove(Turn& turn) {
    Turn* before = nullptr;
    for (Turn* at = first_; at != nullptr; before = at, at = at->next) {
        if (at != &turn) continue;
        (before ? before->next : first_) = turn.next;
        if (last_ == &turn) last_ = before;
        return;
    }
}

}  // namespace sluice::sqlite
