// The source thread: poll -> route -> enqueue, and outcomes -> settle, with one wait for all of it.
//
// Each turn settles what came back before it looks for room and polls, so a full queue stops polling and never settling. A poll
// asks for no more messages and bytes than the queues, the in-flight limit and the memory limit have room for.
//
// Life         create -> open (control) -> start -> [request_stop] -> [give_up] -> join -> close (control)
// Threads      one of its own; request_stop, give_up, state, counts, latency: any.
// Ownership    owns the source's port, the messages, the way back. Pools and the dead letters' target outlive the thread.
// Limits       in_flight_max messages between poll and settle; limits::unconfirmed_max with those the source has not confirmed
//              yet, or fewer if the source says so.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/message.hpp"
#include "dispatch/dispatcher.hpp"
#include "flow/dead_letter_pause.hpp"
#include "flow/memory_limit.hpp"
#include "flow/poll_gates.hpp"
#include "flow/stages.hpp"
#include "observe/statistics.hpp"
#include "plugin/port/queue_port.hpp"
#include "plugin/port/service_calls.hpp"
#include "queue/doorbell.hpp"
#include "queue/inbox.hpp"
#include "settle/dead_letters.hpp"
#include "settle/known_dead.hpp"
#include "settle/recorded_before.hpp"
#include "settle/settle_order.hpp"
#include "settle/settlement.hpp"
#include "source/deliveries.hpp"
#include "source/intake.hpp"
#include "source/pool_switch.hpp"
#include "source/replay.hpp"
#include "source/source_proxy.hpp"

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
    ~SourceLoop();
    SourceLoop(const SourceLoop&) = delete;
    SourceLoop& operator=(const SourceLoop&) = delete;

    // What the pools of this source report to. Valid from construction on.
    Worker::Way way() { return {outcomes_, bell_, confirmed_, queue_->keeps_attempts()}; }

    // Before open: where messages go and where dead letters are kept.
    void connect(SourceRouter router, std::vector<PoolFeed::Options> pools, Target& dead_letters, std::uint64_t in_flight_max);
    // Before open, where ids stay: suspects are marked when they come in, and forgotten when they are settled.
    void watch_for_poison(Poison& poison) {
        poison_ = &poison;
        intake_.mark_suspects(poison);
    }
    // Before open: what was a dead letter when the host started, and is one still in this store, is not handled again.
    void know_dead(KnownDead dead, QueuePort& store) {
        known_dead_ = std::move(dead);
        dead_letter_store_ = &store;
    }
    // Before open: what has ended in an earlier run.
    void know_recorded(RecordedBefore recorded) { recorded_ = std::move(recorded); }
    // Before open: its messages count there, and it is polled as they leave room.
    void share(MemoryLimit& memory) { memory_.emplace(memory, bell_); }
    // Before open: pools may publish to what it reads; until they are done it is not at its end.
    void follow(Stages& stages) { stage_ = {&stages, stages.add(bell_)}; }
    // Before start: called by the source thread when messages have left what it reads.
    void on_settled(std::function<void()> settled) { settled_ = std::move(settled); }
    Result<void> open();
    void start();
    // [any] Nobody waits for the adapter any more: its calls end, if it can be told so.
    void interrupt() const { queue_->interrupt(); }

    // ---- at any time ----
    // What other threads ask of it.
    SourceProxy proxy() { return {commands_, bell_}; }
    // How far it is with what SourceProxy::hold() asked for.
    PoolStage pool_stage() const { return pool_switch_.stage(); }
    // Stops polling; pools have been or are told by the same caller. What waits for room still goes to its worker, which works
    // it off or gives it back behind older messages of its keys, as the pool was told.
    void request_stop();
    // Settles what has come back, counts the rest as abandoned, and ends.
    void give_up();
    // False: the adapter still holds the thread at `deadline_ns`.
    bool join(std::int64_t deadline_ns);
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
    const DeathCauses& deaths() const { return dead_letters_->causes(); }
    HistogramSnapshot latency() const { return settlement_.latency(); }
    // All but what its workers count.
    SourceStatistics statistics(std::int64_t now_ns) const;
    // Why it is not polled now; nothing once it has ended.
    NotPolled not_polled() const { return state() == State::running ? gates_.not_polled() : NotPolled{}; }
    std::int64_t away_since_ns() const { return away_since_ns_.load(std::memory_order_relaxed); }  // 0 = it is not

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
    void end_known_dead(MessageList& polled);
    bool is_dead(std::string_view id) const;
    void replay_posted();
    std::uint64_t in_flight() const { return settlement_.in_flight() + replay_.live(); }
    void end(Message* message);
    void end(MessageList& ended);
    void end_dead_letters();
    void store(Message* message) {
        dead_letters_->store(message, dispatcher_->pool_name(*message), dispatcher_->pool_logger(*message, logger_));
    }
    void settle_in_order(MessageList& stored);
    void settle(Message* message);
    void service();
    void look_after_deliveries();
    void tell_emptied();
    void poll_or_rest();
    void make_gates();
    void poll(const PollAllowance& allowance, std::uint32_t wait_ms);
    void poll_answered(sluice_status status, const FaultBuffer& fault);
    bool has_news() const;
    void rest();
    std::int64_t next_due_ns() const;
    void confirm_late();
    void look_for_end();
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
    Doorbell bell_;
    Confirmed confirmed_;
    Replay replay_;
    MessageStore store_;
    Settlement settlement_;
    Intake intake_;
    std::optional<Deliveries> deliveries_;  // of a source that may take them away
    Poison* poison_ = nullptr;
    RecordedBefore recorded_;
    KnownDead known_dead_;
    QueuePort* dead_letter_store_ = nullptr;  // with known_dead_
    RateLimit known_dead_said_{10'000'000'000};
    RateLimit not_extended_said_{10'000'000'000};
    std::optional<MemoryLimit::Share> memory_;
    std::unique_ptr<DeadLetters> dead_letters_;
    std::unique_ptr<Dispatcher> dispatcher_;

    // the source thread's
    ServiceCalls service_;
    std::int64_t now_ns_ = 0;
    std::int64_t unconfirmed_since_ns_ = 0;  // the source has not been called since, and has not confirmed all; 0 = it has
    std::int64_t poll_again_ns_ = 0;
    std::uint32_t poll_failures_ = 0;
    enum class Supply : std::uint8_t {
        open,
        at_end,  // the last poll said so, but pools of other sources may bring more
        over,    // nothing will come any more
    } supply_ = Supply::open;
    bool came_empty_ = false;  // the last poll brought nothing
    bool stopped_ = false;     // the stop has been seen
    std::string error_;        // written before failing_
    std::atomic<bool> failing_{false};
    PoolSwitch pool_switch_;
    DeadLetterPause dead_letter_pause_;
    PollGates gates_;
    SettleOrder settle_order_;
    std::function<void()> settled_;
    std::uint64_t confirmed_seen_ = 0;

    struct Stage {
        Stages* stages = nullptr;
        std::size_t number = 0;
        std::uint64_t seen = 0;          // before the last poll
        std::uint64_t seen_version = 0;  // at the beginning of this turn
    } stage_;

    Mailbox<SourceCommand> commands_;
    std::atomic<std::uint32_t> overflowed_{0};
    Counter slots_moved_;
    enum class Asked : std::uint8_t { nothing, stop, give_up };  // give_up includes stop
    std::atomic<Asked> asked_{Asked::nothing};
    std::atomic<std::int64_t> away_since_ns_{0};  // written by the source thread; nothing else is read with it
    std::atomic<State> state_{State::running};
    std::atomic<std::uint64_t> in_flight_{0};          // as the ledger counts it; written by the source thread
    std::atomic<std::uint64_t> replays_in_flight_{0};  // as it is counted, too

    std::mutex gone_mutex_;
    std::condition_variable gone_changed_;
    bool gone_ = false;  // guarded by gone_mutex_
    std::thread thread_;
};

}  // namespace sluice
