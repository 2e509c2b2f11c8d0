// One call of a handler with many messages (handle_batch): which of a batch it gets, how they enter the unit of work, and what
// it has said of them.
//
// As many as there are, each of another key: of a key the later ones wait for another call, since a failure of the first
// decides about them. What must be handled by itself, and what follows it of its key, is left as well.
//
// Threads      whoever runs the worker.
// Ownership    refers to what the worker has, which outlives it. A message taken is the unit's.
// Limits       HandlerHost::batch_max() messages, of twice as many that are looked at: a batch of one key is not walked over
//              for each of it.
// Cost         per message one look into a table of keys, which is made once.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/message.hpp"
#include "observe/counters.hpp"
#include "unit/handler_host.hpp"
#include "unit/unit_of_work.hpp"
#include "work/backlog.hpp"
#include "work/pool_notices.hpp"
#include "work/under_way.hpp"
#include "work/withdrawal.hpp"

namespace sluice {

class Together {
public:
    Together(Backlog& backlog, Withdrawal& withdrawal, HandlerHost& handler, UnderWay& under_way, PoolNotices& notices,
             WorkerCounters& counters, const Clock& clock, Logger logger);

    // It may share a call with others.
    bool may_take(const Message& message) const { return limit_ != 0 && !message.resuming && !message.suspect; }
    struct Call {
        std::uint32_t first = 0;                    // in the unit
        std::span<const HandlerHost::Said> said{};  // of as many messages, one behind the other; until the next call
        bool not_now = false;  // the database cannot say whether it knows the next one, which is in the batch again
    };
    const std::string& why_not_now() const { return why_not_now_; }
    // Takes `message`, and of the batch what may share its call, into the unit, at its end, and calls the handler. What the
    // database knows has its outcome then, and is no part of the call.
    Call handle(Unit& unit, Message* message, MessageList& batch);

private:
    // Keys seen since it was cleared.
    class Keys {
    public:
        // Before the first use: so many may be added between two calls of clear().
        void resize(std::uint32_t keys) { places_.resize(std::bit_ceil(std::size_t{keys} * 2)); }
        void clear() { ++round_; }
        // False: it is there already.
        bool add(std::uint64_t key_hash);

    private:
        struct Place {
            std::uint64_t key_hash = 0;
            std::uint64_t round = 0;
        };
        std::vector<Place> places_;  // by the hash, or the next one that is free; at most half of them are used
        std::uint64_t round_ = 0;
    };
    bool may_share(const Message& message);
    enum class Entered : std::uint8_t { to_call, ended, not_now };
    Entered enter(Unit& unit, Message* message);
    // How many there are for a call; they stand from call.first on.
    std::uint32_t take(Unit& unit, Message* message, MessageList& batch, Call& call);
    void note_failure(const Message& first, std::span<const HandlerHost::Said> said);
    std::uint32_t looked_at() const { return limit_ * 2; }

    Backlog& backlog_;
    Withdrawal& withdrawal_;
    HandlerHost& handler_;
    Session& session_;  // the handler's
    UnderWay& under_way_;
    PoolNotices& notices_;
    WorkerCounters& counters_;
    const Clock& clock_;
    const Logger logger_;
    std::string why_not_now_;
    const std::uint32_t limit_;  // 0: each is handled by itself
    Keys keys_;
};

}  // namespace sluice
