// What messages whose effects are durable still have to publish, and where that is kept until it is confirmed: beside their
// records in the database that deduplicates, so that a message which is recognised publishes what it published at first; or, of
// what a target has refused, in the message's dead letter.
//
// Without a database that deduplicates there are only the dead letters.
//
// Threads      whoever runs the worker.
// Ownership    refers to the session that it is a participant of.
// Errors       what the database answers; the text is in the session's fault(). A database that keeps no publishes is logged
//              once an hour.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "observe/notice.hpp"
#include "sluice/abi.h"
#include "unit/unit_of_work.hpp"

namespace sluice {

class Session;

class KeptPublishes {
public:
    explicit KeptPublishes(Session& session) : session_(session) {}

    // Per message that was processed before: what it still has to publish is added to its unit; if nobody can read that, or
    // send it, it becomes a dead letter. Anything but SLUICE_OK: the database cannot say now.
    sluice_status find(Unit& unit, std::uint32_t index);
    // Keeps what is to be published with the records, before the share of the unit is sealed. Anything but SLUICE_OK: not now.
    sluice_status before_commit(Unit& unit);
    // All of the unit is published, or refused: what is sent need not be kept any more, what targets have refused goes with the
    // dead letters.
    void published(Unit& unit, std::vector<Publishes::Item> refused);

private:
    enum class Added : std::uint8_t {
        yes,
        given_up,  // a target is gone: the message is a dead letter
        damaged,   // unreadable
    };
    sluice_status ask(const Message& message, std::string& kept);
    Added add(Unit& unit, std::uint32_t index, std::string_view kept);
    sluice_status keep(Unit& unit, std::uint32_t index, std::string_view bytes);
    void note_owed(Unit& unit, std::vector<Publishes::Item> refused);
    void note_sent(Unit& unit);

    Session& session_;
    RateLimit not_kept_said_{3'600'000'000'000};
};

}  // namespace sluice
