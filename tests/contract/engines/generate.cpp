// `generate` with an end. It remembers nothing: each open begins anew.
#include "engine.hpp"

namespace sluice::contract {
namespace {

const bool added = add(QueueEngine{
    .name = "generate",
    .plugin = "generate",
    .component = "generate",
    .source =
        [](const Folder&) {
            return Options{{"messages", stored}};
        },
    .capabilities = SLUICE_QUEUE_FINITE | SLUICE_QUEUE_TAKES_BACK | SLUICE_QUEUE_RELEASE_KEEPS_ORDER | SLUICE_QUEUE_STABLE_IDS,
    .remembers = false,
    .refuses_large = false});  // a size that no host takes is a mistake in its options, and fails the source

}  // namespace
}  // namespace sluice::contract
