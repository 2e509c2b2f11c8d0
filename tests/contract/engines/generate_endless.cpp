// `generate` without an end, at a rate: as many as the tests want at once, and then none for a long time.
#include "engine.hpp"

namespace sluice::contract {
namespace {

const bool added = add(QueueEngine{.name = "generate_endless",
                                   .plugin = "generate",
                                   .component = "generate",
                                   .source =
                                       [](const Folder&) {
                                           return Options{{"messages", 0}, {"rate", 0.001}, {"burst", stored}};
                                       },
                                   .capabilities = SLUICE_QUEUE_TAKES_BACK | SLUICE_QUEUE_RELEASE_KEEPS_ORDER,
                                   .remembers = false,
                                   .refuses_large = false});

}  // namespace
}  // namespace sluice::contract
