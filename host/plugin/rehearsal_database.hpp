// Stands between the host and a database that is only tried: units of work are applied and rolled back, never committed.
//
// To apply what a unit has queued, it is read in once before it is sealed (`SELECT 1`); a database that does not know that
// statement gets its units abandoned as they are. No message counts as seen: records are looked up under a source of our own,
// and rolled back with the unit. What a commit alone would find out, or cost, does not come to light.
//
// Threads      as the table's functions say.
// Ownership    owns the instance behind it; is itself owned by the instance that it answers.
#pragma once

#include "plugin/instance.hpp"

namespace sluice {

DatabaseInstance rehearse_database(DatabaseInstance database);

}  // namespace sluice
