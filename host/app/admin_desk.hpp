// Where a running host answers the verbs of the command line: the control socket, and what stands behind each verb.
//
// Threads      control; the verbs run on the admin thread.
// Ownership    the host behind `parts` outlives it.
#pragma once

#include <filesystem>

#include "admin/dead_letters.hpp"
#include "admin/socket/control_server.hpp"
#include "reload/reload_desk.hpp"
#include "topology/queues.hpp"

namespace sluice {

class AdminDesk {
public:
    AdminDesk(const HostConfig& config, PartDirectory parts, ReloadDesk& reloads, Logging& logging, const Clock& clock);
    AdminDesk(const AdminDesk&) = delete;
    AdminDesk& operator=(const AdminDesk&) = delete;

    // The host has started, and this process holds the lock of its state directory.
    void open(const std::filesystem::path& state_dir);
    // Before the host closes. False: a plugin holds a thread past the deadline.
    bool close(std::int64_t deadline_ns);

private:
    const Logger logger_;
    HostQueues queues_;
    ControlServer server_;
    DeadLetterDesk dead_letters_;
};

}  // namespace sluice
