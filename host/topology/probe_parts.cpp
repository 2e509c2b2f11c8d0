#include "topology/probe_parts.hpp"

namespace sluice {

void probe_parts(Topology& topology, const ProbeTold& told) {
    for (const auto& source : topology.sources) {
        source->services->create_no_state_dir();
        QueuePort& queue = source->loop->queue();
        told(queue.name(), queue.probe());
    }
    // The default store of dead letters is the last of them.
    for (const auto& target : topology.targets) {
        target->services->create_no_state_dir();
        told(target->queue->name(), target->queue->probe());
    }
    for (const auto& database : topology.databases) {
        database->services->create_no_state_dir();
        told("databases." + database->name, database->database.port->probe());
    }
}

}  // namespace sluice
