// The source thread: poll -> route -> enqueue, and outcomes -> settle, with one wait for all of it.
//
// Each turn settles what came back before it looks for room and polls, so a full queue stops polling and never settling. A poll
// asks for no more messages and bytes than the queues, the in-flight limit and the memory limit have room for.
//
// Life         create -> open (main) -> start -> [request_stop] -> [give_up] -> join -> close (main)
// Threads      one of its own; request_stop, give_up, state, counts, latency: any.
// Ownership    owns the source's port, the messages, the way back. Pools and the dead letters' target outlive the thread.
// Limits       in_flight_max messages between poll and settle; limits::unconfirmed_max with those the source has not confirmed
//              yet, or fewer if the source says so.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/deadline_thread.hpp"
#include "core/message.hpp"
#include "dispatch/dispatcher.hpp"
#include "flow/memory_limit.hpp"
#include "flow/poll_gates.hpp"
#include "flow/stages.hpp"
#include "observe/statistics.hpp"
#include "plugin/port/queue_port.hpp"
#include "plugin/port/service_calls.hpp"
#include "queue/event_count.hpp"
#include "queue/inbox.hpp"
#include "settle/known_dead.hpp"
#include "settle/recorded_before.hpp"
#include "settle/settlement.hpp"
#include "source/ended_messages.hpp"
#include "source/intake.hpp"
#include "source/late_confirmations.hpp"
#include "source/poller.hpp"
#include "source/pool_switch.hpp"
#include "source/replay.hpp"
#include "source/source_proxy.hpp"
#include "source/withdrawals.hpp"

namespace sluice {

class SourceLoop {
public:
    enum class State : std::uint8_t {
        running,
        finished,   // everything received is settled, and nothing more comes or a stop was asked for
        failed,     // the source cannot go on (failing()), and what was in flight is settled or abandoned
        abandoned,  // told to give up with messages in flight
    };

    // `changed`: called by the source thread when the state leaves `running`, and when the source has failed.
    SourceLoop(std::string name, std::string identity, std::unique_ptr<QueuePort> queue, Clock& clock, Logger logger,
               std::function<void()> changed);
    SourceLoop(const SourceLoop&) = delete;
    SourceLoop& operator=(const SourceLoop&) = delete;

    // What the pools of this source report to. Valid from construction on.
    Worker::ReturnPath return_path() { return {outcomes_, event_count_, confirmed_, queue_->keeps_attempts()}; }

    // Before open: where messages go and where dead letters are kept.
    void connect(SourceRouter router, std::vector<PoolFeed::Options> pools, Target& dead_letters, std::uint64_t in_flight_max);
    // Before open, where ids stay: suspects are marked when they come in, and forgotten when they are settled.
    void watch_for_poison(Poison& poison) {
        intake_.mark_suspects(poison);
        ended_.forget_suspects(poison);
    }
    // Before open: what was a dead letter when the host started, and is one still in this store, is not handled again.
    void know_dead(KnownDead dead, QueuePort& store) { ended_.know_dead(std::move(dead), store); }
    // Before open: what has ended in an earlier run.
    void know_recorded(RecordedBefore recorded) { recorded_ = std::move(recorded); }
    // Before open: its messages count there, and it is polled as they leave room.
    void share(MemoryLimit& memory) { memory_.emplace(memory, event_count_); }
    // Before open: pools may publish to what it reads; until they are done it is not at its end.
    void follow(Stages& stages) { poller_.follow(stages, event_count_); }
    // Before start: called by the source thread when messages have left what it reads.
    void on_settled(std::function<void()> settled) { settled_ = std::move(settled); }
    Result<void> open();
    void start();
    // [any] Nobody waits for the adapter any more: its calls end, if it can be told so.
    void interrupt() const { queue_->interrupt(); }

    // ---- at any time ----
    // What other threads ask of it.
    SourceProxy proxy() { return {commands_, event_count_}; }
    // How far it is with what SourceProxy::hold() asked for.
    PoolStage pool_stage() const { return pool_switch_.stage(); }
    // Stops polling; pools have been or are told by the same caller. What waits for room still goes to its worker, which works
    // it off or gives it back behind older messages of its keys, as the pool was told.
    void request_stop();
    // Settles what has come back, counts the rest as abandoned, and ends.
    void give_up();
    // False: the adapter still holds the thread at `deadline_ns`.
    bool join(std::int64_t deadline_ns) { return thread_.join(clock_, deadline_ns); }
    void close();

