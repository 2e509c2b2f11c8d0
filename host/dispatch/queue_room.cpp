#include "dispatch/queue_room.hpp"

#include <algorithm>

#include "core/limits.hpp"

namespace sluice {
namespace {

// With less than an eighth a queue is as good as full, and its worker says when it is half empty: polls of ever fewer messages,
// down to one, would cost more than they bring.
constexpr std::uint64_t least_share = 8;

// A share of the smaller of the two, the queue and what may wait before it: a small overflow behind a large queue is to be
// used, too.
template <typename Number>
std::uint64_t least(Number queue, Number share) {
    return std::max<std::uint64_t>((share == 0 ? queue : std::min(queue, share)) / least_share, 1);
}

}  // namespace

QueueRoom::QueueRoom(const WorkerPool& pool, const WhenFull& when_full)
    : policy_(&pool.policy()),
      then_(when_full.then),
      share_(when_full.overflow / pool.size()),
      share_bytes_(overflow_bytes(policy_->queue_capacity, policy_->queue_bytes, share_)) {}

void QueueRoom::begin() {
    room_ = {limits::poll_batch, limits::poll_bytes};
    blocked_.clear();
}

void QueueRoom::bound(const BoundedQueue::Room& room) {
    room_ = {std::min(room_.messages, room.messages), std::min(room_.bytes, room.bytes)};
}

bool QueueRoom::look_at(Line& line) {
    const std::uint32_t waiting = line.messages.size();
    if (waiting > share_ || line.bytes > share_bytes_) {  // who pushes has asked the worker
        room_ = {};
        return true;
    }
    if (then_ >= WhenFull::Then::drop_dead_letter) return true;                    // nothing waits
    const BoundedQueue::Room before{share_ - waiting, share_bytes_ - line.bytes};  // the queue: what may still wait there
    const bool gives_way = then_ == WhenFull::Then::release;
    if (line.worker->awaited() && !gives_way) {  // nothing goes into its queue until it says that there is room
        if (waiting == 0) blocked_.push_back(&line);
        bound(before);
        return true;
    }
    const auto free = [&](bool anew) {
        const BoundedQueue::Room queue = line.worker->queue().room(anew);
        return BoundedQueue::Room{queue.messages + before.messages, queue.bytes + before.bytes};
    };
    const auto is_enough = [&](const BoundedQueue::Room& room) {
        return room.messages >= least(policy_->queue_capacity, share_) &&
               room.bytes >= least(policy_->queue_bytes, share_bytes_);
    };
    BoundedQueue::Room room = free(false);
    if (gives_way) {
        room.messages = std::max(room.messages, policy_->queue_capacity);
        room.bytes = std::max(room.bytes, policy_->queue_bytes);
    } else if (!is_enough(room)) {
        line.worker->note_waiting_for_room();
        room = free(true);
        if (!is_enough(room)) {
            blocked_.push_back(&line);
            room_ = {};
            return false;
        }
        line.worker->forget_waiting_for_room();  // there was some meanwhile
    }
    bound(room);
    return true;
}

bool QueueRoom::has_come() const {
    return std::any_of(blocked_.begin(), blocked_.end(), [](const Line* line) { return !line->worker->awaited(); });
}

void QueueRoom::forget() {
    for (const Line* line : blocked_) line->worker->forget_waiting_for_room();
    blocked_.clear();
}

}  // namespace sluice
