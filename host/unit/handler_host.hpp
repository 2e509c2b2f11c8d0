// One handler instance with the services the host gives it: its worker's database connections, publishing, the time to give up.
//
// Threads      create, connect, start, stop: control. handle: whoever runs the worker; the handler calls the services from
//              inside it.
// Ownership    owns the handler instance and the connections.
// Invariants   outside handle() no ticket is valid: a call with one is answered SLUICE_STALE and changes nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "crash/poison.hpp"
#include "observe/handler_metrics.hpp"
#include "observe/notice.hpp"
#include "plugin/fault.hpp"
#include "plugin/port/handler_port.hpp"
#include "plugin/services.hpp"
#include "unit/connection.hpp"
#include "unit/deferred.hpp"
#include "unit/message_json.hpp"
#include "unit/unit_of_work.hpp"

namespace sluice {

class Canceller;
class Target;

// What a pool's handlers may use, by the names of the configuration. Constant while workers exist.
struct Dependencies {
    std::vector<std::pair<std::string, const Database*>> databases;
    std::vector<std::pair<std::string, Target*>> targets;
};

class HandlerHost final : public sluice_host {
public:
    // What came of one call.
    struct Said {
        sluice_verdict verdict = SLUICE_RETRY;
        bool misbehaved = false;   // broke a rule: an exception across the ABI, an unknown verdict
        bool crowded = false;      // would be deferred, but too many are: tried again later, does not count as an attempt
        bool unavailable = false;  // failed because a database did: does not count as an attempt, and the worker pauses
        // the handler says that something it depends on is unreachable: the message waits, not the worker
        bool outage = false;
        std::int64_t delay_ms = 0;  // as sluice_fault::retry_delay_ms
    };

    // The call under way; ticket 0: there is none.
    struct Call {
        sluice_ticket ticket = 0;
        std::int64_t deadline_ns = 0;  // 0 = none
    };

    HandlerHost(Logger logger, std::filesystem::path state_dir, const Clock& clock, const Dependencies& dependencies,
                Connection::Ended& ended);
    ~HandlerHost() override;

    // `setup.api` and `setup.host` are filled in here.
    Result<void> create(const HandlerFactory& handlers, sluice_setup setup, const PluginPart* part = nullptr);
    // Both may be called again after they failed: what is done already stays done.
    Result<void> connect();
    Result<void> start();
    // Before the first message: how long a call may take. 0 = no bound, and no look at the clock.
    void set_timeout(std::int64_t timeout_ns) { timeout_ns_ = timeout_ns; }
    // Before the first message, where ids stay: notes each call, and lets suspects run alone.
    void watch_for_poison(Poison& poison, BegunNote note) {
        poison_ = &poison;
        note_ = std::move(note);
    }
    // How often the process has ended inside the handler of a suspect.
    std::uint32_t crashes(const Message& message) const { return poison_ == nullptr ? 0 : poison_->crashes(message); }
    // Undoes what connect() and start() did, also half of it.
    void stop();

    // ---- with the database that deduplicates (records.cpp) ----

    // Has this message been processed before? SLUICE_OK: no; SLUICE_SEEN: yes; otherwise the database cannot say now.
    sluice_status record_once(Unit& unit, std::uint32_t index);
    // What a message that was processed before still has to publish is added to its unit; if nobody can read that, or send it,
    // it becomes a dead letter. Anything but SLUICE_OK: the database cannot say now.
    sluice_status find_kept(Unit& unit, std::uint32_t index);
    // What is to be published is kept with the records, before the share of the unit is sealed. Anything but SLUICE_OK: not
    // now.
    sluice_status keep_publishes(Unit& unit);
    // Those that are sent need not be kept any more.
    void publishes_done(Unit& unit);
    // The source never delivers this stream below `position` again by itself.
    void confirmed_below(std::string_view source, std::string_view stream, std::uint64_t position);

    // ---- with the database that the source's messages live in (acks.cpp) ----

    // Messages of a queue in `resource` are acked within their unit, if a database of the handler is the same. There the queue
    // is known as `queue`.
    void ack_in_units(std::string_view resource, std::string_view queue);
    // Before the shares of a unit are committed: it has one where its messages are to be acked.
    void begin_acks(Unit& unit);
    // Acks all that is done and publishes nothing, before that share is sealed. Anything but SLUICE_OK: not now.
    sluice_status settle_acks(Unit& unit);
    const Connection* acking() const { return acking_; }

    // Calls the handler on unit.messages[index]. The text it gave is in fault().
    Said handle(Unit& unit, std::uint32_t index);
    // As handle(), for a deferred message that is resumed.
    Said handle_resumed(Unit& unit, std::uint32_t index, std::uint64_t cookie);
    // Takes back what a message has written and published; with `record`, also that it was ever seen.
    void drop(Unit& unit, std::uint32_t index, bool record);

