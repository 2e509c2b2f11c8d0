// A queue in a SQLite file.
#include "sqlite.hpp"
#include "target.hpp"

namespace sluice::contract {
namespace {

const bool added = add(QueueEngine{
    .name = "sqlite_queue",
    .plugin = "sqlite",
    .component = "sqlite",
    .source = sqlite_queue_options,
    .target = [](const Folder& folder) { return sqlite_target_options(folder, 0, 1 << 20); },
    .fill =
        [](const Folder& folder, const Bodies& bodies) {
            publish_all(queue("sqlite_queue"), folder, sqlite_target_options(folder, 0, 0), bodies);
        },
    .capabilities =
        SLUICE_QUEUE_TAKES_BACK | SLUICE_QUEUE_RELEASE_KEEPS_ORDER | SLUICE_QUEUE_STABLE_IDS | SLUICE_QUEUE_KEEPS_ATTEMPTS,
    .can_be_interrupted = true,
    .can_list = true,
    .can_delay = true,
    .stores_fields = true,
    .has_limits = true,
    .spoil = sqlite_spoiled,
    .obstruct = sqlite_locked,
    .bounded = [](const Folder& folder, std::uint64_t messages) { return sqlite_target_options(folder, messages, 0); }});

}  // namespace
}  // namespace sluice::contract
