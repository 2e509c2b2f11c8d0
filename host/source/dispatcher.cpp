#include "source/dispatcher.hpp"

#include <algorithm>
#include <functional>
#include <span>
#include <string_view>
#include <utility>

namespace sluice {

Dispatcher::Dispatcher(SourceRouter router, MessageStore& store, std::vector<PoolLane> lanes)
    : router_(std::move(router)), store_(store) {
    for (PoolLane& lane : lanes) {
        Pool pool{std::move(lane), {}, {}};
        for (std::uint32_t i = 0; i < pool.lane.pool->size(); ++i) pool.lines.push_back(Line(&pool.lane.pool->worker(i)));
        pools_.push_back(std::move(pool));
    }
    stage_.reserve(limits::poll_batch);
}

void Dispatcher::dispatch(MessageList polled, std::int64_t now_ns, MessageList& ended) {
    while (Message* message = polled.pop_front()) route(message, ended);
    push_waiting(now_ns, ended);
}

void Dispatcher::route(Message* message, MessageList& ended) {
    message->pool = no_pool;
    if (message->outcome == Outcome::dead_letter) {  // refused by its source
        ended.push_back(message);
        return;
    }
    const SourceRouter::Picked picked = router_.route(message->view, scratch_);
    if (picked.routed.to == Routed::To::dead_letter) {
        message->outcome = Outcome::dead_letter;
        if (picked.pool == SourceRouter::no_pool) {
            message->fail("no pool's `when` takes it");
        } else {
            message->pool = static_cast<std::uint16_t>(picked.pool);
            message->fail("it has no key, and missing_key says dead_letter");
        }
        ended.push_back(message);
        return;
    }
    Pool& pool = pools_[picked.pool];
    Line& line = pool.lines[picked.routed.worker];
    message->pool = static_cast<std::uint16_t>(picked.pool);
    message->worker = static_cast<std::uint16_t>(picked.routed.worker);
    message->slot = picked.routed.slot;
    message->key_hash = picked.routed.key_hash;
    message->view.worker = picked.routed.worker;
    if (picked.routed.has_key) {
        const std::string_view key = picked.routed.key;
        const std::less<const char*> before;
        const bool in_scratch = !before(key.data(), scratch_.data()) && before(key.data(), scratch_.data() + scratch_.size());
        if (in_scratch)
            store_.own_key(message, key);
        else
            message->view.key = {key.data(), key.size()};
    }
    line.messages.push_back(message);
    ++waiting_;
    if (!line.listed) {
        line.listed = true;
        in_use_.emplace_back(&pool, &line);
    }
}

void Dispatcher::push_waiting(std::int64_t now_ns, MessageList& ended) {
    now_ns_ = now_ns;
    if (in_use_.empty()) return;
    std::size_t kept = 0;
    for (auto& [pool, line] : in_use_) {
        // A worker that was asked to say when there is room has not said so yet.
        if (!line->worker->awaited()) push(*pool, *line, ended);
        if (line->messages.empty())
            line->listed = false;
        else
            in_use_[kept++] = {pool, line};
    }
    in_use_.resize(kept);
    for (Pool& pool : pools_) {
        if (pool.ready.empty()) continue;
        pool.lane.pool->schedule(pool.ready);
        pool.ready.clear();
    }
}

void Dispatcher::push(Pool& pool, Line& line, MessageList& ended) {
    BoundedQueue& queue = line.worker->queue();
    for (;;) {
        stage_.clear();
        std::uint64_t bytes = 0;
        while (!line.messages.empty() &&
               queue.has_room(static_cast<std::uint32_t>(stage_.size()), bytes, line.messages.first()->charge)) {
            Message* message = line.messages.pop_front();
            bytes += message->charge;
            stage_.push_back(message);
        }
        if (!stage_.empty()) {
            waiting_ -= static_cast<std::uint32_t>(stage_.size());
            say_depth(pool, line, queue.push(stage_));
            pool.ready.push_back(line.worker);
        }
        if (line.messages.empty()) return;
        if (pool.lane.when_full != WhenFullThen::block) {
            apply_policy(pool, line, ended);
            return;
        }
        line.worker->note_waiting_for_room();
        if (!queue.has_room(0, 0, line.messages.first()->charge)) return;
        line.worker->forget_waiting_for_room();  // there was some meanwhile
    }
}

void Dispatcher::apply_policy(Pool& pool, Line& line, MessageList& ended) {
    while (Message* message = line.messages.pop_front()) {
        --waiting_;
        if (pool.lane.when_full == WhenFullThen::drop_dead_letter) {
            message->outcome = Outcome::dead_letter;
            message->fail("the queue of worker " + std::to_string(message->worker) + " was full, and when_full says drop: dead_letter");
        } else {
            message->outcome = Outcome::dropped;
        }
        ended.push_back(message);
    }
}

void Dispatcher::say_depth(Pool& pool, Line& line, std::uint32_t depth) {
    const std::uint32_t capacity = line.worker->queue().capacity();
    const TwoWayNotice::Change change = line.nearly_full.update(depth, capacity);
    if (change == TwoWayNotice::Change::began && line.notices.pass(now_ns_)) {
        line.noticed = true;
        // Where polling waits for room, a full queue is how a fast source meets a slower handler; where messages are dropped, it is a loss.
        pool.lane.logger.log(pool.lane.when_full == WhenFullThen::block ? LogLevel::info : LogLevel::warn,
                             "the queue of worker {} is {} % full ({} of {} messages)", line.worker->index(), depth * 100ull / capacity,
                             depth, capacity);
    } else if (change == TwoWayNotice::Change::ended && std::exchange(line.noticed, false)) {
        pool.lane.logger.info("the queue of worker {} is below half again ({} of {} messages)", line.worker->index(), depth, capacity);
    }
}

bool Dispatcher::may_push() const {
    return std::any_of(in_use_.begin(), in_use_.end(), [](const auto& used) { return !used.second->worker->awaited(); });
}

void Dispatcher::release_all(MessageList& ended) {
    for (auto& [pool, line] : in_use_) {
        line->listed = false;
        while (Message* message = line->messages.pop_front()) {
            message->outcome = Outcome::released;
            ended.push_back(message);
        }
    }
    in_use_.clear();
    waiting_ = 0;
}

}  // namespace sluice
