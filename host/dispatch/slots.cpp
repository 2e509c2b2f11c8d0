// Of the dispatcher: how slots leave workers that have more to do than others.
#include <algorithm>

#include "dispatch/dispatcher.hpp"

namespace sluice {

std::uint32_t Dispatcher::better_for(Pool& pool, std::uint16_t slot, std::uint32_t worker) {
    const std::uint32_t better = pool.loads.better_than(worker);
    if (better != worker) move_slot(pool, slot, better);
    return better;
}

bool Dispatcher::hold(Pool& pool, Message* message) {
    pool.drain.held.push_back(message);
    pool.drain.bytes += message->charge;
    ++waiting_;
    return false;
}

void Dispatcher::move_slot(Pool& pool, std::uint16_t slot, std::uint32_t worker) {
    pool.router->move_slot(slot, worker);
    ++slots_moved_;
}

// A worker's queue is full. Of its slots one that is never idle goes to where there is less to do: the largest that does not
// take the crowd along.
void Dispatcher::begin_drain(Pool& pool, std::uint32_t crowded) {
    if (!pool.loads.by_slot() || pool.drain.slot != no_slot || !may_drain(pool, crowded)) return;
    const std::uint32_t most = pool.loads.of_worker(crowded);
    const std::uint32_t fewest = pool.loads.of_worker(pool.loads.least());
    if (most - fewest < 2 * pool.lane.pool->policy().batch_max || most < fewest + fewest / 4) return;
    std::uint32_t best = 0;
    for (std::uint16_t slot = 0; slot < limits::slots; ++slot) {
        const std::uint32_t load = pool.loads.of_slot(slot);
        if (load <= best || load > (most - fewest) / 2 || pool.router->worker_of(slot) != crowded) continue;
        best = load;
        pool.drain.slot = slot;
    }
    drains_ += best != 0;
}

// What is parked or deferred may stay for long, and what is held would have to wait for it, of whatever key.
bool Dispatcher::may_drain(const Pool& pool, std::uint32_t worker) {
    const Worker& of = pool.lane.pool->worker(worker);
    return pool.lane.when_full.then != WhenFull::Then::release && of.parked() == 0 && of.deferred() == 0;
}

// Either the slot is idle and moves, or it stays: what was held then follows what it has in flight.
void Dispatcher::end_drains() {
    for (Pool& pool : pools_) {
        Drain& drain = pool.drain;
        if (drain.slot == no_slot) continue;
        const std::uint16_t slot = drain.slot;
        const std::uint32_t from = pool.router->worker_of(slot);
        const WorkPolicy& policy = pool.lane.pool->policy();
        if (pool.loads.of_slot(slot) == 0)
            better_for(pool, slot, from);
        else if (may_drain(pool, from) && drain.held.size() < policy.queue_capacity && drain.bytes < policy.queue_bytes)
            continue;
        const std::uint32_t worker = pool.router->worker_of(slot);
        MessageList held;
        take_held(pool, held);
        while (Message* message = held.pop_front()) {
            message->slot = slot;
            pool.loads.add_to_slot(slot);
            put(pool, message, worker);
        }
    }
}

void Dispatcher::take_held(Pool& pool, MessageList& out) {
    if (pool.drain.slot == no_slot) return;
    waiting_ -= pool.drain.held.size();
    out.splice_back(pool.drain.held);
    pool.drain = {};
    --drains_;
}

}  // namespace sluice
