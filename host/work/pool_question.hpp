// Where the messages of one key are, and what they wait for: asked from outside, told part by part by whoever has them.
//
// Threads      PoolQuestion: written by whoever answers, read once `answered`.
// Ownership    shared by who asks and who is asked; either may go first.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace sluice {

// One key in one pool.
struct PoolQuestion {
    // The source thread's, before a worker is asked.
    std::string pool;
    bool by_key = true;  // false: the pool's route looks at no key, or the pool keeps no order
    std::uint64_t key_hash = 0;
    std::uint32_t worker = 0;
    std::uint32_t waiting_for_room = 0;  // at the source thread: the worker's queue is full

    // The worker's.
    std::uint32_t queued = 0;
    std::uint32_t before = 0;   // others in front of the first of them
    std::uint32_t depth = 0;    // of the queue
    std::uint32_t held = 0;     // taken from the queue, not yet begun
    std::uint32_t parked = 0;   // the one to be tried again, and those behind it
    std::int64_t due_ns = 0;    // when
    std::uint32_t attempt = 0;  // its number then
    std::string parked_id;
    std::string parked_error;      // how it has failed
    bool deferred = false;         // a message of the key waits to be completed or resumed, and those that are parked for it
    std::uint32_t run_again = 0;   // their unit of work failed, or they are resumed
    std::uint32_t committing = 0;  // handled; their unit of work is not durable, published and settled yet
    std::int64_t paused_until_ns = 0;  // the worker waits, after a unit failed
    std::string pauses_for;            // why it does, or why its database is unreachable
    bool blocked = false;              // a parked key is full: the worker takes nothing new
    bool database_away = false;
    bool in_handler = false;             // the worker was looked at while a handler ran: what its batch holds is not counted
    std::string handling;                // the message in the handler, in words
    std::int64_t handling_since_ns = 0;  // the begin of its batch

    std::function<void()> told;  // called once answered
    std::atomic<bool> answered{false};

    void answer() {
        answered.store(true, std::memory_order_release);
        if (told) told();
    }
};

}  // namespace sluice
