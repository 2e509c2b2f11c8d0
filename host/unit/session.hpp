// The databases of one worker and what each has a share of: its units of work.
//
// Three participants add to those shares, each only where it is in use: Deduplication, KeptPublishes and SourceAck. A unit
// meets them here, at these points:
//
//   per message  look_up(), before its handler      Deduplication records it; of one that is known KeptPublishes finds the rest
//                drop(), if it has no effects       Deduplication forgets it, if it is to be seen as new when it comes again
//   per unit     filled(), before the first commit  SourceAck begins its share
//                before_commit(), per database      KeptPublishes and SourceAck add what belongs to that database's share
//                published(), after the last        KeptPublishes forgets what was sent, and notes what was refused
//
// Threads      open, close, ack_in_units, note_on_databases: main. use: main, or whoever runs the worker. The rest:
//              whoever runs the worker.
// Ownership    owns the connections and the participants. Databases, targets, and whom commits are answered to, outlive it.
// Errors       what a database answers, with its text in fault(). That it is unreachable, or has failed permanently, is passed
//              on to its circuit.
// Limits       limits::databases_max connections.
// Invariants   (1) a connection stays at its position until close() (2) at most one database deduplicates, and beside it no
//              other one acks: only one can commit last
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "core/error.hpp"
#include "observe/logging.hpp"
#include "plugin/fault.hpp"
#include "unit/connection.hpp"
#include "unit/deduplication.hpp"
#include "unit/kept_publishes.hpp"
#include "unit/source_ack.hpp"
#include "unit/unit_of_work.hpp"

namespace sluice {

class Target;

// What a pool's handlers may use, by the names of the configuration. Constant while workers exist.
struct Dependencies {
    std::vector<std::pair<std::string, const Database*>> databases;
    std::vector<std::pair<std::string, Target*>> targets;
};

class Session {
public:
    Session(const Dependencies& dependencies, Connection::Ended& ended, const Clock& clock, Logger logger)
        : dependencies_(dependencies),
          ended_(ended),
          clock_(clock),
          logger_(logger) {}
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    // ---- connections ----

    // From now on there is a connection to the database of this number, opened at once if open() was called before.
    // `message_is_under_way`: one that has begun without it. SLUICE_INVALID: there may be none, and why.
    sluice_status use(std::uint32_t database, bool message_is_under_way, sluice_fault* fault);
    // May be called again after it failed.
    Result<void> open();
    bool is_open() const { return is_open_; }
    void close();
    // Messages of a queue in `resource` are acked within their unit, if a database in use is the same. There the queue is known
    // as `queue`.
    void ack_in_units(std::string_view resource, std::string_view queue);
    // After a failed unit, once all have ended: what is begun from now on counts again.
    void restart();

    const std::vector<std::unique_ptr<Connection>>& connections() const { return connections_; }
    // NULL: it is not in use.
    const Connection* connection(std::uint32_t database) const;
    // Recognises the messages of a unit when they come again: of several databases it comes last.
    bool commits_last(std::size_t position) const {
        return (deduplication_ && deduplication_->position() == position) ||
               (source_ack_ && source_ack_->position() == position);
    }
    // What is to be known of the databases together, or empty.
    std::string note_on_databases() const;

    // ---- units ----

    // The database has a share of the unit from now on.
    sluice_status begin(Unit& unit, std::size_t position, sluice_fault* fault) {
        return unit.handles[position] != 0 ? SLUICE_OK : begin_share(unit, position, fault);
    }

    // Where this says no, there is nothing to look up: the message is new.
    bool may_know(const Message& message) const { return deduplication_ || !owed_by(message).empty(); }
    enum class Known : std::uint8_t {
        no,         // it is recorded now
        yes,        // it has its outcome, and what it still has to publish is in the unit
        not_known,  // the database cannot say now
    };
    Known look_up(Unit& unit, std::uint32_t index);
    // The database has found only in its commit that this message is known. Anything but SLUICE_OK: it cannot say now what the
    // message still has to publish.
    sluice_status recognised(Unit& unit, std::uint32_t index);
    // Takes back what a message has written and published; with `record`, also that it was ever seen.
    void drop(Unit& unit, std::uint32_t index, bool record);

    // All messages have their verdicts.
    void filled(Unit& unit) {
        if (source_ack_) source_ack_->filled(unit);
    }
    // Before this database's share is sealed. Anything but SLUICE_OK: not now.
    sluice_status before_commit(Unit& unit, std::size_t position);
    // `refused`: by their targets.
    void published(Unit& unit, std::vector<Publishes::Item> refused) { kept_publishes_.published(unit, std::move(refused)); }

    bool deduplicates() const { return deduplication_.has_value(); }
    // The source never delivers this stream below `below` again by itself.
    void confirmed_below(std::string_view source, std::string_view stream, std::uint64_t below) {
        if (deduplication_) deduplication_->confirmed_below(source, stream, below);
    }

    // ---- what was said last, by a database or by the handler ----

    FaultBuffer& fault() { return fault_; }
    const FaultBuffer& fault() const { return fault_; }
    // A database could not do what it was asked since forget_said(), for no fault of the message.
    bool was_unavailable() const { return was_unavailable_; }
    void note_unavailable() { was_unavailable_ = true; }
    void forget_said() {
        was_unavailable_ = false;
        fault_.clear();
    }
    // What a database has answered, which these return; answered: to a question, so that SLUICE_OK is proof that it responds.
    sluice_status note(const Connection& connection, sluice_status status, const sluice_fault* fault);
    sluice_status answered(const Connection& connection, sluice_status status, const sluice_fault* fault);

    // ---- for its participants ----

    const Dependencies& dependencies() const { return dependencies_; }
    std::string_view target_name(std::uint32_t target) const { return dependencies_.targets[target].first; }
    Deduplication* deduplication() { return deduplication_ ? &*deduplication_ : nullptr; }
    const Clock& clock() const { return clock_; }
    const Logger& logger() const { return logger_; }

private:
    sluice_status begin_share(Unit& unit, std::size_t position, sluice_fault* fault);

    const Dependencies& dependencies_;
    Connection::Ended& ended_;
    const Clock& clock_;
    const Logger logger_;

    std::vector<std::unique_ptr<Connection>> connections_;  // by position, in the order of their first use
    bool is_open_ = false;
    std::optional<Deduplication> deduplication_;
    std::optional<SourceAck> source_ack_;
    KeptPublishes kept_publishes_{*this};

    FaultBuffer fault_;
    bool was_unavailable_ = false;
};

}  // namespace sluice