    // A dead letter of this source to be processed once more. False, and the item stays with the caller: the source has ended.
    bool replay(std::unique_ptr<ReplayItem>& item);
    SourceCounts replay_counts() const;

    State state() const { return state_.load(std::memory_order_acquire); }
    // The source cannot go on, error() says why; what is in flight is still settled, until give_up().
    bool failing() const { return failing_.load(std::memory_order_acquire); }
    const std::string& error() const { return error_; }  // once failing
    const std::string& name() const { return name_; }
    const std::string& identity() const { return identity_; }
    QueuePort& queue() const { return *queue_; }
    SourceCounts counts() const;
    // Messages in the overflows of its pools.
    std::uint32_t overflowed() const { return overflowed_.load(std::memory_order_relaxed); }
    // Number of slots of its pools' routes that moved to another worker.
    std::uint64_t slots_moved() const { return slots_moved_.load(); }
    // What its messages died of; once the state is not `running` any more.
    const DeathCauses& deaths() const { return ended_.deaths(); }
    HistogramSnapshot latency() const { return settlement_.latency(); }
    // All but what its workers count.
    SourceStatistics statistics(std::int64_t now_ns) const;
    // Why it is not polled now; nothing once it has ended.
    NotPolled not_polled() const { return state() == State::running ? gates_.not_polled() : NotPolled{}; }
    std::int64_t away_since_ns() const { return poller_.away_since_ns(); }  // 0 = it is not

private:
    void thread_main();
    State loop();
    void obey();
    void obey(Hold how);
    void obey(GoOn& command);
    void answer(KeyQuestion& question);
    void push(MessageList& ended);
    bool is_quiet() const;
    void take_back();
    void replay_posted();
    std::uint64_t in_flight() const { return settlement_.in_flight() + replay_.live(); }
    void end(MessageList& ended) { ended_.end(ended, *dispatcher_, now_ns_); }
    void service();
    void look_after_deliveries();
    void poll_or_rest();
    void poll(const PollAllowance& allowance);
    bool has_news() const;
    void rest();
    std::int64_t next_due_ns() const;
    bool confirm_rest();
    void fail(std::string why);

    // constant after connect
    const std::string name_;
    const std::string identity_;
    Clock& clock_;
    const Logger logger_;
    const std::function<void()> changed_;
    std::uint64_t in_flight_max_ = 0;
    std::uint64_t source_in_flight_max_ = 0;  // as the source said when it was opened, unconfirmed ones included; 0 = no bound

    const std::unique_ptr<QueuePort> queue_;
    Inbox<Outcomes> outcomes_;
    EventCount event_count_;
    Confirmed confirmed_;
    Replay replay_;
    MessageStore store_;
    Settlement settlement_;
    Intake intake_;
    Poller poller_;
    RecordedBefore recorded_;
    EndedMessages ended_;
    std::optional<Withdrawals> withdrawals_;  // of a source that may take away what the host has of it
    LateConfirmations confirmations_;
    std::optional<MemoryLimit::Share> memory_;
    std::unique_ptr<Dispatcher> dispatcher_;

    // the source thread's
    ServiceCalls service_;
    std::int64_t now_ns_ = 0;
    bool stopped_ = false;  // the stop has been seen
    std::string error_;     // written before failing_
    std::atomic<bool> failing_{false};
    PoolSwitch pool_switch_;
    PollGates gates_;
    std::function<void()> settled_;
    std::uint64_t confirmed_seen_ = 0;

    Mailbox<SourceCommand> commands_;
    std::atomic<std::uint32_t> overflowed_{0};
    Counter slots_moved_;
    enum class Asked : std::uint8_t { nothing, stop, give_up };  // give_up includes stop
    std::atomic<Asked> asked_{Asked::nothing};
    std::atomic<State> state_{State::running};
    std::atomic<std::uint64_t> in_flight_{0};          // as the ledger counts it; written by the source thread
    std::atomic<std::uint64_t> replays_in_flight_{0};  // as it is counted, too

    DeadlineThread thread_;
};

}  // namespace sluice
