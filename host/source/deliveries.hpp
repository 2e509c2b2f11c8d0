// What the host holds of a source that may take it away: deliveries with leases, and the lanes that they came by.
//
// A lane is revoked, or single deliveries are lost: their messages are marked, wherever they are, and whoever has one looks at
// the mark before it goes on with it (work/withdrawal.hpp). Once the source thread has none left of a lane, the lane is empty,
// and whoever revoked it is told.
//
// Threads      the source thread. The marks are read by any.
// Ownership    of the marks only; the messages live in the MessageStore, and leave() comes before they are destroyed.
// Limits       an entry per message in flight; SLUICE_LANES_MAX lanes.
// Invariants   (1) a mark only ever goes further (2) nothing is added to a lane that is revoked and not empty yet
//              (3) whoever sees the mark of a message sees those of all that came after it and are marked with it: the youngest
//              is marked first. So of a key a beginning is handled, and never a message behind one that is not.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/message.hpp"

namespace sluice {

class Deliveries {
public:
    // A lane that the host has nothing of any more, and who has to be told.
    struct Emptied {
        std::uint16_t lane = 0;
        std::vector<std::uint64_t> tokens;
    };

    // After each open. 0: what is delivered stays.
    void set_lease(std::int64_t lease_ns) { lease_ns_ = lease_ns; }
    std::int64_t lease_ns() const { return lease_ns_; }

    // False: the lane is being revoked, or is none.
    bool may_come(std::uint32_t lane) const;
    void add(Message& message, std::int64_t now_ns);
    // It is about to be settled: the host has it no more.
    void leave(const Message& message);

    // `how`: drained or lost. Also of a lane that nothing has come by.
    void revoke(std::uint32_t lane, Withdrawn how, std::uint64_t token);
    void lose(std::span<const std::uint64_t> tags);
    // Something was marked since this was asked last.
    bool take_news() { return std::exchange(news_, false); }
    bool may_have_emptied() const { return emptied_; }
    std::vector<Emptied> take_emptied();

    // When leases are to be extended again; 0 = never.
    std::int64_t due_ns() const { return deliveries_.empty() ? 0 : due_ns_; }
    // The tags of which more than a third of the lease is over. They count as extended: if that fails, put_off().
    std::span<const std::uint64_t> to_extend(std::int64_t now_ns);
    // They could not be extended: they are due again soon.
    void put_off(std::int64_t now_ns);

private:
    struct Delivery {
        Message* message;
        std::uint64_t arrival;
        std::int64_t until_ns;
    };
    struct Lane {
        std::uint64_t messages = 0;           // that came by it
        std::vector<std::uint64_t> tokens{};  // of its revocations; empty: it is ours
    };
    void mark(std::vector<const Delivery*>& messages, Withdrawn how);
    std::int64_t look_again_ns() const { return lease_ns_ / 3; }

    std::int64_t lease_ns_ = 0;
    std::unordered_map<std::uint64_t, Delivery> deliveries_;  // by tag
    std::unordered_map<std::uint16_t, Lane> lanes_;
    std::vector<std::uint64_t> extended_;
    std::uint64_t arrivals_ = 0;
    std::int64_t due_ns_ = 0;
    bool news_ = false;
    bool emptied_ = false;  // a lane that was revoked may be empty
};

}  // namespace sluice
