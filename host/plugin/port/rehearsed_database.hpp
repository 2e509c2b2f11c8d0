// Stands between the host and a database that is only tried: units of work are applied and rolled back, never committed.
//
// To apply what a unit has queued, it is read in once before it is sealed (`SELECT 1`); a database that does not know that
// statement gets its units abandoned as they are. No message counts as seen: records are looked up under a source of our own,
// and rolled back with the unit. What only a commit would find out, or cost, is not detected.
//
// Threads      as database_port.hpp says.
// Ownership    owns the database behind it.
#pragma once

#include <memory>

#include "plugin/port/database_port.hpp"

namespace sluice {

std::unique_ptr<DatabasePort> rehearse_database(std::unique_ptr<DatabasePort> database);

}  // namespace sluice
