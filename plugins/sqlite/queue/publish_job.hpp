// The messages of one publish call, on their way through the writer.
//
// Threads     the target's, from submit to end() the writer's.
// Ownership   the target's, which reuses it; bytes are copied into the arena.
#pragma once

#include <cstdint>
#include <vector>

#include "arena.hpp"
#include "queue/queue.hpp"

namespace sluice::sqlite {

class QueueTarget;

class PublishJob final : public Job {
public:
    PublishJob(Queue& queue, QueueTarget& target, bool deduplicate)
        : queue_(queue),
          target_(target),
          deduplicate_(deduplicate) {
        ledger = &queue;
    }

    void add(const sluice_outgoing& message, std::int64_t now_ms);
    void clear();

    bool is_fenced() override;
    Status apply(WriteConnection&) override;
    void end(const Status& outcome) override;

    std::uint64_t first_token = 0;
    std::uint64_t epoch = 0;
    std::int64_t bytes = 0;  // as stored

private:
    struct Item {
        QueueRow row;
        std::uint64_t replaces = 0;
    };

    Queue& queue_;
    QueueTarget& target_;
    const bool deduplicate_;
    Arena arena_;
    std::vector<Item> items_;
};

// How many bytes it is stored in.
std::int64_t stored_size(const sluice_outgoing& message);

}  // namespace sluice::sqlite
