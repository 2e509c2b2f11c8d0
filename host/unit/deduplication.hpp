// The records by which one database recognises messages that come again: made in the unit of their effects, so that both are
// durable or neither.
//
// Threads      whoever runs the worker.
// Ownership    refers to the session that it is a participant of.
// Errors       what the database answers; the text is in the session's fault().
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sluice/abi.h"
#include "unit/unit_of_work.hpp"

namespace sluice {

class Connection;
class Session;

class Deduplication {
public:
    // `position`: of its connection in the session.
    Deduplication(Session& session, std::size_t position) : session_(session), position_(position) {}

    std::size_t position() const { return position_; }
    const Connection& connection() const;

    // Per message, before its handler. SLUICE_OK: it is recorded with the unit; SLUICE_SEEN: it has been processed before;
    // otherwise the database cannot say now.
    sluice_status record(Unit& unit, std::uint32_t index);
    // Per message that does not end with this unit after all.
    void forget(Unit& unit, std::uint32_t index);
    // The source never delivers this stream below `below` again by itself: its records need not be kept one by one.
    void confirmed_below(std::string_view source, std::string_view stream, std::uint64_t below);

private:
    Session& session_;
    const std::size_t position_;
};

}  // namespace sluice
