#include "unit/commits.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <thread>
#include <unordered_set>
#include <utility>

#include "publish/target.hpp"

namespace sluice {
Commits::Commits(Logger logger, std::function<void()> news, std::uint32_t tag) : logger_(logger), news_(std::move(news)) {
    for (Unit& unit : units_) {
        unit.owner = this;
        unit.tag = tag;
    }
}

Unit& Commits::begin() {
    const auto unit = std::find_if(units_.begin(), units_.end(), [](const Unit& u) { return u.stage == Unit::Stage::unused; });
    unit->stage = Unit::Stage::filling;
    if (++generation_ == 0) ++generation_;  // a ticket is never 0
    unit->generation = generation_;
    order_.push_back(&*unit);
    return *unit;
}

void Commits::submit(Unit& unit, Session& session) {
    session.filled(unit);
    const auto& connections = session.connections();
    for (std::uint32_t position = 0; position < connections.size(); ++position)
        if (unit.handles[position] != 0) unit.to_commit.push_back(position);
    // From the back: first those that cannot recognise a message, so that a crash in between is found by the one that can.
    std::stable_partition(unit.to_commit.begin(), unit.to_commit.end(),
                          [&](std::uint32_t position) { return session.commits_last(position); });
    if (std::all_of(unit.messages.begin(), unit.messages.end(),
                    [](const Message* message) { return message == nullptr || message->deferred; }))
        abandon(unit, session);  // all of them come again: nothing to make durable
    unit.has_effects = !unit.to_commit.empty() || !unit.publishes.empty();
    unit.publishes.sort();  // those of a call with many messages may be mixed
    unit.stage = unit.has_effects ? Unit::Stage::waiting : Unit::Stage::finished;
    advance(session);
}

// (4)
bool Commits::may_follow(const Unit& unit, const Unit& earlier) {
    switch (earlier.stage) {
        case Unit::Stage::publishing:
        case Unit::Stage::finished: return true;
        case Unit::Stage::committing:
            return earlier.to_commit.empty() && !unit.to_commit.empty() && unit.to_commit.back() == earlier.committing_at;
        default: return false;
    }
}

void Commits::advance(Session& session) {
    for (std::size_t at = 0; at < order_.size(); ++at) {
        Unit& unit = *order_[at];
        if (unit.stage != Unit::Stage::waiting) continue;
        const auto end = order_.begin() + static_cast<std::ptrdiff_t>(at);
        if (std::any_of(order_.begin(), end, [](const Unit* earlier) { return earlier->failed || earlier->partly_failed; }))
            fail(unit, session, SLUICE_CONFLICT, "a unit before it failed");
        else if (std::all_of(order_.begin(), end, [&](const Unit* earlier) { return may_follow(unit, *earlier); }))
            step(unit, session);
    }
}

void Commits::step(Unit& unit, Session& session) {
    if (!unit.to_commit.empty()) {
        const std::uint32_t position = unit.to_commit.back();
        if (const sluice_status ready = session.before_commit(unit, position); ready != SLUICE_OK)
            return fail(unit, session, ready, session.fault().text());
        unit.to_commit.pop_back();
        unit.committing_at = position;
        unit.stage = Unit::Stage::committing;
        commit(unit, *session.connections()[position], std::exchange(unit.handles[position], 0));
    } else if (!unit.publishes.empty()) {
        unit.stage = Unit::Stage::publishing;
        publish(unit, session);
    } else {
        unit.stage = Unit::Stage::finished;
    }
}

// The answer may come, on another thread, before commit_submit has returned: nothing of the unit is touched after that call.
void Commits::commit(Unit& unit, Connection& connection, Unit::Handle handle) {
    const std::uint64_t token = token_of(unit, index_of(unit));
    unit.answer.status = SLUICE_OK;
    unit.answer.text.clear();
    unit.answer.items.clear();
    // (W) the emptied answer is visible to whoever answers, (R) in committed()
    unit.awaited.store(token, std::memory_order_release);
    FaultBuffer fault;
    if (const sluice_status sealed = connection.port().seal(handle, fault.get()); sealed != SLUICE_OK) {
        connection.port().abandon_unit(handle);
        const std::string text = fault.text();
        committed(token, sealed, nullptr, 0, {text.data(), text.size()});
        return;
    }
    connection.port().commit_submit(handle, token);
}

void Commits::committed(std::uint64_t token, sluice_status status, const sluice_commit_result* results, std::uint64_t count,
                        sluice_bytes text) {
    const std::size_t index = token & 0xff;
    std::uint64_t expected = token;
    // (R) acquire pairs with (W) in commit(). The exchange lets one answer through, whoever else answers.
    if (index >= units_.size() || token == 0 ||
        !units_[index].awaited.compare_exchange_strong(expected, 0, std::memory_order_acq_rel)) {
        logger_.error("a database answered a commit that nobody waits for (twice, or late); the answer is ignored");
        return;
    }
    Unit& unit = units_[index];
    unit.answer.status = status;
    try {
        unit.answer.text.assign(text.data, text.size);
        for (std::uint64_t i = 0; i < count; ++i)
            unit.answer.items.push_back({Unit::index_of(results[i].ticket), results[i].status,
                                         std::string(results[i].text.data, results[i].text.size)});
    } catch (const std::exception&) {  // no memory for it: as if the answer were lost
        unit.answer.status = SLUICE_UNKNOWN;
        unit.answer.items.clear();
    }
    returned(unit);
}

void Commits::collect(Session& session) {
    for (Unit* unit = returned_.take(); unit != nullptr;) {
        Unit* next = unit->next;
        if (unit->stage == Unit::Stage::committing)
            take_answer(*unit, session);
        else
            take_publishes(*unit, session);
        unit = next;
    }
    advance(session);
}

void Commits::take_answer(Unit& unit, Session& session) {
    const Connection& connection = *session.connections()[unit.committing_at];
    if (unit.answer.status != SLUICE_OK) {
        connection.note(unit.answer.status, clean_text(unit.answer.text));
        for (const Unit::Answer::Item& item : unit.answer.items)
            if (item.status == SLUICE_LOST_LEASE && item.message < unit.messages.size() &&
                unit.messages[item.message] != nullptr)
                unit.messages[item.message]->outcome = Outcome::lost_lease;  // that does not run again
        fail(unit, session, unit.answer.status, unit.answer.text);
        return;
    }
    connection.circuit().worked();
    for (const Unit::Answer::Item& item : unit.answer.items)
        if (item.message < unit.messages.size() && unit.messages[item.message] != nullptr &&
            unit.messages[item.message]->outcome == Outcome::acked)
            take_result(unit, item, connection, session);
    if (unit.partly_failed && unit.keeps_order) hold_back_followers(unit, session);
    unit.publishes.sort();  // those found with a record came last
    unit.stage = Unit::Stage::waiting;
}

// Of a key whose message runs again, nothing that follows is committed elsewhere or published before that. What this database
// has committed of them already - against the rules of sluice/database.h, or because only the publishes of a message that was
// seen before could not be found - is found by its record when they run again, or done once more.
void Commits::hold_back_followers(Unit& unit, Session& session) {
    std::unordered_set<std::uint64_t> keys;
    for (std::uint32_t index = 0; index < unit.messages.size(); ++index) {
        Message* message = unit.messages[index];
        if (message == nullptr || message->key_hash == 0 || message->acked_in_unit) continue;
        const bool has_verdict = message->outcome != Outcome::none && message->outcome != Outcome::lost_lease;
        if (has_verdict && keys.contains(message->key_hash)) {
            session.drop(unit, index, true);
            message->outcome = Outcome::none;
        }
        if (message->outcome == Outcome::none && !message->deferred) keys.insert(message->key_hash);
    }
}

// A message that was to be done and has not ended so.
void Commits::take_result(Unit& unit, const Unit::Answer::Item& item, const Connection& connection, Session& session) {
    Message& message = *unit.messages[item.message];
    message.acked_in_unit = false;
    const auto run_again = [&](sluice_status status, std::string why) {
        message.outcome = Outcome::none;
        unit.partly_failed = true;
        unit.retry_later |= status != SLUICE_CONFLICT;
        unit.answer.text = std::move(why);
    };
    if (item.status == SLUICE_SEEN) {
        // What it has published in this run is what it published then; only what is not confirmed yet is sent.
        unit.publishes.remove(item.message);
        if (const sluice_status found = session.recognised(unit, item.message); found != SLUICE_OK)
            run_again(found, session.fault().text());
        return;
    }
    const bool runs_again = is_of_the_database(item.status);
    session.drop(unit, item.message, true);  // from the databases that have not committed yet
    if (runs_again) {
        connection.note(item.status, clean_text(item.text));
        run_again(item.status, item.text);
    } else if (item.status == SLUICE_LOST_LEASE) {
        message.outcome = Outcome::lost_lease;
    } else {
        message.outcome = Outcome::dead_letter;
        message.fail(item.text.empty() ? "the database refused its writes: " + status_name(item.status) : item.text);
    }
}

void Commits::abandon(Unit& unit, Session& session) {
    for (const std::uint32_t position : unit.to_commit)
        session.connections()[position]->port().abandon_unit(unit.handles[position]);
    unit.to_commit.clear();
}

// Nothing of it is durable (or nobody knows): all of it runs again, and what other databases have not committed is forgotten.
void Commits::fail(Unit& unit, Session& session, sluice_status status, std::string_view text) {
    logger_.debug("a unit of {} messages was not committed and runs again: {} {}", unit.messages.size(), status_name(status),
                  text);
    abandon(unit, session);
    unit.failed = true;
    unit.retry_later = status != SLUICE_CONFLICT;
    unit.answer.text.assign(text);
    unit.stage = Unit::Stage::finished;
}

void Commits::publish(Unit& unit, Session& session) {
    const auto& targets = session.dependencies().targets;
    unit.batches.resize(targets.size());
    for (const Publishes::Item& item : unit.publishes.items()) {
        const Message* message = unit.messages[item.message];
        if (message == nullptr || message->outcome != Outcome::acked) continue;  // failed in the commit
        auto& batch = unit.batches[item.target];
        if (!batch) batch = std::make_unique<Unit::Batch>();
        batch->publish.messages.push_back(item.outgoing);
        batch->messages.push_back(item.message);
    }
    const auto is_used = [](const auto& batch) { return batch && !batch->messages.empty(); };
    const auto open = static_cast<std::uint32_t>(std::count_if(unit.batches.begin(), unit.batches.end(), is_used));
    if (open == 0) {
        unit.stage = Unit::Stage::finished;
        return;
    }
    // The last confirmation may come before the last submit() has returned. It only hands the unit back to this worker, which
    // is busy here, so the unit stays as it is until the loop has ended.
    unit.batches_open.store(open, std::memory_order_relaxed);  // handed over by submit()
    for (std::size_t target = 0; target < targets.size(); ++target) {
        if (!is_used(unit.batches[target])) continue;
        PublishBatch& batch = unit.batches[target]->publish;
        batch.context = &unit;
        batch.done = [](PublishBatch* done) {
            Unit& its = *static_cast<Unit*>(done->context);
            // Acquire and release: whoever counts to zero has seen all other results, and hands them on.
            if (its.batches_open.fetch_sub(1, std::memory_order_acq_rel) == 1) its.owner->returned(its);
        };
        targets[target].second->submit(&batch);
    }
}

void Commits::returned(Unit& unit) {
    telling_.fetch_add(1, std::memory_order_relaxed);  // before the unit is seen to have come back
    returned_.push(&unit);
    news_();
    telling_.fetch_sub(1, std::memory_order_release);  // the last touch
}

// The unit may end, and the pool with it, while the thread that brought it back is still on its way to wake the worker.
void Commits::wait_for_tellers() const {
    while (telling_.load(std::memory_order_acquire) != 0) std::this_thread::yield();
}

void Commits::take_publishes(Unit& unit, Session& session) {
    const auto& targets = session.dependencies().targets;
    std::vector<Publishes::Item> refused;
    for (std::size_t target = 0; target < unit.batches.size(); ++target) {
        if (!unit.batches[target]) continue;
        Unit::Batch& batch = *unit.batches[target];
        for (std::size_t i = 0; batch.publish.failed != 0 && i < batch.messages.size(); ++i) {
            const PublishBatch::Result& result = batch.publish.results[i];
            if (result.status == SLUICE_OK) continue;
            Message& message = *unit.messages[batch.messages[i]];
            if (message.outcome == Outcome::released) continue;
            if (result.status == SLUICE_STOPPED || result.status == SLUICE_FAILED) {
                message.outcome = Outcome::released;  // for no fault of its own
                continue;
            }
            refused.push_back({batch.messages[i], static_cast<std::uint32_t>(target), batch.publish.messages[i]});
            message.outcome = Outcome::dead_letter;
            message.fail("its effects are committed, but target \"" + targets[target].first +
                         "\" refused what it publishes: " + result.text);
        }
        batch.publish.messages.clear();
        batch.messages.clear();
    }
    session.published(unit, std::move(refused));
    unit.stage = Unit::Stage::finished;
}

Unit* Commits::take_finished() {
    return !order_.empty() && order_.front()->stage == Unit::Stage::finished ? order_.front() : nullptr;
}

void Commits::release(Unit& unit) {
    order_.erase(std::find(order_.begin(), order_.end(), &unit));
    unit.messages.clear();
    unit.handles.fill(0);
    unit.has_effects = false;
    unit.failed = false;
    unit.partly_failed = false;
    unit.is_queried = false;
    unit.retry_later = false;
    unit.publishes.clear();
    unit.kept.clear();
    unit.stage = Unit::Stage::unused;
}

}  // namespace sluice
