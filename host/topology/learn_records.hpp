// At the start: which positions of the sources' streams the databases have recorded, for messages that end before they reach a
// worker.
//
// Threads      main, while the databases are open and the sources are not.
// Errors       a database that cannot be read now, or is damaged. One that does not tell is no error: then nothing is known.
#pragma once

#include <vector>

#include "core/error.hpp"
#include "observe/logging.hpp"
#include "plugin/port/database_port.hpp"
#include "source/source_loop.hpp"

namespace sluice {

Result<void> learn_records(const std::vector<DatabasePort*>& databases, const std::vector<SourceLoop*>& sources,
                           const Logger& logger);

}  // namespace sluice
