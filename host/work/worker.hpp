// A worker: one bounded queue, one handler instance, one set of connections; run by one thread at a time.
//
//   queue -> (parked keys wait aside) -> unit of work -> commit, publish -> outcomes to the source's inbox, in order
//
// It takes what waits, has it handled, judges the verdicts and reports how messages have ended. What else may become of them
// stands apart: Retries, Deferrals, Recovery and Rerun after failures, GivingBack at a stop or for a reload, Questions where
// others ask about a key.
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

#include "core/work_policy.hpp"
#include "observe/counters.hpp"
#include "run/executor.hpp"
#include "run/watch.hpp"
#include "unit/commits.hpp"
#include "unit/handler_host.hpp"
#include "work/backlog.hpp"
#include "work/deferrals.hpp"
#include "work/giving_back.hpp"
#include "work/pool_notices.hpp"
#include "work/questions.hpp"
#include "work/recovery.hpp"
#include "work/reports.hpp"
#include "work/retries.hpp"
#include "work/under_way.hpp"
#include "work/withdrawal.hpp"

namespace sluice {

class Worker final : public Runnable, private Watch::Alarm {
public:
    using ReturnPath = Reports::ReturnPath;

    // `notices`: the pool's.
    Worker(std::uint32_t index, const WorkPolicy& policy, PoolNotices& notices, HandlerHost& handler, Commits& commits,
           Executor& executor, Watch& watch, const Clock& clock, ReturnPath return_path, Logger logger, std::uint64_t seed);
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

    // Main: all that the worker has comes back through its inbox, in order of each key, released; what is in work or
    // deferred comes first. Then it has nothing, and nothing is to be pushed to it before keep_on().
    void ask_back();
    // Main: works on. False: it is giving back at this moment; call again.
    bool keep_on();

    Next run() override;
    bool has_news() const override;

    // With the time of the unit of work that runs now.
    WorkerCounts counts() const;
    std::uint32_t deferred() const { return handler_.deferred().size(); }
    std::uint32_t parked() const { return backlog_.parking().size(); }
    // Any thread: the message in the handler now, in words; empty if there is none.
    std::string describe_current() { return questions_.describe_current(); }
    // Any thread: told between two batches.
    void ask(std::shared_ptr<PoolQuestion> question) {
        questions_.ask(std::move(question));
        poke();
    }
    // Any thread: tells what was asked, if the worker is inside a handler and cannot.
    void answer_from_outside() { questions_.answer_from_outside(); }
    bool is_in_handler() const { return under_way_.message.load(std::memory_order_relaxed) != nullptr; }
    // Main: gives back what waits behind a handler that does not return.
    void release_behind_handler() { giving_back_.release_behind_handler(); }
    // The source thread: some messages have been marked as withdrawn.
    void tell_of_withdrawn() {
        withdrawal_.tell();
        poke();
    }
    // When the unit of work that runs now was begun; 0 = it is in none.
    std::int64_t running_since_ns() const { return under_way_.unit_since_ns.load(std::memory_order_relaxed); }

private:
    void ring() override { poke(); }

    // take
    bool is_to_give_back() const { return giving_back_.is_wanted(recovery_.gate().shut_for_good()); }
    bool may_begin() const;
    bool may_pass();
    bool may_finish_resumed();
    void begin(bool gives_back);
    void pass_on_confirmed();
    void tell_room();
    Next rest();
    // handle
    void process(MessageList& batch, bool runs_again);
    [[gnu::noinline]] bool handle(Unit& unit, Message* message);  // a stage of its own where instructions are counted
    bool is_poison(Message* message);
    // verdict
    bool judge(Unit& unit, std::uint32_t index, HandlerHost::Said said);
    void retry(Unit& unit, std::uint32_t index, const HandlerHost::Said& said);
    void blame(Message* message);
    // report
    void finish_units();

    // constant after construction
    const std::uint32_t index_;
    const WorkPolicy& policy_;
    PoolNotices& notices_;
    HandlerHost& handler_;
    Session& session_;  // the handler's
    Commits& commits_;
    Executor& executor_;
    Watch& watch_;
    const Clock& clock_;
    const Logger logger_;

    Backlog backlog_;     // its lock is free while handlers run
    UnderWay under_way_;  // written by whoever runs the worker

    // written by whoever runs the worker
    Reports reports_;
    std::int64_t now_ns_ = 0;
    std::uint64_t confirmed_seen_ = 0;
    WorkerCounters counters_;

    // as each of them says
    Retries retries_;
    Deferrals deferrals_;
    Recovery recovery_;
    Questions questions_;
    GivingBack giving_back_;
    Withdrawal withdrawal_;

    std::atomic<bool> poked_{false};
    std::atomic<bool> takes_{true};  // would take from the queue
    std::atomic<bool> source_waits_{false};
};

}  // namespace sluice
