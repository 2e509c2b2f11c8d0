// Acks of messages whose source lives in a database of the worker: made in the unit of their effects, so that both are durable
// or neither, and no record is needed.
//
// Threads      whoever runs the worker.
// Ownership    refers to the session that it is a participant of.
// Errors       what the database answers; the text is in the session's fault(). A database that does not ack leaves that to the
//              source, which is logged once an hour.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "observe/notice.hpp"
#include "sluice/abi.h"
#include "sluice/queue.h"
#include "unit/unit_of_work.hpp"

namespace sluice {

class Session;

class SourceAck {
public:
    // `position`: of its connection in the session. `queue`: what the source's queue is called there.
    SourceAck(Session& session, std::size_t position, std::string_view queue)
        : session_(session),
          position_(position),
          queue_(queue) {}

    std::size_t position() const { return position_; }

    // Once all messages of the unit have their verdict, before the first commit: the unit has a share of this database where
    // messages are to be acked.
    void filled(Unit& unit);
    // Acks all that is done and publishes nothing, before that share is sealed. Anything but SLUICE_OK: not now.
    sluice_status before_commit(Unit& unit);

private:
    Session& session_;
    const std::size_t position_;
    const std::string queue_;
    std::vector<sluice_ticket> tickets_;  // of one unit, reused
    std::vector<sluice_settlement> acks_;
    RateLimit not_acked_said_{3'600'000'000'000};
};

}  // namespace sluice
