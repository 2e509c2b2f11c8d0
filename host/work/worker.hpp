// A worker: one bounded queue, one handler instance, one set of connections; run by one thread at a time.
//
//   queue -> (parked keys wait aside) -> unit of work -> commit, publish -> outcomes to the source's inbox, in order
//
// Threads      queue().push and note_waiting_for_room: the source thread. run: the executor's. stop, cancel, the counters: any.
// Ownership    owns each message from the push until its outcome is in the inbox.
// Limits       the queue's, Parking's, and limits::units_in_flight units of batch_max messages. A unit takes no further message
//              once batch_time_ms have been spent in handlers.
// Invariants   (1) messages of a key are handled in the order of the queue, none while an earlier one waits for its retry
//              (2) outcomes of a key are reported in that order too
//              (3) while units run again after an outage, nothing newer is begun
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "core/work_policy.hpp"
#include "crash/suspicion.hpp"
#include "observe/counters.hpp"
#include "queue/confirmed.hpp"
#include "queue/doorbell.hpp"
#include "queue/mailbox.hpp"
#include "run/executor.hpp"
#include "run/watch.hpp"
#include "unit/commits.hpp"
#include "unit/gate.hpp"
#include "unit/handler_host.hpp"
#include "work/backlog.hpp"
#include "work/backoff.hpp"
#include "work/lent.hpp"
#include "work/pool_notices.hpp"

namespace sluice {

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

    // `notices`: the pool's.
    Worker(std::uint32_t index, const WorkPolicy& policy, PoolNotices& notices, HandlerHost& handler, Commits& commits,
           Executor& executor, Watch& watch, const Clock& clock, Way way, Logger logger, std::uint64_t seed);
    ~Worker() override { watch_.forget(*this); }

    BoundedQueue& queue() { return backlog_.queue(); }
    const BoundedQueue& queue() const { return backlog_.queue(); }
    HandlerHost& handler() { return handler_; }
    Executor& executor() { return executor_; }
    std::uint32_t index() const { return index_; }

    // The source is told when the queue has emptied to half. Sequentially consistent against BoundedQueue::pop: the source
    // looks at the queue once more after the note, the worker looks for the note after each pop.
    void note_waiting_for_room() { source_waits_.store(true, std::memory_order_seq_cst); }
    void forget_waiting_for_room() { source_waits_.store(false, std::memory_order_seq_cst); }
    bool awaited() const { return source_waits_.load(std::memory_order_seq_cst); }

    // Something outside the queue wants attention: a unit came back, a retry is due, a stop.
    void poke();
    void stop(StopMode mode);

    // Control: all that the worker has comes back through its inbox, in order of each key, released; what is in work or
    // deferred comes first. Then it has nothing, and nothing is to be pushed to it before keep_on().
    void ask_back();
    // Control: works on. False: it is giving back at this moment; call again.
    bool keep_on();

    Next run() override;
    bool has_news() const override;

    // With the time of the unit of work that runs now.
    WorkerCounts counts() const;
    std::uint32_t deferred() const { return handler_.deferred().size(); }
    std::uint32_t parked() const { return backlog_.parking().size(); }
    // Any thread: the message in the handler now, in words; empty if there is none.
    std::string describe_current();
    // Any thread: told between two batches.
    void ask(std::shared_ptr<KeyLook> look) {
        looks_.post(std::move(look));
        poke();
    }
    // Any thread: tells what was asked, if the worker is inside a handler and cannot.
    void answer_from_outside();
    bool is_in_handler() const { return current_.load(std::memory_order_relaxed) != nullptr; }
    // Control: gives back what waits behind a handler that does not return. What the worker could give back itself, it does at
    // stop().
    void release_behind_handler();
    // When the unit of work that runs now was begun; 0 = it is in none.
    std::int64_t running_since_ns() const { return running_since_ns_.load(std::memory_order_relaxed); }

private:
    enum class GiveBack : std::uint8_t { no, asked, giving, given };

    void ring() override { poke(); }

    void finish_units();
    void end_deferred();
    void end_one(Deferred::End& end);
    bool unfinished(Unit& unit, std::uint32_t index, bool whole);
    void forget_cookie(Message* message);
    void pass_on_confirmed();
    void answer_looks();
    void process(MessageList& batch, bool runs_again);
    bool handle(Unit& unit, Message* message);
    void retry(Unit& unit, std::uint32_t index, const HandlerHost::Said& said);
    std::int64_t next_try_ns(Message* message, std::int64_t delay_ms, std::string text);
    std::int64_t after_outage_ns(Message* message, std::int64_t delay_ms, std::string text);
    void say_failed(const Message& message, std::int64_t backoff_ns, std::string_view text);
    void pause(bool something_is_away, std::string_view why, bool alone);
    void judge_loss();
    bool is_poison(Message* message);
    void give_up(Message* message, std::string text);
    void release_all();
    void finished(Message* message) { reports().messages.push_back(message); }
    Outcomes& reports() {
        if (!reports_) reports_ = std::make_unique<Outcomes>();
        return *reports_;
    }
    void report();
    void tell_room();
    bool may_begin() const;
    bool may_pass();
    bool may_finish_resumed();
    bool is_to_give_back() const;
    bool is_to_finish() const;
    bool has_nothing() const;
    Next rest();

    // constant after construction
    const std::uint32_t index_;
    const WorkPolicy& policy_;
    PoolNotices& notices_;
    HandlerHost& handler_;
    Commits& commits_;
    Executor& executor_;
    Watch& watch_;
    const Clock& clock_;
    const Way way_;
    const Logger logger_;

    Gate gate_;
    Suspicion suspicion_;
    Lent lent_;
    Mailbox<std::shared_ptr<KeyLook>> looks_;
    Backlog backlog_;  // lent while handlers run

    // written by whoever runs the worker
    bool restart_ = false;  // a unit has failed: its databases take nothing until all have ended and restart() was called
    std::uint64_t confirmed_seen_ = 0;
    std::unique_ptr<Outcomes> reports_;  // of this run
    std::int64_t now_ns_ = 0;
    std::int64_t again_at_ns_ = 0;
    std::uint32_t failures_in_a_row_ = 0;
    std::string pauses_for_;  // why it paused last
    Backoff backoff_;
    std::unordered_map<const Message*, std::uint64_t> cookies_;  // of messages that are resuming
    WorkerCounters counters_;

    std::atomic<bool> poked_{false};
    std::atomic<bool> takes_{true};  // would take from the queue
    std::atomic<bool> source_waits_{false};
    std::atomic<StopMode> stop_{StopMode::none};
    std::atomic<GiveBack> give_back_{GiveBack::no};
    std::atomic<const Message*> current_{nullptr};
    std::atomic<std::int64_t> running_since_ns_{0};
};

}  // namespace sluice
