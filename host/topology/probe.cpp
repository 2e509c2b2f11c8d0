// A host that only looks whether everything is there.
#include "plugin/port/database_port.hpp"
#include "plugin/port/queue_port.hpp"
#include "topology/host.hpp"
#include "topology/parts.hpp"

namespace sluice {

void Host::probe(const Told& told) {
    for (const auto& source : sources_) {
        source->services->create_no_state_dir();
        QueuePort& queue = source->loop->queue();
        told(queue.name(), queue.probe());
    }
    // The default store of dead letters is the last of them.
    for (const auto& target : targets_) {
        target->services->create_no_state_dir();
        told(target->queue->name(), target->queue->probe());
    }
    for (const auto& database : databases_) {
        database->services->create_no_state_dir();
        told("databases." + database->name, database->database.port->probe());
    }
}

}  // namespace sluice
