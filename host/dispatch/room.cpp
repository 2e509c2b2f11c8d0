// Of the dispatcher: what there is room for, so that a poll asks for no more, and who says when there is more.
#include <algorithm>

#include "core/clock.hpp"
#include "dispatch/dispatcher.hpp"

namespace sluice {
namespace {

// With less than an eighth a queue is as good as full, and its worker says when it is half empty: polls of ever fewer messages,
// down to one, would cost more than they bring.
constexpr std::uint64_t least_share = 8;

// Of the queue and what may wait before it, the smaller one: a small overflow behind a large queue is to be used too.
template <typename Number>
std::uint64_t least(Number queue, Number share) {
    return std::max<std::uint64_t>((share == 0 ? queue : std::min(queue, share)) / least_share, 1);
}

}  // namespace

void Dispatcher::look_at_limits() {
    due_ns_ = 0;
    std::uint32_t overflowed = 0;
    for (const auto& [pool, line] : in_use_) {
        if (pool->lane.when_full.then == WhenFull::Then::overflow) overflowed += line->messages.size();
        if (pool->lane.when_full.then != WhenFull::Then::release || keeps_waiting_ || drops_nothing_) continue;
        const std::int64_t due = line->since_ns + pool->lane.when_full.timeout_ms * ns_per_ms;
        due_ns_ = due_ns_ == 0 ? due : std::min(due_ns_, due);
    }
    overflowed_ = overflowed;
    room_ = {limits::poll_batch, limits::poll_bytes};
    blocked_.clear();
    for (Pool& pool : pools_) {
        for (Line& line : pool.lines) look_at_room(pool, line);
        if (pool.drain.slot == no_slot) continue;
        // All of a poll may be of the slot that is held.
        const std::uint32_t held = std::min(pool.drain.held.size(), pool.lane.pool->policy().queue_capacity - 1);
        room_.messages = std::min(room_.messages, pool.lane.pool->policy().queue_capacity - held);
    }
}

void Dispatcher::look_at_room(Pool& pool, Line& line) {
    const std::uint32_t waiting = line.messages.size();
    if (waiting > pool.share || line.bytes > pool.share_bytes) {  // who pushes has asked the worker
        room_ = {};
        return;
    }
    if (pool.lane.when_full.then >= WhenFull::Then::drop_dead_letter) return;  // nothing waits
    const WorkPolicy& policy = pool.lane.pool->policy();
    const BoundedQueue::Room before{pool.share - waiting,
                                    pool.share_bytes - line.bytes};  // it: what may still wait before the queue
    const auto limit = [&](const BoundedQueue::Room& room) {
        room_ = {std::min(room_.messages, room.messages), std::min(room_.bytes, room.bytes)};
    };
    const bool gives_way = pool.lane.when_full.then == WhenFull::Then::release;
    if (line.worker->awaited() && !gives_way) {  // nothing goes into its queue until it says that there is room
        if (waiting == 0) blocked_.push_back(&line);
        return limit(before);
    }
    const auto free = [&](bool anew) {
        const BoundedQueue::Room queue = line.worker->queue().room(anew);
        return BoundedQueue::Room{queue.messages + before.messages, queue.bytes + before.bytes};
    };
    const auto is_enough = [&](const BoundedQueue::Room& room) {
        return room.messages >= least(policy.queue_capacity, pool.share) &&
               room.bytes >= least(policy.queue_bytes, pool.share_bytes);
    };
    BoundedQueue::Room room = free(false);
    if (gives_way) {
        room.messages = std::max(room.messages, policy.queue_capacity);
        room.bytes = std::max(room.bytes, policy.queue_bytes);
    } else if (!is_enough(room)) {
        line.worker->note_waiting_for_room();
        room = free(true);
        if (!is_enough(room)) {
            blocked_.push_back(&line);
            room_ = {};
            return begin_drain(pool, line.worker->index());
        }
        line.worker->forget_waiting_for_room();  // there was some meanwhile
    }
    limit(room);
}

bool Dispatcher::may_push() const {
    return std::any_of(in_use_.begin(), in_use_.end(), [](const auto& used) { return !used.second->worker->awaited(); }) ||
           std::any_of(blocked_.begin(), blocked_.end(), [](const Line* line) { return !line->worker->awaited(); });
}

}  // namespace sluice
