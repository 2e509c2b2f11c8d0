// What a source's adapter hands over during one poll becomes messages here.
//
// Threads      the source thread, from inside the adapter's poll, settle, flush, service and extend.
// Ownership    holds what was polled until take().
// Limits       `max` messages and `bytes` per poll, one message at least; a message as MessageStore allows it.
#pragma once

#include <cstdint>

#include "core/message.hpp"
#include "crash/poison.hpp"
#include "queue/confirmed.hpp"
#include "settle/settlement.hpp"
#include "sluice/queue.h"
#include "source/deliveries.hpp"

namespace sluice {

class Intake {
public:
    Intake(MessageStore& store, Settlement& settlement, Confirmed& confirmed);
    Intake(const Intake&) = delete;
    Intake& operator=(const Intake&) = delete;

    const sluice_queue_sink* sink() const { return &sink_; }

    // Before the first poll: what is a suspect is marked as one.
    void mark_suspects(const Poison& poison) { poison_ = &poison; }
    // Before the first poll: the source has lanes, or leases.
    void note_deliveries(Deliveries& deliveries) { deliveries_ = &deliveries; }
    // Before a poll: how many it may push, after how many bytes no more, and when they are received.
    void open(std::uint32_t max, std::uint64_t bytes, std::int64_t now_ns);
    // After it; what the adapter reserved and did not commit is forgotten.
    MessageList close();

private:
    sluice_status push(const sluice_incoming& incoming);
    char* reserve(std::uint64_t size);
    sluice_status commit(const sluice_incoming& incoming);
    [[gnu::always_inline]] void accept(Message* message, const sluice_incoming& incoming);
    void refuse(Message& message, const sluice_incoming& incoming);
    void note_delivery(Message& message, const sluice_incoming& incoming);
    bool may_come(const sluice_incoming& incoming) const {
        return incoming.lane == 0 || deliveries_ == nullptr || deliveries_->may_come(incoming.lane);
    }
    bool is_full() const { return polled_.size() >= max_ || store_.bytes() >= full_at_; }

    MessageStore& store_;
    Settlement& settlement_;
    Confirmed& confirmed_;
    const Poison* poison_ = nullptr;
    Deliveries* deliveries_ = nullptr;  // NULL: what is delivered stays
    sluice_queue_sink sink_{};
    MessageList polled_;
    Message* reserved_ = nullptr;
    std::uint32_t max_ = 0;
    std::uint64_t full_at_ = 0;  // bytes of the store
    std::int64_t now_ns_ = 0;
};

}  // namespace sluice
