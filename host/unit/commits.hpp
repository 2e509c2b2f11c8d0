// Brings units from their last message to their end: commit by commit, then the publishes, then back to the worker in order.
//
// The worker goes on with its next batch meanwhile; units end in the order they were submitted.
//
// Threads      whoever runs the worker; committed() and returned() on any thread, which only note the answer and hand the unit
//              back.
// Ownership    owns the units.
// Limits       limits::units_in_flight units.
// Invariants   (1) a unit is in exactly one stage
//              (2) a commit is answered once: a second or foreign answer is logged and ignored
//              (3) take_finished() answers units in the order of submit()
//              (4) units become durable and are published in that order too: a unit follows another while that one still
//                  commits only on the same connection, whose adapter keeps the order; and when one fails, or a message of it,
//                  all later ones fail with it
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <string_view>
#include <vector>

#include "observe/logging.hpp"
#include "queue/inbox.hpp"
#include "unit/session.hpp"
#include "unit/unit_of_work.hpp"

namespace sluice {

class Commits final : public Connection::Ended {
public:
    // `news`: called on any thread after a unit has come back. `tag`: below 2^15, another one for each worker of the host.
    Commits(Logger logger, std::function<void()> news, std::uint32_t tag = 0);

    bool has_free_unit() const { return order_.size() < units_.size(); }
    bool empty() const { return order_.empty(); }
    Unit& begin();
    // Gives a unit that is filled on its way; its end comes through take_finished(). Nothing to commit or publish: it is
    // finished now.
    void submit(Unit& unit, Session& session);
    // Looks after the units that came back.
    void collect(Session& session);
    // Messages of a key in units that have not ended.
    std::uint32_t count(std::uint64_t key_hash) const {
        std::uint32_t found = 0;
        for (const Unit* unit : order_)
            for (const Message* message : unit->messages) found += message != nullptr && message->key_hash == key_hash;
        return found;
    }
    bool has_news() const { return !returned_.empty(); }
    // The oldest unit if it is finished, else nullptr. To be given back by release().
    Unit* take_finished();
    void release(Unit& unit);

    void committed(std::uint64_t token, sluice_status status, const sluice_commit_result* results, std::uint64_t count,
                   sluice_bytes text) override;
    // [any] An end was noted in the unit.
    void returned(Unit& unit);
    // Control, after the last unit has ended: whoever brought it back has left.
    void wait_for_tellers() const;

private:
    static std::uint64_t token_of(const Unit& unit, std::size_t index) { return (std::uint64_t{unit.generation} << 8) | index; }
    std::size_t index_of(const Unit& unit) const { return static_cast<std::size_t>(&unit - units_.data()); }
    // Every unit that waits and whose turn it is commits what comes next, or publishes, or finishes.
    void advance(Session& session);
    void step(Unit& unit, Session& session);
    static bool may_follow(const Unit& unit, const Unit& earlier);
    void commit(Unit& unit, Connection& connection, Unit::Handle handle);
    void take_answer(Unit& unit, Session& session);
    void take_result(Unit& unit, const Unit::Answer::Item& item, const Connection& connection, Session& session);
    static void hold_back_followers(Unit& unit, Session& session);
    void publish(Unit& unit, Session& session);
    void take_publishes(Unit& unit, Session& session);
    static void abandon(Unit& unit, Session& session);
    void fail(Unit& unit, Session& session, sluice_status status, std::string_view text);

    const Logger logger_;
    const std::function<void()> news_;
    std::atomic<std::uint32_t> telling_{0};  // threads inside returned()
    std::array<Unit, limits::units_in_flight> units_;
    std::deque<Unit*> order_;  // submitted or being filled, oldest first
    std::uint32_t generation_ = 0;
    Inbox<Unit> returned_;
};

}  // namespace sluice
