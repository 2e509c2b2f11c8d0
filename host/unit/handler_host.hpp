// One handler instance with the services the host gives it: its worker's databases, publishing, the time to give up.
//
// Threads      create, start, stop: main. handle: whoever runs the worker; the handler calls the services from
//              inside it.
// Ownership    owns the handler instance and the session.
// Invariants   outside handle() no ticket is valid but those of deferred messages: a call with another is answered
//              SLUICE_STALE and changes nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "crash/poison.hpp"
#include "plugin/port/handler_port.hpp"
#include "plugin/services.hpp"
#include "unit/call_progress.hpp"
#include "unit/deferred.hpp"
#include "unit/measuring.hpp"
#include "unit/message_json.hpp"
#include "unit/session.hpp"
#include "unit/unit_of_work.hpp"

namespace sluice {

class Canceller;

class HandlerHost final : public sluice_host {
public:
    // What a call has said of a message, if that is not done.
    struct Said {
        sluice_verdict verdict = SLUICE_RETRY;
        bool alone = false;        // in a batch: it is to be handled by itself
        bool misbehaved = false;   // broke a rule: an exception across the ABI, an unknown verdict
        bool crowded = false;      // would be deferred, but too many are: tried again later, does not count as an attempt
        bool unavailable = false;  // failed because a database did: does not count as an attempt, and the worker pauses
        // the handler says that something it depends on is unreachable: the message waits, not the worker
        bool outage = false;
        std::int64_t delay_ms = 0;  // as sluice_fault::retry_delay_ms
    };

    // The call under way, by its first message; ticket 0: there is none.
    struct Call {
        sluice_ticket ticket = 0;
        std::int64_t deadline_ns = 0;  // 0 = none
    };

    HandlerHost(Logger logger, std::filesystem::path state_dir, const Clock& clock, const Dependencies& dependencies,
                Connection::Ended& ended);
    ~HandlerHost() override;

    // `setup.api` and `setup.host` are filled in here.
    Result<void> create(const HandlerFactory& handlers, sluice_setup setup, const PluginPart* part = nullptr);
    // Once its session is open. May be called again after it failed.
    Result<void> start();
    // Before the first message: how long a call may take. 0 = no bound, and no look at the clock.
    void set_timeout(std::int64_t timeout_ns) { timeout_ns_ = timeout_ns; }
    // Before the first message: at most so many of them come in one call of handle_batch; 0 = none.
    void set_batch(std::uint32_t messages) { batch_.resize(messages); }
    std::uint32_t batch_max() const { return batch_.capacity(); }
    // Before the first message, where ids stay: notes each call, and lets suspects run alone. `notes`: for as many messages as
    // may be in one call.
    void watch_for_poison(Poison& poison, std::vector<HandlerMark> notes) {
        poison_ = &poison;
        note_ = std::move(notes.front());
        notes.erase(notes.begin());
        batch_.notes = std::move(notes);
    }
    // How often the process has ended inside the handler of a suspect.
    std::uint32_t crashes(const Message& message) const { return poison_ == nullptr ? 0 : poison_->crashes(message); }
    // Undoes start(), if it succeeded, and closes the session.
    void stop();

