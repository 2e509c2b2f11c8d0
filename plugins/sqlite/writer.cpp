#include "writer.hpp"

#include <utility>

#include "sluice/sdk/thread.hpp"

namespace sluice::sqlite {

void Writer::open(const std::string& path, bool gives_back_space) {
    connection_.open(path, gives_back_space);
    std::lock_guard lock(mutex_);
    is_stopping_ = is_failing_ = false;
    is_running_ = true;
    thread_ = start_thread("sqlite:write", [this] { run(); });
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

void Writer::wake_waiters() {
    const std::lock_guard lock(mutex_);
    granted_.notify_all();
}

Status Writer::hold(Turn& turn, std::chrono::milliseconds at_most, bool ends_with_patience) {
    turn = {};
    std::unique_lock lock(mutex_);
    if (!is_running_) return {SLUICE_UNAVAILABLE, "the database is closed"};
    push(turn);
    wake_.notify_one();
    granted_.wait_for(lock, at_most, [&] { return holder_ == &turn || (ends_with_patience && patience_.is_over()); });
    if (holder_ == &turn) return SLUICE_OK;
    remove(turn);
    if (ends_with_patience && patience_.is_over()) return {SLUICE_UNAVAILABLE, "the host waits no longer"};
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
    std::string unfit;
    {
        std::lock_guard lock(mutex_);
        if (!is_running_) return {SLUICE_UNAVAILABLE, "the database is closed"};
        if (!is_failing_) return SLUICE_OK;
        if (std::exchange(refuses_once_, false)) return {SLUICE_UNAVAILABLE, cause_};
        unfit = unfit_;
    }
    Turn turn;
    if (Status held = hold(turn); !held.ok()) return blameless(held);
    Status probed = unfit.empty() ? Status() : fits(connection_.handle(), unfit);
    if (probed.ok()) probed = blameless(connection_.probe());
    release();
    std::lock_guard lock(mutex_);
    is_failing_ = !probed.ok();
    if (probed.ok()) unfit_.clear();
    return probed;
}

void Writer::note_outcome(const Status& outcome) {
    const bool is_from_outside = !connection_.take_blame();
    std::string unfit = connection_.take_unfit();
    std::lock_guard lock(mutex_);
    is_failing_ = !outcome.ok();
    refuses_once_ = is_failing_ && is_from_outside;
    cause_ = outcome.text();
    unfit_ = is_failing_ ? std::move(unfit) : std::string();
}

void Writer::note_unfit(std::string_view sql, const std::string& why) {
    std::lock_guard lock(mutex_);
    is_failing_ = refuses_once_ = true;
    unfit_ = sql;
    cause_ = why;
}

void Writer::run() {
    std::unique_lock lock(mutex_);
    const auto has_work = [this] { return first_ != nullptr || is_stopping_; };
    for (Space::Left space = Space::Left::nothing;;) {
        if (space == Space::Left::later)
            wake_.wait_for(lock, space_retry, has_work);
        else
            wake_.wait(lock, has_work);
        if (first_ == nullptr && is_stopping_) break;
        if (first_ == nullptr) {
            // Nothing but the space that could not be given back.
        } else if (first_->wants_writer()) {
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
        do {
            if (has_work()) break;
            lock.unlock();
            space = connection_.give_back_a_slice();
            lock.lock();
        } while (space == Space::Left::more);
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
