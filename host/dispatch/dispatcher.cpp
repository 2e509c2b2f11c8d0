#include "dispatch/dispatcher.hpp"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

#include "core/bytes.hpp"
#include "core/clock.hpp"

namespace sluice {
namespace {

std::string_view id_of(const Message& message) {
    return view_of(message.view.id);
}

}  // namespace

Dispatcher::Dispatcher(SourceRouter router, MessageStore& store, std::vector<PoolLane> lanes, const RecordedBefore* recorded)
    : router_(std::move(router)),
      store_(store),
      recorded_(recorded),
      overdue_(store) {
    for (PoolLane& lane : lanes) {
        Loads loads(lane.pool->size(), lane.rebalance && lane.pool->size() > 1);
        Router& of = router_.router(static_cast<std::uint32_t>(pools_.size()));
        Pool pool{.lane = std::move(lane), .router = &of, .loads = std::move(loads)};
        const WorkPolicy& policy = pool.lane.pool->policy();
        pool.share = pool.lane.when_full.overflow / pool.lane.pool->size();
        pool.share_bytes = overflow_bytes(policy.queue_capacity, policy.queue_bytes, pool.share);
        counts_loads_ |= pool.lane.least_loaded || pool.loads.by_slot();
        for (std::uint32_t i = 0; i < pool.lane.pool->size(); ++i) pool.lines.push_back(Line(&pool.lane.pool->worker(i)));
        overdue_.add(*pool.lane.pool, pool.lane.logger);
        pools_.push_back(std::move(pool));
    }
    look_at_limits();
}

void Dispatcher::dispatch(MessageList polled, std::int64_t now_ns, MessageList& ended) {
    now_ns_ = now_ns;
    for (Pool& pool : pools_) pool.loads.look(now_ns);
    while (Message* message = polled.pop_front()) route(message, false, ended);
    push_waiting(now_ns, ended);
}

void Dispatcher::dispatch_again(MessageList kept, std::int64_t now_ns, MessageList& ended) {
    now_ns_ = now_ns;
    drops_nothing_ = true;
    while (Message* message = kept.pop_front()) route(message, true, ended);
    push_waiting(now_ns, ended);
}

// False: it waits until its slot moves. An idle slot has no message anywhere, so that any worker may have the next.
inline bool Dispatcher::place_by_slot(Pool& pool, Message* message, const Routed& routed, std::uint32_t& worker) {
    if (pool.router->names(routed.key_hash)) return true;
    if (routed.slot == pool.drain.slot) return hold(pool, message);
    message->slot = routed.slot;
    const bool idle = pool.loads.add_to_slot(routed.slot);
    if (idle && pool.loads.seems_much(worker)) worker = better_for(pool, routed.slot, worker);
    return true;
}

void Dispatcher::route(Message* message, bool again, MessageList& ended) {
    message->pool = no_pool;
    if (message->outcome == Outcome::dead_letter) {  // refused by its source
        ended.push_back(message);
        return;
    }
    SourceRouter::Picked picked = router_.route(message->view, scratch_);
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
    message->pool = static_cast<std::uint16_t>(picked.pool);
    message->slot = no_slot;
    message->key_hash = picked.routed.key_hash;
    if (picked.routed.has_key) {
        const std::string_view key = picked.routed.key;
        const std::less<const char*> before;
        const bool in_scratch = !before(key.data(), scratch_.data()) && before(key.data(), scratch_.data() + scratch_.size());
        if (in_scratch)
            store_.own_key(message, key);
        else
            message->view.key = {key.data(), key.size()};
        // A replayed message never went back: it is neither what a fence waits for nor what that would show to be missing.
        if (!again && !message->replayed && !pool.fences.empty() &&
            !pool.fences.pass(message->key_hash, id_of(*message), all_went_back_))
            return end(message, Outcome::released, ended);
    }
    std::uint32_t worker = picked.routed.worker;
    if (pool.lane.least_loaded)
        worker = pool.loads.least();
    else if (picked.routed.has_key && pool.loads.by_slot() && !place_by_slot(pool, message, picked.routed, worker))
        return;
    put(pool, message, worker);
}

void Dispatcher::push_waiting(std::int64_t now_ns, MessageList& ended) {
    now_ns_ = now_ns;
    if (drains_ != 0) end_drains();
    std::size_t kept = 0;
    for (auto& [pool, line] : in_use_) {
        // A worker that was asked to say when there is room has not said so yet.
        if (!line->worker->awaited()) push(*pool, *line, ended);
        if (pool->lane.when_full.then == WhenFull::Then::release && !line->messages.empty()) release_late(*pool, *line, ended);
        if (line->messages.empty())
            line->listed = false;
        else
            in_use_[kept++] = {pool, line};
    }
    in_use_.resize(kept);
    if (in_use_.empty() && drains_ == 0) drops_nothing_ = false;
    look_at_limits();
    for (Pool& pool : pools_) {
        if (pool.ready.empty()) continue;
        pool.lane.pool->schedule(pool.ready);
        pool.ready.clear();
    }
}

void Dispatcher::push(Pool& pool, Line& line, MessageList& ended) {
    BoundedQueue& queue = line.worker->queue();
    for (;;) {
        if (const BoundedQueue::Pushed pushed = queue.push(line.messages); pushed.count != 0) {
            line.bytes -= pushed.bytes;
            waiting_ -= pushed.count;
            say_depth(pool, line, pushed.depth);
            pool.ready.push_back(line.worker);
        }
        if (line.messages.empty()) return;
        if (pool.lane.when_full.then >= WhenFull::Then::drop_dead_letter && !drops_nothing_) drop(pool, line, ended);
        if (line.messages.empty()) return;
        line.worker->note_waiting_for_room();
        if (!queue.has_room(line.messages.first()->charge)) return begin_drain(pool, line.worker->index());
        line.worker->forget_waiting_for_room();  // there was some meanwhile
    }
}

Message* Dispatcher::take_first(Line& line) {
    Message* message = line.messages.pop_front();
    line.bytes -= message->charge;
    --waiting_;
    return message;
}

void Dispatcher::end(Message* message, Outcome outcome, MessageList& ended) {
    message->outcome = outcome;
    ended.push_back(message);
}

// What has ended before waits: the database knows its end, and what it may still have to publish.
void Dispatcher::drop(Pool& pool, Line& line, MessageList& ended) {
    MessageList kept;
    while (!line.messages.empty()) {
        Message* message = take_first(line);
        if (recorded_ != nullptr && recorded_->has(*message)) {
            kept.push_back(message);
            continue;
        }
        left(pool, *message);
        const bool keep = pool.lane.when_full.then == WhenFull::Then::drop_dead_letter;
        if (keep)
            message->fail("the queue of worker " + std::to_string(message->worker) +
                          " was full, and when_full says drop: dead_letter");
        end(message, keep ? Outcome::dead_letter : Outcome::dropped, ended);
    }
    keep_in(line, kept);
}

void Dispatcher::keep_in(Line& line, MessageList& kept) {
    while (Message* message = kept.pop_front()) {
        line.messages.push_back(message);
        line.bytes += message->charge;
        ++waiting_;
    }
}

// All of a line were polled together and have waited equally long. What cannot be fenced waits on.
void Dispatcher::release_late(Pool& pool, Line& line, MessageList& ended) {
    if (keeps_waiting_ || drops_nothing_ || now_ns_ - line.since_ns < pool.lane.when_full.timeout_ms * ns_per_ms) return;
    MessageList kept;
    std::uint32_t count = 0;
    for (; !line.messages.empty(); ++count) {
        Message* message = take_first(line);
        // A replayed one would never come again by itself, nor does anything follow it.
        if (message->key_hash != 0 && pool.lane.keeps_order && !message->replayed &&
            !pool.fences.raise(message->key_hash, id_of(*message), message->lane)) {
            kept.push_back(message);
            continue;
        }
        left(pool, *message);
        end(message, Outcome::released, ended);
    }
    count -= kept.size();
    line.since_ns = now_ns_;
    keep_in(line, kept);
    if (line.messages.empty()) line.worker->forget_waiting_for_room();
    if (count == 0) return;
    if (const auto left_out = line.releases.pass(now_ns_))
        pool.lane.logger.warn("worker {} had no room for {} ms: {} messages go back to the source{}", line.worker->index(),
                              pool.lane.when_full.timeout_ms, count, and_more(*left_out, "times since the last such line"));
}

void Dispatcher::say_depth(Pool& pool, Line& line, std::uint32_t depth) {
    const std::uint32_t capacity = line.worker->queue().capacity();
    const TwoWayNotice::Change change = line.nearly_full.update(depth, capacity);
    if (change == TwoWayNotice::Change::began && line.notices.pass(now_ns_)) {
        line.noticed = true;
        // Where polling waits for room, a full queue is how a fast source meets a slower handler; where messages are dropped,
        // it is a loss.
        pool.lane.logger.log(pool.lane.when_full.then <= WhenFull::Then::overflow ? LogLevel::debug : LogLevel::warn,
                             "the queue of worker {} is {} % full ({} of {} messages)", line.worker->index(),
                             depth * 100ull / capacity, depth, capacity);
    } else if (change == TwoWayNotice::Change::ended && std::exchange(line.noticed, false)) {
        pool.lane.logger.debug("the queue of worker {} is back below 50 % ({} of {} messages)", line.worker->index(), depth,
                               capacity);
    }
}

bool Dispatcher::fenced() const {
    return std::any_of(pools_.begin(), pools_.end(), [](const Pool& pool) { return !pool.fences.empty(); });
}

void Dispatcher::take_waiting(MessageList& out) {
    for (auto& [pool, line] : in_use_) {
        line->listed = false;
        line->worker->forget_waiting_for_room();
        while (!line->messages.empty()) {
            Message* message = take_first(*line);
            left(*pool, *message);
            out.push_back(message);
        }
    }
    in_use_.clear();
    for (const Line* line : blocked_) line->worker->forget_waiting_for_room();  // another dispatcher would wait for its word
    for (Pool& pool : pools_) take_held(pool, out);                             // newer than what of their slots was in a line
    look_at_limits();
}

void Dispatcher::take_left(MessageList& out) {
    for (auto& [pool, line] : in_use_)
        while (!line->messages.empty()) out.push_back(take_first(*line));
    in_use_.clear();
    blocked_.clear();
    for (Pool& pool : pools_) take_held(pool, out);
}

void Dispatcher::take_withdrawn(MessageList& out) {
    for (auto& [pool, line] : in_use_) {
        MessageList kept;
        while (!line->messages.empty()) {
            Message* message = take_first(*line);
            if (message->is_withdrawn()) left(*pool, *message);
            (message->is_withdrawn() ? out : kept).push_back(message);
        }
        keep_in(*line, kept);
    }
    for (Pool& pool : pools_) {  // what waits for its slot to move is not counted as its load
        MessageList kept;
        while (Message* message = pool.drain.held.pop_front()) {
            if (!message->is_withdrawn()) {
                kept.push_back(message);
                continue;
            }
            pool.drain.bytes -= message->charge;
            --waiting_;
            out.push_back(message);
        }
        pool.drain.held = kept;
    }
    look_at_limits();
}

void Dispatcher::lane_has_gone(std::uint16_t lane) {
    for (Pool& pool : pools_) pool.fences.forget_lane(lane);
}

void Dispatcher::tell_of_withdrawn() {
    for (Pool& pool : pools_) pool.lane.pool->tell_of_withdrawn();
}

void Dispatcher::release_all(MessageList& ended) {
    MessageList waiting;
    take_waiting(waiting);
    while (Message* message = waiting.pop_front()) end(message, Outcome::released, ended);
}

}  // namespace sluice
