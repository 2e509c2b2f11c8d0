// What a source settles in one call, on its way through the writer.
//
// Threads     the source's, from submit to end() the writer's.
// Ownership   the source's, which reuses it.
#pragma once

#include <cstdint>
#include <vector>

#include "queue/queue.hpp"

namespace sluice::sqlite {

class SettleJob final : public Job {
public:
    struct Acked {
        std::uint64_t number;
        std::uint32_t bytes;
    };
    struct GivenBack {
        std::uint64_t number;
        std::int64_t due_ms;    // 0 = at once
        std::uint32_t attempt;  // 0 = as it is
    };
    struct Attempted {
        std::uint64_t number;
        std::uint32_t attempt;
    };
    // Takes jobs back from the writer.
    class Owner {
    public:
        virtual void back(SettleJob& job) = 0;  // [holder of the writer]

    protected:
        ~Owner() = default;
    };

    SettleJob(Queue& queue, Owner& owner) : queue_(queue), owner_(owner) { ledger = &queue; }

    Status apply(WriteConnection&) override;
    void end(const Status& outcome) override;

    bool is_empty() const { return acked.empty() && given_back.empty() && attempted.empty(); }
    void clear();

    std::vector<Acked> acked;
    std::vector<GivenBack> given_back;
    std::vector<Attempted> attempted;  // not answered
    Status outcome;

private:
    Queue& queue_;
    Owner& owner_;
};

}  // namespace sluice::sqlite