    // After a failed unit, once all have ended: what is begun from now on counts again.
    void restart();
    const FaultBuffer& fault() const { return fault_; }
    bool deduplicates() const { return deduplicating_ != nullptr; }
    // What is to be known of the databases together, or empty.
    std::string note_on_databases() const;
    // Recognises the messages of a unit when they come again: of several databases it comes last.
    bool commits_last(const Connection& connection) const { return &connection == deduplicating_ || &connection == acking_; }
    const std::vector<std::unique_ptr<Connection>>& connections() const { return connections_; }
    const Dependencies& dependencies() const { return dependencies_; }
    // Numbers of the targets that the handler has asked for so far. Any thread.
    std::vector<std::size_t> targets() const;
    // [any]
    Call call() const;
    // [any] Has the handler told that a ticket's time is over, if it wants to be told: by the canceller, if it was given one.
    void cancel_ticket(sluice_ticket ticket);
    // Tells it now; returns when its cancel() does.
    void call_cancel(sluice_ticket ticket);
    // Before the first message.
    void cancel_through(Canceller& canceller) { canceller_ = &canceller; }
    Deferred& deferred() { return deferred_; }
    const Deferred& deferred() const { return deferred_; }
    bool can_cancel() const;
    // A deferred message may be ended by the host alone: nobody reads it any more.
    bool may_end_deferred() const;
    bool is_cancelled() const { return cancelled_.load(std::memory_order_relaxed); }
    void cancel() { cancelled_.store(true, std::memory_order_relaxed); }  // relaxed: nothing else is published with it

    // ---- services ----
    sluice_status database(sluice_bytes name, uint32_t* database, sluice_fault* fault) override;
    sluice_status prepare(uint32_t database, sluice_bytes sql, uint32_t* statement, sluice_fault* fault) override;
    sluice_status execute(sluice_ticket ticket, uint32_t database, uint32_t statement, const sluice_value* values,
                          uint32_t count, sluice_fault* fault) override;
    sluice_status query(sluice_ticket ticket, uint32_t database, uint32_t statement, const sluice_value* values, uint32_t count,
                        const sluice_row_sink* sink, sluice_fault* fault) override;
    sluice_status target(sluice_bytes name, uint32_t* target, sluice_fault* fault) override;
    sluice_status publish(sluice_ticket ticket, uint32_t target, const sluice_outgoing* message, sluice_fault* fault) override;
    uint32_t cancelled(sluice_ticket ticket) override;
    int64_t deadline_ms(sluice_ticket ticket) override;
    sluice_status complete(sluice_ticket ticket, const sluice_ending& ending) override;
    sluice_status resume(sluice_ticket ticket, uint64_t cookie) override;
    sluice_status describe(uint32_t database, uint32_t statement, sluice_statement* description, sluice_fault* fault) override;
    sluice_status json(sluice_ticket ticket, sluice_bytes pointer, sluice_json* value, sluice_fault* fault) override;
    sluice_status metric(const sluice_metric& metric, uint32_t* number, sluice_fault* fault) override;  // measured.cpp
    void measure(uint32_t number, int64_t value) override;
    sluice_status work_done(sluice_ticket ticket, uint64_t n) override;

    // [any] What the handler has measured, once it is created.
    std::vector<MetricReading> metrics() const;
    // [any] What the handler has said of the call under way: ", 40 done so far, 1.2 s ago"; empty: nothing.
    std::string progress() const;

private:
    struct Found {
        bool damaged = false;
    };
    sluice_status ask_kept(const Message& message, std::string& kept);
    Found add_kept(Unit& unit, std::uint32_t index, std::string_view kept);

    template <typename Function>
    Said call_handler(Unit& unit, std::uint32_t index, Function&& function);
    void defer(Message* message, sluice_ticket ticket, Said& said);
    static bool is_acked_in_unit(const Message* message);
    int64_t deadline_ns(sluice_ticket ticket) const;
    Connection* connection(std::uint32_t database);
    std::size_t position_of(const Connection* connection) const;
    sluice_status begin(Unit& unit, std::size_t position, sluice_fault* fault);
    // The position of the connection in connections_, with the unit begun on it; or why not.
    sluice_status enter(sluice_ticket ticket, std::uint32_t database, std::size_t& position, sluice_fault* fault);
    sluice_status note(const Connection& connection, sluice_status status, const sluice_fault* fault);
    sluice_status answered(const Connection& connection, sluice_status status, const sluice_fault* fault);

    const Dependencies& dependencies_;
    std::vector<std::atomic<bool>> asked_for_;  // by the target's number
    Connection::Ended& ended_;
    std::unique_ptr<HandlerPort> handler_;
    std::vector<std::unique_ptr<Connection>> connections_;
    Connection* deduplicating_ = nullptr;
    Connection* acking_ = nullptr;
    std::string acked_queue_;
    std::vector<sluice_ticket> ack_tickets_;  // of one unit, reused
    std::vector<sluice_settlement> acks_;
    RateLimit not_acked_said_{3'600'000'000'000};
    RateLimit not_kept_said_{3'600'000'000'000};
    bool connected_ = false;
    std::int64_t timeout_ns_ = 0;
    bool started_ = false;

    Poison* poison_ = nullptr;
    Canceller* canceller_ = nullptr;

    // written by whoever runs the worker
    BegunNote note_;
    Unit* unit_ = nullptr;  // of the call under way
    FaultBuffer fault_;
    bool unavailable_ = false;
    bool unbounded_said_ = false;
    MessageJson json_;
    // Atomic because the watchdog looks at them, and a plugin may ask with an old ticket from a thread of its own; it then gets
    // SLUICE_STALE.
    std::atomic<sluice_ticket> current_{0};
    std::atomic<std::int64_t> deadline_ns_{0};  // of that call
    Deferred deferred_{current_};

    std::atomic<bool> cancelled_{false};

    std::unique_ptr<HandlerMetrics> metrics_;  // constant once created; NULL: it has none
    // Of the call with this ticket, if it is the present one.
    std::atomic<sluice_ticket> progress_of_{0};
    std::atomic<std::uint64_t> progress_{0};
    std::atomic<std::int64_t> progress_ns_{0};
};

}  // namespace sluice
