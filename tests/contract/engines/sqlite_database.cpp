// Tables in a SQLite file.
#include "sqlite.hpp"

namespace sluice::contract {
namespace {

const bool added = add(DatabaseEngine{.name = "sqlite_database",
                                      .plugin = "sqlite",
                                      .component = "sqlite",
                                      .options =
                                          [](const Folder& folder, const DatabaseEngine::Wanted& wanted) {
                                              return Options{{"path", sqlite_file(folder)},
                                                             {"setup", wanted.setup},
                                                             {"busy_timeout", wanted.patience},
                                                             {"deduplicate", wanted.deduplicates},
                                                             {"keep", Milliseconds(std::chrono::hours(1))}};
                                          },
                                      .capabilities = SLUICE_DATABASE_DEDUPLICATES | SLUICE_DATABASE_SETTLES,
                                      .capabilities_without = SLUICE_DATABASE_SETTLES,
                                      .can_be_interrupted = true,
                                      .queue = "sqlite_queue",
                                      .spoil = sqlite_spoiled,
                                      .obstruct = sqlite_locked});

}  // namespace
}  // namespace sluice::contract
