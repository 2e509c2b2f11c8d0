// What waits at one worker: its queue, what was taken from there and not begun, the keys that are parked, and what runs again
// after a unit of work failed.
//
// Threads      queue().push: the source thread. The rest: whoever runs the worker, or whoever has locked it (OwnerLock) - but
//              for what stands under "the batch under way": that is the running worker's alone, also while another has the
//              lock, and touches nothing of what that one looks at or takes away.
// Ownership    holds the messages until they are taken.
// Limits       the queue's and Parking's, a batch held, and units_in_flight batches that run again.
// Invariants   (1) the messages of a key leave in the order received: what runs again is older than what is parked, that than
//              what is held, that than what is queued
#pragma once

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/work_policy.hpp"
#include "queue/bounded_queue.hpp"
#include "work/parking.hpp"
#include "work/pool_question.hpp"

namespace sluice {

class Backlog {
public:
    explicit Backlog(const WorkPolicy& policy);

    BoundedQueue& queue() { return queue_; }
    const BoundedQueue& queue() const { return queue_; }
    const Parking& parking() const { return parking_; }

    // New messages may be taken: no parked key is full.
    bool takes_new() const { return !blocked_; }
    bool runs_again() const { return !again_.empty(); }
    bool has_resumed() const { return !resumed_.empty(); }
    // Something could be begun now, if nothing else were in the way.
    bool has_work(std::int64_t now_ns) const;

    // The next batch. True: it runs again, alone and first. `refused`: there is no room behind their parked keys, and they are
    // to be dead letters. `only_resumed`: of the deferred messages whose handler's resume() is to be called, and no other.
    bool collect(std::int64_t now_ns, MessageList& batch, MessageList& refused, bool only_resumed = false);
    // What was taken by collect() and not begun, before everything that comes after it.
    void put_back(MessageList& batch, bool ran_again, std::int64_t now_ns);
    // Messages of a failed unit. `behind`: they follow those of an earlier one, else they go before what has not even begun
    // again.
    void run_again(MessageList& messages, bool behind);
    // A deferred message goes on: in the next batch, to be tried again at a time, or it has ended.
    void resume(Message* message) { resumed_.push_back(message); }
    void try_deferred_again(Message* message, std::int64_t due_ns);
    void let_followers_go(const Message& message, std::int64_t now_ns) { parking_.free(message, now_ns); }

    // ---- the batch under way ----

    // A message to be tried again at this time.
    void failed(Message* message, std::int64_t due_ns);
    // A message that the handler has deferred: its key waits for it.
    void deferred(Message* message);
    // A message that was resumed has got its verdict.
    void ended(Message* message) { ended_.push_back(message); }
    // An earlier message of its key has failed or was deferred in this batch: then it waits behind that.
    bool follows_failed(Message* message);

    // ---- after the batch, once it is taken back ----

    // What waits for those that have ended is due: it need not wait for their commit, as what follows any other message does
    // not.
    void let_followers_of_ended_go(std::int64_t now_ns);
    // Parks the keys that failed in it.
    void park_failed(bool ran_again);

    // ---- what runs again ----

    Message* first_again() { return again_.first(); }
    void take_first_again() { again_.pop_front(); }
    // The next `count` of it run alone.
    void suspect_again(std::uint32_t count);

    // Everything but the batch under way.
    void answer(PoolQuestion& question) const;
    // What the source has withdrawn, but for the batch under way, each key in the order received. A deferred message that goes
    // on has begun: it is taken only if it is lost.
    void take_withdrawn(MessageList& out);
    // A withdrawn message was put back since, to be tried again: it does not wait for its time.
    bool keeps_withdrawn() const { return keeps_withdrawn_; }
    // Everything but the batch under way, each key in the order received. Without `behind_deferred`, what waits behind a
    // deferred message goes on waiting for it.
    void take_all(MessageList& out, bool behind_deferred);

private:
    struct FailedKey {
        MessageList messages;
        std::int64_t due_ns = 0;
        const Message* deferred = nullptr;  // then it has no time
    };

    bool keeps_order_of(const Message& message) const { return policy_.keep_order && message.key_hash != 0; }
    bool admit(Message* message, MessageList& batch, MessageList& refused);

    const WorkPolicy& policy_;
    BoundedQueue queue_;
    Parking parking_;
    MessageList held_;     // taken from the queue, not yet begun: a parked key is full, or the batch was
    MessageList resumed_;  // deferred messages to go on with; older than what waits of their keys
    MessageList again_;    // of units that failed, in order
    bool keeps_withdrawn_ = false;
    bool blocked_ = false;  // a parked key is full: nothing is taken until it has room

    // of the batch under way
    std::unordered_map<std::uint64_t, FailedKey> failed_keys_;
    std::vector<std::pair<Message*, std::int64_t>> failed_alone_;
    std::vector<const Message*> ended_;
};

}  // namespace sluice
