// `why`: where the messages of a key are in the running host, and what they wait for.
//
// Request: "key", and "source" and "pool" to look at only these. A line for each pool: {"source":…,"pool":…,"worker":3,…} with
// what there is of: waiting_for_room, queued, before, depth, held, deferred, parked, attempt, retry_in_ms, parked_id,
// run_again, committing, paused_ms, worker_waits, database_away, handling, handling_ms; "by_key":false where keys mean nothing;
// "silent":true where the worker has not answered.
#pragma once

#include "admin/socket/control_server.hpp"
#include "topology/part_directory.hpp"

namespace sluice {

Verb why_verb(PartDirectory parts, const Clock& clock, std::shared_ptr<Waker> waker);

}  // namespace sluice
