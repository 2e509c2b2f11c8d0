// A worker: one bounded queue, one handler instance, one set of connections; run by one thread at a time.
//
//   queue -> (parked keys wait aside) -> unit of work -> commit, publish -> outcomes to the source's inbox, in order
//
// Threads      queue().push and note_waiting_for_room: the source thread. run: the executor's. stop, cancel, the counters: any.
// Ownership    owns each message from the push until its outcome is in the inbox.
// Limits       the queue's, Parking's, and limits::units_in_flight units of batch_max messages.
// Invariants   (1) messages of a key are handled in the order of the queue, none while an earlier one waits for its retry
//              (2) outcomes of a key are reported in that order too
//              (3) while units run again after an outage, nothing newer is begun
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <unordered_map>

#include "observe/counters.hpp"
#include "observe/notice.hpp"
#include "queue/bounded_queue.hpp"
#include "queue/confirmed.hpp"
#include "queue/doorbell.hpp"
#include "work/commits.hpp"
#include "work/executor.hpp"
#include "work/gate.hpp"
#include "work/handler_host.hpp"
#include "work/parking.hpp"
#include "work/watch.hpp"

namespace sluice {

// What all workers of a pool do alike.
struct WorkPolicy {
    std::uint32_t queue_capacity = 1000;
    std::uint64_t queue_bytes = 16u << 20;
    std::uint32_t batch_max = 64;
    bool keep_order = true;  // messages of a key one after the other; false: a failed one waits alone
    std::uint32_t attempts = 5;
    std::int64_t backoff_ms = 100;
    std::int64_t backoff_max_ms = 30'000;
    bool park = true;                     // false: a failed message is a dead letter at once
    std::uint32_t park_limit = 125;       // messages a key
    bool park_full_dead_letters = false;  // else the worker waits
};

enum class StopMode : std::uint8_t { none, drain, finish_current };

class Worker final : public Runnable, private Watch::Alarm {
public:
    // Where outcomes go: the inbox and the bell of the pool's source.
    struct Way {
        Inbox<Outcomes>& outcomes;
        Doorbell& bell;
        const Confirmed& confirmed;
        bool keeps_attempts = false;  // the source hears of each failed attempt
    };

    Worker(std::uint32_t index, const WorkPolicy& policy, HandlerHost& handler, Commits& commits, Executor& executor, Watch& watch,
           const Clock& clock, Way way, Logger logger, std::uint64_t seed);

    BoundedQueue& queue() { return queue_; }
    const BoundedQueue& queue() const { return queue_; }
    Executor& executor() { return executor_; }
    std::uint32_t index() const { return index_; }

    // The source is told when the queue has emptied to half. Sequentially consistent against BoundedQueue::pop: the source looks at the
    // queue once more after the note, the worker looks for the note after each pop.
    void note_waiting_for_room() { source_waits_.store(true, std::memory_order_seq_cst); }
    void forget_waiting_for_room() { source_waits_.store(false, std::memory_order_seq_cst); }
    bool awaited() const { return source_waits_.load(std::memory_order_seq_cst); }

    // Something outside the queue wants attention: a unit came back, a retry is due, a stop.
    void poke();
    void stop(StopMode mode);

    Next run() override;
    bool has_news() const override;

    WorkerCounts counts() const { return counters_.read(); }
    std::uint32_t parked() const { return parking_.size(); }
    // The message in the handler now, or nullptr. Only to be looked into when nothing frees messages any more.
    const Message* current() const { return current_.load(std::memory_order_acquire); }
    std::int64_t running_since_ns() const { return running_since_ns_.load(std::memory_order_relaxed); }

private:
    void ring() override { poke(); }

    void finish_units();
    void pass_on_confirmed();
    bool collect_batch(MessageList& batch);
    bool admit(Message* message, MessageList& batch);
    void process(MessageList& batch, bool runs_again);
    bool handle(Unit& unit, Message* message);
    void retry(Unit& unit, std::uint32_t index, std::int64_t delay_ms);
    void pause(bool something_is_away, std::string_view why);
    void put_back(MessageList& batch, bool runs_again);
    void park_failed(bool runs_again);
    void give_up(Message* message, std::string text);
    void release_all();
    void finished(Message* message);
    Outcomes& reports();
    bool keeps_order_of(const Message& message) const { return policy_.keep_order && message.key_hash != 0; }
    void report();
    void tell_room();
    bool may_begin() const;
    bool has_work() const;
    bool may_pass();
    bool is_to_give_back() const;
    Next rest();
    std::int64_t backoff_ns(std::uint32_t attempt, std::int64_t delay_ms);

    // constant after construction
    const std::uint32_t index_;
    const WorkPolicy& policy_;
    HandlerHost& handler_;
    Commits& commits_;
    Executor& executor_;
    Watch& watch_;
    const Clock& clock_;
    const Way way_;
    const Logger logger_;

    BoundedQueue queue_;
    Gate gate_;

    // written by whoever runs the worker
    Parking parking_;
    MessageList held_;    // taken from the queue, not yet begun: a parked key is full, or the batch was
    MessageList again_;   // of units that failed, in order; older than what is parked, held or queued of their keys
    bool restart_ = false;  // a unit has failed: its databases take nothing until all have ended and restart() was called
    std::uint64_t confirmed_seen_ = 0;
    std::unique_ptr<Outcomes> reports_;  // of this run
    std::int64_t now_ns_ = 0;
    std::int64_t again_at_ns_ = 0;
    std::uint32_t failures_in_a_row_ = 0;
    bool blocked_ = false;  // a parked key is full: nothing is taken until it has room
    struct FailedKey {
        MessageList messages;
        std::int64_t due_ns;
    };
    std::unordered_map<std::uint64_t, FailedKey> failed_;  // of the batch under way
    std::minstd_rand random_;
    RateLimit misbehaviour_said_;
    WorkerCounters counters_;

    std::atomic<bool> poked_{false};
    std::atomic<bool> takes_{true};  // would take from the queue
    std::atomic<bool> source_waits_{false};
    std::atomic<StopMode> stop_{StopMode::none};
    std::atomic<const Message*> current_{nullptr};
    std::atomic<std::int64_t> running_since_ns_{0};
};

}  // namespace sluice
