#include "dispatch/pool_feed.hpp"

#include <algorithm>

#include "core/clock.hpp"

namespace sluice {
namespace {

void end(Message* message, Outcome outcome, MessageList& ended) {
    message->outcome = outcome;
    ended.push_back(message);
}

}  // namespace

PoolFeed::PoolFeed(Options options, Router& router, const RecordedBefore* recorded)
    : options_(std::move(options)),
      router_(&router),
      recorded_(recorded),
      moves_(router, *options_.pool, options_.rebalance, options_.when_full.then != WhenFull::Then::release),
      room_(*options_.pool, options_.when_full) {
    for (std::uint32_t i = 0; i < options_.pool->size(); ++i) lines_.emplace_back(options_.pool->worker(i));
}

void PoolFeed::push(std::int64_t now_ns, MessageList& ended) {
    now_ns_ = now_ns;
    if (moves_.is_on()) end_move();
    std::size_t kept = 0;
    for (Line* line : in_use_) {
        // A worker that was asked to say when there is room has not said so yet.
        if (!line->worker->awaited()) push(*line, ended);
        if (options_.when_full.then == WhenFull::Then::release && !line->messages.empty()) release_late(*line, ended);
        if (line->messages.empty())
            line->listed = false;
        else
            in_use_[kept++] = line;
    }
    in_use_.resize(kept);
    if (in_use_.empty() && !moves_.is_on()) drops_nothing_ = false;
}

void PoolFeed::end_move() {
    MessageList waited;
    const auto worker = moves_.end(waited);
    if (!worker) return;
    waiting_ -= waited.size();
    while (Message* message = waited.pop_front()) put(message, *worker);
}

void PoolFeed::push(Line& line, MessageList& ended) {
    BoundedQueue& queue = line.worker->queue();
    for (;;) {
        if (const BoundedQueue::Pushed pushed = queue.push(line.messages); pushed.count != 0) {
            line.bytes -= pushed.bytes;
            waiting_ -= pushed.count;
            note_depth(line, pushed.depth);
            ready_.push_back(line.worker);
        }
        if (line.messages.empty()) return;
        if (options_.when_full.then >= WhenFull::Then::drop_dead_letter && !drops_nothing_) drop(line, ended);
        if (line.messages.empty()) return;
        line.worker->note_waiting_for_room();
        if (!queue.has_room(line.messages.first()->charge)) return moves_.begin(line.worker->index());
        line.worker->forget_waiting_for_room();  // there was some meanwhile
    }
}

void PoolFeed::schedule() {
    if (ready_.empty()) return;
    options_.pool->schedule(ready_);
    ready_.clear();
}

// What has ended before waits: the database knows its end, and what it may still have to publish.
void PoolFeed::drop(Line& line, MessageList& ended) {
    MessageList kept;
    while (!line.messages.empty()) {
        Message* message = take_first(line);
        if (recorded_ != nullptr && recorded_->has(*message)) {
            kept.push_back(message);
            continue;
        }
        moves_.left(*message);
        const bool keep = options_.when_full.then == WhenFull::Then::drop_dead_letter;
        if (keep)
            message->fail("the queue of worker " + std::to_string(message->worker) +
                          " was full, and when_full says drop: dead_letter");
        end(message, keep ? Outcome::dead_letter : Outcome::dropped, ended);
    }
    keep_in(line, kept);
}

void PoolFeed::keep_in(Line& line, MessageList& kept) {
    while (Message* message = kept.pop_front()) {
        line.add(message);
        ++waiting_;
    }
}

// All of a line were polled together and have waited equally long. What cannot be fenced waits on.
void PoolFeed::release_late(Line& line, MessageList& ended) {
    if (keeps_waiting_ || drops_nothing_ || now_ns_ - line.since_ns < options_.when_full.timeout_ms * ns_per_ms) return;
    MessageList kept;
    std::uint32_t count = 0;
    for (; !line.messages.empty(); ++count) {
        Message* message = take_first(line);
        // A replayed one would never come again by itself, nor does anything follow it.
        if (message->key_hash != 0 && options_.keeps_order && !message->replayed &&
            !fences_.raise(message->key_hash, view_of(message->view.id), message->lane)) {
            kept.push_back(message);
            continue;
        }
        moves_.left(*message);
        end(message, Outcome::released, ended);
    }
    count -= kept.size();
    line.since_ns = now_ns_;
    keep_in(line, kept);
    if (line.messages.empty()) line.worker->forget_waiting_for_room();
    if (count == 0) return;
    if (const auto left_out = line.releases.pass(now_ns_))
        options_.logger.warn("worker {} had no room for {} ms: {} messages go back to the source{}", line.worker->index(),
                             options_.when_full.timeout_ms, count, and_more(*left_out, "times since the last such line"));
}

void PoolFeed::note_depth(Line& line, std::uint32_t depth) {
    const std::uint32_t capacity = line.worker->queue().capacity();
    const TwoWayNotice::Change change = line.nearly_full.update(depth, capacity);
    if (change == TwoWayNotice::Change::began && line.notices.pass(now_ns_)) {
        line.noticed = true;
        // Where polling waits for room, a full queue is how a fast source meets a slower handler; where messages are dropped,
        // it is a loss.
        options_.logger.log(options_.when_full.then <= WhenFull::Then::overflow ? LogLevel::debug : LogLevel::warn,
                            "the queue of worker {} is {} % full ({} of {} messages)", line.worker->index(),
                            depth * 100ull / capacity, depth, capacity);
    } else if (change == TwoWayNotice::Change::ended && std::exchange(line.noticed, false)) {
        options_.logger.debug("the queue of worker {} is back below 50 % ({} of {} messages)", line.worker->index(), depth,
                              capacity);
    }
}

void PoolFeed::take_waiting(MessageList& out) {
    for (Line* line : in_use_) {
        line->listed = false;
        line->worker->forget_waiting_for_room();
        while (!line->messages.empty()) {
            Message* message = take_first(*line);
            moves_.left(*message);
            out.push_back(message);
        }
    }
    in_use_.clear();
    room_.forget();
    waiting_ = 0;
    moves_.take_waiting(out);  // newer than what of its slot was in a line
}

void PoolFeed::take_left(MessageList& out) {
    for (Line* line : in_use_)
        while (!line->messages.empty()) out.push_back(take_first(*line));
    in_use_.clear();
    room_.leave();
    waiting_ = 0;
    moves_.take_waiting(out);
}

void PoolFeed::take_withdrawn(MessageList& out) {
    for (Line* line : in_use_) {
        MessageList kept;
        while (!line->messages.empty()) {
            Message* message = take_first(*line);
            if (message->is_withdrawn()) moves_.left(*message);
            (message->is_withdrawn() ? out : kept).push_back(message);
        }
        keep_in(*line, kept);
    }
    const std::uint32_t before = moves_.waiting().size();  // which are not counted as load
    moves_.take_withdrawn(out);
    waiting_ -= before - moves_.waiting().size();
}

void PoolFeed::look_at_limits() {
    due_ns_ = 0;
    overflowed_ = 0;
    for (const Line* line : in_use_) {
        if (options_.when_full.then == WhenFull::Then::overflow) overflowed_ += line->messages.size();
        if (options_.when_full.then != WhenFull::Then::release || keeps_waiting_ || drops_nothing_) continue;
        const std::int64_t due = line->since_ns + options_.when_full.timeout_ms * ns_per_ms;
        due_ns_ = due_ns_ == 0 ? due : std::min(due_ns_, due);
    }
    room_.begin();
    for (Line& line : lines_)
        if (!room_.look_at(line)) moves_.begin(line.worker->index());
    if (moves_.is_on()) room_.bound(moves_.room());  // all of a poll may be of the slot that is to move
}

bool PoolFeed::may_push() const {
    return room_.has_come() ||
           std::any_of(in_use_.begin(), in_use_.end(), [](const Line* line) { return !line->worker->awaited(); });
}

}  // namespace sluice