    // Calls the handler on unit.messages[index]. True: it is done. False: said() says what it is; the text that it gave is in
    // the session's fault().
    bool handle(Unit& unit, std::uint32_t index);
    // As handle(), for a deferred message that is resumed.
    bool handle_resumed(Unit& unit, std::uint32_t index, std::uint64_t cookie);
    const Said& said() const { return said_; }
    // Calls it on `count` messages together, from unit.messages[first] on: at most batch_max(), each of another key. What it
    // has said of each is valid until the next call.
    std::span<const Said> handle_batch(Unit& unit, std::uint32_t first, std::uint32_t count);
    // Before start(): what all instances of a pool share; see HandlerPort.
    Result<std::shared_ptr<void>> load_shared() { return handler_->load_shared(); }
    void use_shared(std::shared_ptr<void> shared) { handler_->use_shared(std::move(shared)); }
    // The databases that it uses, and what was said last: by one of them, or by the handler.
    Session& session() { return session_; }
    const Session& session() const { return session_; }
    // Numbers of the targets that the handler has asked for so far. Any thread.
    std::vector<std::size_t> targets() const;
    // [any]
    Call call() const;
    // [source] Another host has the message of this ticket: the handler is to give up.
    void tell_lost(sluice_ticket ticket) {
        lost_.store(ticket, std::memory_order_relaxed);  // nothing else is published with it
        cancel_ticket(ticket);
    }
    // [any] Has the handler told that a ticket's time is over, if it wants to be told: by the canceller, if it was given one.
    void cancel_ticket(sluice_ticket ticket);
    // Tells it now; returns when its cancel() does.
    void call_cancel(sluice_ticket ticket);
    // Before the first message.
    void cancel_through(Canceller& canceller) { canceller_ = &canceller; }
    Deferred& deferred() { return deferred_; }
    const Deferred& deferred() const { return deferred_; }
    bool can_cancel() const;
    bool can_batch() const { return handler_->can_batch(); }
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
    sluice_status metric(const sluice_metric& metric, uint32_t* number, sluice_fault* fault) override;
    void measure(uint32_t number, int64_t value) override;
    sluice_status work_done(sluice_ticket ticket, uint64_t n) override;

    // [any] What the handler has measured, once it is created.
    std::vector<MetricReading> metrics() const { return measuring_.readings(); }
    // [any] What the handler has said of the call under way: ", 40 done so far, 1.2 s ago"; empty: nothing.
    std::string progress() const { return progress_.in_words(current_, clock().now()); }

private:
    // What a call with many messages is made of.
    struct Batch {
        void resize(std::uint32_t count) {
            messages.resize(count), tickets.resize(count), verdicts.resize(count), said.resize(count);
        }
        std::uint32_t capacity() const { return static_cast<std::uint32_t>(said.size()); }

        std::vector<const sluice_message*> messages;
        std::vector<sluice_ticket> tickets;
        std::vector<sluice_verdict> verdicts;
        std::vector<Said> said;
        std::vector<HandlerMark> notes;  // one less: the first message has the worker's
    };

    template <typename Function>
    bool call_handler(Unit& unit, std::uint32_t index, Function&& function);
    // `count`: of a batch; 0: it is none.
    void begin_call(sluice_ticket first, std::uint32_t count = 0);
    // Of a message that is not done: whether that is an outage's fault.
    void excuse(Said& said) const;
    void misbehave(Said& said);
    void defer(Message* message, sluice_ticket ticket, Said& said);
    int64_t deadline_ns(sluice_ticket ticket) const;
    // The position of the connection in the session, with its share of the unit begun; or why not.
    sluice_status enter(sluice_ticket ticket, std::uint32_t database, std::size_t& position, sluice_fault* fault);

    std::vector<std::atomic<bool>> asked_for_;  // by the target's number
    std::unique_ptr<HandlerPort> handler_;
    Session session_;
    std::int64_t timeout_ns_ = 0;
    bool started_ = false;

    Poison* poison_ = nullptr;
    Canceller* canceller_ = nullptr;

    // written by whoever runs the worker
    HandlerMark note_;
    Said said_;
    Batch batch_;
    Unit* unit_ = nullptr;  // of the call under way
    bool unbounded_said_ = false;
    MessageJson json_;
    // The watchdog looks at these two.
    CallTickets current_;
    std::atomic<std::int64_t> deadline_ns_{0};  // of that call
    Deferred deferred_{current_};

    std::atomic<bool> cancelled_{false};
    std::atomic<sluice_ticket> lost_{0};  // the last call whose message was lost

    Measuring measuring_;
    CallProgress progress_;
};

}  // namespace sluice
