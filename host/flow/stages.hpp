// Sources that are fed by pools of the same host. Such a source is not at its end when its queue is empty, but when nothing can
// come into it any more: it and all sources that feed it, over any number of stages, have said that they are at their end, with
// nothing in flight, and nothing has been stored in their queues since. Sources that feed each other in a circle end together.
//
// Threads      add, connect: main. stored, version: any. The rest: the thread of the source.
// Ownership    belongs to the host; event counts outlive the sources.
// Invariants   what a message publishes is stored, and stored() called, before that message is settled. So while one source of
//              a circle has something in flight it is not at its end, and when all are, at one moment under the lock, nothing
//              moves between them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "queue/event_count.hpp"

namespace sluice {

class Stages {
public:
    Stages() = default;
    Stages(const Stages&) = delete;
    Stages& operator=(const Stages&) = delete;

    // Before any source runs. `event_count` wakes it. Its number: 0, 1, 2, ...
    std::size_t add(EventCount& event_count);
    // feeders[n]: the sources whose messages may be published to what source n reads.
    void connect(std::vector<std::vector<std::size_t>> feeders);

    // Something has been stored in what this source reads.
    void stored(std::size_t source);
    // Changes with everything that may let a source end, or find more.
    std::uint64_t version() const { return version_.load(std::memory_order_seq_cst); }

    bool is_fed(std::size_t source) const;
    // Before a poll; to be handed to is_over() with its answer.
    std::uint64_t begin_poll(std::size_t source);
    // Has anything been stored since begin_poll() said `seen`?
    bool has_more(std::size_t source, std::uint64_t seen) const {
        return nodes_[source].stored.load(std::memory_order_seq_cst) != seen;
    }
    // The source has answered that poll with its end. True: it has ended. Else to be asked again when version() has changed.
    bool is_over(std::size_t source, std::uint64_t seen, bool nothing_in_flight);
    // It receives nothing any more, whatever the reason.
    void ended(std::size_t source);

private:
    struct Node {
        explicit Node(EventCount& its_event_count) : event_count(its_event_count) {}

        EventCount& event_count;
        std::atomic<std::uint64_t> stored{0};
        std::atomic<bool> waits{false};  // at its end, for the others
        // Guarded by mutex_.
        std::vector<std::size_t> feeders{};
        bool ended = false;
        bool at_end = false;
        std::uint64_t at_end_since = 0;  // `stored` then
    };

    void tell_others(const Node& node);

    std::deque<Node> nodes_;  // constant after the last add()
    std::atomic<std::uint64_t> version_{0};
    mutable std::mutex mutex_;
};

}  // namespace sluice
