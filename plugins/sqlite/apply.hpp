// Applies queued units and commits them together.
//
// Threads  whoever holds the writer.
#pragma once

#include "database/deduplication.hpp"
#include "job.hpp"
#include "unit.hpp"
#include "write_connection.hpp"

namespace sluice::sqlite {

// All units in one transaction, in order, then all jobs. If a message fails, the transaction is rolled back and everything
// applied again with a savepoint a message: the failing ones keep their fault in Entry::fault, the rest is committed.
// SLUICE_OK: committed. Otherwise nothing is, for a reason that is none of the messages' fault. `records` may be NULL.
//
// `expects_faults` begins with the savepoints, which cost less than a second run; on return it says whether there were faults,
// since where one message fails another soon will.
Status commit_together(WriteConnection& connection, Deduplication* records, Group& group, bool& expects_faults);

// One entry, within a transaction: whether it is new, then its writes and its ack. Entry::status says SLUICE_SEEN if it was
// recorded before; else, once the entry can no longer fail, keep_record() follows.
Status apply(WriteConnection& connection, Deduplication* records, Unit& unit, Entry& entry);
// The delivery's ack. SLUICE_LOST_LEASE: it is settled already, or somebody has removed it.
Status settle(WriteConnection& connection, Statement& statement, std::uint64_t delivery);
void keep_record(Deduplication* records, const Entry& entry);
// Both with a savepoint around. A fault of the message stays with the entry and counts as SLUICE_OK here, as long as the
// transaction lives.
Status apply_alone(WriteConnection& connection, Deduplication* records, Unit& unit, Entry& entry);

}  // namespace sluice::sqlite
