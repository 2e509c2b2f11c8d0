// A queue in a SQLite file that ends once it is empty.
#include "sqlite.hpp"
#include "target.hpp"

namespace sluice::contract {
namespace {

const bool added =
    add(QueueEngine{.name = "sqlite_queue_until_empty",
                    .plugin = "sqlite",
                    .component = "sqlite",
                    .source =
                        [](const Folder& folder) {
                            Options options = sqlite_queue_options(folder);
                            options.emplace_back("until_empty", true);
                            return options;
                        },
                    .fill =
                        [](const Folder& folder, const Bodies& bodies) {
                            publish_all(queue("sqlite_queue"), folder, sqlite_target_options(folder, 0, 0), bodies);
                        },
                    .capabilities = SLUICE_QUEUE_FINITE | SLUICE_QUEUE_TAKES_BACK | SLUICE_QUEUE_RELEASE_KEEPS_ORDER |
                                    SLUICE_QUEUE_STABLE_IDS | SLUICE_QUEUE_KEEPS_ATTEMPTS,
                    .can_be_interrupted = true,
                    .can_list = true,
                    .spoil = sqlite_spoiled,
                    .obstruct = sqlite_locked});

}  // namespace
}  // namespace sluice::contract
