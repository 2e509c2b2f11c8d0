#include "writer.hpp"

namespace sluice::sqlite {

void Writer::open(const std::string& path, std::chrono::milliseconds busy_timeout, const std::string& setup) {
    patience_ = busy_timeout;
    connection_.open(path, busy_timeout, setup);
}

void Writer::start(Deduplication* records) {
    records_ = records;
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
    {
        std::lock_guard lock(mutex_);
        if (is_running_) {
            const bool was_idle = first_ == nullptr;
            push(unit.turn);
            if (was_idle) wake_.notify_one();
            return;
        }
    }
    unit.owner->end(unit, SLUICE_UNAVAILABLE, "the database is closed");
}

Status Writer::hold(Turn& turn) {
    turn.unit = nullptr;
    std::unique_lock lock(mutex_);
    if (!is_running_) return {SLUICE_UNAVAILABLE, "the database is closed"};
    push(turn);
    wake_.notify_one();
    if (granted_.wait_for(lock, patience_, [&] { return holder_ == &turn; })) return SLUICE_OK;
    remove(turn);
    return {SLUICE_CONFLICT,
            "waited " + std::to_string(patience_.count()) +
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
        if (first_->unit == nullptr) {
            holder_ = first_;
            remove(*first_);
            granted_.notify_all();
            wake_.wait(lock, [this] { return holder_ == nullptr; });
        } else {
            group_.clear();
            std::size_t messages = 0;
            while (first_ != nullptr && first_->unit != nullptr && (group_.empty() || messages < group_messages_max)) {
                group_.push_back(first_->unit);
                messages += first_->unit->entries.size();
                remove(*first_);
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
    // Units behind one that has failed are answered but not applied; only their owner knows which.
    applied_.clear();
    for (Unit* unit : group_)
        if (!unit->owner->is_fenced(*unit)) applied_.push_back(unit);
    Status outcome;
    if (!applied_.empty()) {
        outcome = commit_together(connection_, records_, applied_, expects_faults_);
        note_outcome(outcome);
    }
    for (Unit* unit : group_) unit->owner->end(*unit, outcome.code(), outcome.text());
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
