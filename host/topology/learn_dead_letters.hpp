// At the start: which messages are dead letters, so that none is handled again should its source deliver it once more.
//
// Threads      main, while the store is open and the sources are not.
// Errors       the store cannot be read now, or is damaged. One that cannot list what it holds is no error: then nothing is
//              known.
#pragma once

#include <vector>

#include "admin/queues.hpp"
#include "core/error.hpp"
#include "observe/logging.hpp"
#include "source/source_loop.hpp"

namespace sluice {

Result<void> learn_dead_letters(const SeenQueue& store, const std::vector<SourceLoop*>& sources, const Logger& logger);

}  // namespace sluice
