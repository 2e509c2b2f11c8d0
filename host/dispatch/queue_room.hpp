// What there is room for in the queues of a pool's workers and before them, so that a poll asks for no more; and which workers
// are to say when there is more.
//
// Threads      the source thread; a worker says so by clearing the note that it finds after a pop (Worker).
// Limits       a poll may bring no more than finds room even if it all goes to the worker that has least. Before a queue its
//              worker's share of the overflow may wait, and the message that is the first beyond the bytes of it. Where
//              messages go back or are dropped because a queue is full, some must come to a full queue: at most as many as it
//              holds.
#pragma once

#include <cstdint>
#include <vector>

#include "dispatch/line.hpp"
#include "flow/when_full.hpp"
#include "queue/bounded_queue.hpp"
#include "work/worker_pool.hpp"

namespace sluice {

// What a share of an overflow may hold in bytes: as much per message as the queue it stands behind.
constexpr std::uint64_t overflow_bytes(std::uint32_t queue_capacity, std::uint64_t queue_bytes, std::uint32_t share) {
    return static_cast<std::uint64_t>(static_cast<double>(queue_bytes) / queue_capacity * share);
}

class QueueRoom {
public:
    QueueRoom(const WorkerPool& pool, const WhenFull& when_full);

    // Looks anew, and takes each line into account.
    void begin();
    // False: there is hardly any room, which the worker has been asked to say when there is.
    bool look_at(Line& line);
    // What else the next poll may bring at most.
    void bound(std::uint32_t messages) { room_.messages = room_.messages < messages ? room_.messages : messages; }
    BoundedQueue::Room room() const { return room_; }

    // Has one of those workers said so that had hardly any?
    bool has_come() const;
    // Nobody is to say anything any more: another dispatcher would wait for that.
    void forget();
    // The workers may be gone already.
    void leave() { blocked_.clear(); }

private:
    void bound(const BoundedQueue::Room& room);

    const WorkPolicy* policy_;
    WhenFull::Then then_;
    std::uint32_t share_ = 0;  // of the overflow, per worker
    std::uint64_t share_bytes_ = 0;
    BoundedQueue::Room room_{};
    std::vector<const Line*> blocked_;  // whose workers are to say when there is room, as they have hardly any
};

}  // namespace sluice
