#include "dispatch/slot_moves.hpp"

#include <algorithm>

namespace sluice {

bool SlotMoves::wait(Message* message) {
    moving_.waiting.push_back(message);
    moving_.bytes += message->charge;
    return false;
}

std::uint32_t SlotMoves::better_for(std::uint16_t slot, std::uint32_t worker) {
    const std::uint32_t better = loads_.better_than(worker);
    if (better != worker) {
        router_->move_slot(slot, better);
        ++moved_;
    }
    return better;
}

void SlotMoves::begin(std::uint32_t crowded) {
    if (!loads_.by_slot() || is_on() || !may_wait_for(crowded)) return;
    const std::uint32_t most = loads_.of_worker(crowded);
    const std::uint32_t fewest = loads_.of_worker(loads_.least());
    if (most - fewest < 2 * pool_->policy().batch_max || most < fewest + fewest / 4) return;
    std::uint32_t best = 0;
    for (std::uint16_t slot = 0; slot < limits::slots; ++slot) {
        const std::uint32_t load = loads_.of_slot(slot);
        if (load <= best || load > (most - fewest) / 2 || router_->worker_of(slot) != crowded) continue;
        best = load;
        moving_.slot = slot;
    }
}

// What is parked or deferred may stay for long, and all that comes of the slot would have to wait for it, of whatever key.
bool SlotMoves::may_wait_for(std::uint32_t worker) const {
    const Worker& of = pool_->worker(worker);
    return may_wait_ && of.parked() == 0 && of.deferred() == 0;
}

std::optional<std::uint32_t> SlotMoves::end(MessageList& out) {
    const std::uint16_t slot = moving_.slot;
    const std::uint32_t from = router_->worker_of(slot);
    const WorkPolicy& policy = pool_->policy();
    if (loads_.of_slot(slot) == 0)
        better_for(slot, from);
    else if (may_wait_for(from) && moving_.waiting.size() < policy.queue_capacity && moving_.bytes < policy.queue_bytes)
        return std::nullopt;
    // Where it stays, what waited follows what is in flight of it.
    MessageList waited;
    take_waiting(waited);
    for (Message* message = waited.first(); message != nullptr; message = message->next) {
        message->slot = slot;
        loads_.add_to_slot(slot);
    }
    out.splice_back(waited);
    return router_->worker_of(slot);
}

void SlotMoves::take_waiting(MessageList& out) {
    out.splice_back(moving_.waiting);
    moving_ = {};
}

void SlotMoves::take_withdrawn(MessageList& out) {
    MessageList others;
    while (Message* message = moving_.waiting.pop_front()) {
        if (message->is_withdrawn()) {
            moving_.bytes -= message->charge;
            out.push_back(message);
        } else {
            others.push_back(message);
        }
    }
    moving_.waiting = others;
}

std::uint32_t SlotMoves::room() const {
    const std::uint32_t capacity = pool_->policy().queue_capacity;
    return capacity - std::min(moving_.waiting.size(), capacity - 1);
}

}  // namespace sluice
