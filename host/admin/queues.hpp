// What the verbs need of the queues of a configuration. A running host gives those it has open; without one the command line
// opens them.
//
// Threads      the control server's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "plugin/port/queue_port.hpp"
#include "publish/target.hpp"
#include "settle/replay_item.hpp"

namespace sluice {

struct SeenQueue {
    std::string role;  // "source", "target", "dead_letters"
    std::string name;
    QueuePort* queue = nullptr;  // open; NULL: it cannot be looked into, or could not be opened
    std::string error;           // why it could not
    bool absent = false;         // nothing has made it yet, so it is empty; looking does not make it
};

class Queues {
public:
    virtual ~Queues() = default;
    virtual std::vector<SeenQueue> all() = 0;
    // Where messages of this source are put in. invalid: there is no such source, or nothing can be put into it; the text says
    // which.
    virtual Result<Target*> publisher(const std::string& source) = 0;
    // Where dead letters are kept; without a queue, why it cannot be looked into.
    virtual SeenQueue dead_letters() = 0;
    // A dead letter of the source with this identity once more through its pools. unsupported: there is no host that could.
    // invalid: it has no such source. The item stays with the caller then.
    virtual Result<void> replay(const std::string& source, std::unique_ptr<ReplayItem>& item) = 0;
};

}  // namespace sluice
