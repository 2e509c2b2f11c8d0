// What is left to do here with messages of a source that have ended, before it is told: a dead letter is stored, within
// dead_letters.max_rate, and what ends later of its key waits until it is.
//
// Threads      the source thread; deaths() also others, once that thread has ended.
// Ownership    owns a message from end() until it is settled, or taken by take_all().
// Ordering     messages of one key are settled in the order in which they have ended.
// Cost         per message: a look whether any key has a dead letter on its way.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "core/clock.hpp"
#include "core/message.hpp"
#include "crash/poison.hpp"
#include "dispatch/dispatcher.hpp"
#include "flow/dead_letter_pause.hpp"
#include "observe/logging.hpp"
#include "observe/notice.hpp"
#include "plugin/port/queue_port.hpp"
#include "settle/dead_letters.hpp"
#include "settle/known_dead.hpp"
#include "settle/settle_order.hpp"
#include "settle/settlement.hpp"
#include "source/deliveries.hpp"
#include "source/replay.hpp"

namespace sluice {

class EndedMessages {
public:
    // All of it outlives this.
    EndedMessages(const QueuePort& queue, Settlement& settlement, Replay& replay, Logger logger)
        : queue_(queue),
          settlement_(settlement),
          replay_(replay),
          logger_(logger),
          pause_(logger) {}
    EndedMessages(const EndedMessages&) = delete;
    EndedMessages& operator=(const EndedMessages&) = delete;

    // ---- before the first message ----

    // Where dead letters are kept.
    void connect(Target& store, const RecordedBefore& recorded, const Clock& clock, EventCount& event_count) {
        dead_letters_ = std::make_unique<DeadLetters>(store, recorded, clock, event_count, logger_);
    }
    // Suspects are forgotten when they are settled.
    void forget_suspects(Poison& poison) { poison_ = &poison; }
    // They are the host's until they are settled.
    void leave(Deliveries& deliveries) { deliveries_ = &deliveries; }
    // What was a dead letter when the host started, and is one still in this store, is not handled again.
    void know_dead(KnownDead dead, QueuePort& store) {
        known_dead_ = std::move(dead);
        dead_letter_store_ = &store;
    }

    // ---- each turn ----

    // A message has ended, but for what is left to do here.
    void end(Message* message, const Dispatcher& dispatcher, std::int64_t now_ns) {
        if (message->outcome == Outcome::dead_letter)
            end_dead(message, dispatcher, now_ns);
        else if (order_.empty() || !has_order(*message, dispatcher) || !order_.wait_behind(message))
            settle(message, now_ns);
    }
    void end(MessageList& ended, const Dispatcher& dispatcher, std::int64_t now_ns) {
        while (Message* message = ended.pop_front()) end(message, dispatcher, now_ns);
    }
    // Newly polled: ends what is a dead letter already. It was delivered again by a source that has not heard of its end; it is
    // in the store, and a replay brings it back.
    void end_known_dead(MessageList& polled, std::int64_t now_ns) {
        if (!known_dead_.empty()) end_those_known(polled, now_ns);
    }
    // Settles dead letters that are stored, and stores those whose turn has come. `stopped`: nothing waits any more; it goes
    // back to the source, or is stored at once where that takes nothing back.
    void go_on(bool stopped, const Dispatcher& dispatcher, std::int64_t now_ns);

    // ---- what waits here ----

    bool has_news() const { return dead_letters_->has_news(); }
    // When a dead letter is to be stored once more; 0 = none is.
    std::int64_t due_ns() const { return dead_letters_->due_ns(); }
    std::uint64_t waiting() const { return dead_letters_->waiting() + pause_.waiting() + order_.waiting(); }
    // Of them, those that wait for a dead letter of their key.
    std::uint64_t waiting_for_their_key() const { return order_.waiting(); }
    DeadLetterPause& pause() { return pause_; }
    const DeadLetterPause& pause() const { return pause_; }
    // At the very end.
    void take_all(MessageList& out);

    // What they died of.
    const DeathCauses& deaths() const { return dead_letters_->causes(); }

private:
    static bool has_order(const Message& message, const Dispatcher& dispatcher) {
        return !message.replayed && dispatcher.keeps_order(message);
    }
    void end_dead(Message* message, const Dispatcher& dispatcher, std::int64_t now_ns);
    void end_those_known(MessageList& polled, std::int64_t now_ns);
    bool is_dead(std::string_view id) const;
    void store(Message* message, const Dispatcher& dispatcher) {
        dead_letters_->store(message, dispatcher.pool_name(*message), dispatcher.pool_logger(*message, logger_));
    }
    void settle_in_order(MessageList& stored, std::int64_t now_ns);
    void settle(Message* message, std::int64_t now_ns) {
        const bool suspected = (message->suspect || message->replayed) && poison_ != nullptr && poison_->any();
        if (suspected && message->outcome != Outcome::released) poison_->forget(*message);
        if (message->replayed) return replay_.settle(message);
        if (deliveries_ != nullptr) deliveries_->leave(*message);
        settlement_.take(message, now_ns);
    }

    const QueuePort& queue_;
    Settlement& settlement_;
    Replay& replay_;
    const Logger logger_;
    Poison* poison_ = nullptr;
    Deliveries* deliveries_ = nullptr;  // NULL: what is delivered stays
    KnownDead known_dead_;
    QueuePort* dead_letter_store_ = nullptr;  // with known_dead_
    RateLimit known_dead_said_{10'000'000'000};
    SettleOrder order_;
    DeadLetterPause pause_;
    std::unique_ptr<DeadLetters> dead_letters_;
};

}  // namespace sluice
