// Where the messages of a slot go, and how slots leave workers of a pool that have more to do than others.
//
// A slot moves when a message of it comes while none is in flight and another worker has less to do. If the queue of a worker
// is full and its slots are never idle, one of them is chosen to move: what comes of it waits here until all of it has come
// back.
//
// Threads      the source thread.
// Ownership    owns what waits here. The router and the pool outlive it.
// Cost         place(), per message: two counts. All else per full queue or per move.
// Limits       one slot waits to move, and about as much waits for that as a worker's queue holds.
// Invariants   a slot changes its worker only while nothing of it is in flight: routed, and not back from its worker (Loads)
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "core/message.hpp"
#include "dispatch/loads.hpp"
#include "route/router.hpp"
#include "work/worker_pool.hpp"

namespace sluice {

class SlotMoves {
public:
    static constexpr std::uint16_t no_slot = 0xffff;

    // `moves`: else every slot stays where it is. `may_wait`: else a slot that is never idle stays.
    SlotMoves(Router& router, const WorkerPool& pool, bool moves, bool may_wait)
        : router_(&router),
          pool_(&pool),
          may_wait_(may_wait),
          loads_(pool.size(), moves && pool.size() > 1) {}

    Loads& loads() { return loads_; }

    // A message with a key; `worker`: where its slot is, and where it is to go then. False: it waits here until its slot moves.
    // An idle slot has no message anywhere, so that any worker may have the next.
    [[gnu::always_inline]] bool place(Message* message, const Routed& routed, std::uint32_t& worker) {
        if (router_->names(routed.key_hash)) return true;
        if (routed.slot == moving_.slot) return wait(message);
        message->slot = routed.slot;
        const bool idle = loads_.add_to_slot(routed.slot);
        if (idle && loads_.seems_much(worker)) worker = better_for(routed.slot, worker);
        return true;
    }
    void left(const Message& message) {
        loads_.remove(message.worker);
        if (message.slot != no_slot) loads_.remove_from_slot(message.slot);
    }

    // The queue of this worker is full: one of its slots is to move, the largest that does not take the crowd along.
    void begin(std::uint32_t crowded);
    bool is_on() const { return moving_.slot != no_slot; }
    // While it is on. The slot moves if it is idle, and stays if what it waits for takes too long or what waits has become too
    // much. Then all that waited goes to `out`, and has the worker that is returned.
    std::optional<std::uint32_t> end(MessageList& out);
    // The slot stays.
    void take_waiting(MessageList& out);
    void take_withdrawn(MessageList& out);
    const MessageList& waiting() const { return moving_.waiting; }
    // While it is on: how many more may wait, one at least.
    std::uint32_t room() const;

    // How many slots have moved since this was asked last.
    std::uint32_t take_moved() { return std::exchange(moved_, 0); }

private:
    struct Moving {
        std::uint16_t slot = no_slot;
        MessageList waiting{};
        std::uint64_t bytes = 0;  // of them
    };

    bool wait(Message* message);
    std::uint32_t better_for(std::uint16_t slot, std::uint32_t worker);
    bool may_wait_for(std::uint32_t worker) const;

    Router* router_;
    const WorkerPool* pool_;
    bool may_wait_;
    Loads loads_;
    Moving moving_;
    std::uint32_t moved_ = 0;
};

}  // namespace sluice
