// Where a running host answers the verbs of the command line: the control socket, and what stands behind each verb.
//
// Threads      main; the verbs run on the admin thread.
// Ownership    the host behind `parts` outlives it.
#pragma once

#include <filesystem>

#include "admin/dead_letters.hpp"
#include "admin/socket/control_server.hpp"
#include "reload/reload_requests.hpp"
#include "topology/queues.hpp"

namespace sluice {

class AdminService {
public:
    AdminService(const HostConfig& config, PartDirectory parts, ReloadRequests& reloads, Logging& logging, const Clock& clock);
    AdminService(const AdminService&) = delete;
    AdminService& operator=(const AdminService&) = delete;

    // The host has started, and this process holds the lock of its state directory.
    void open(const std::filesystem::path& state_dir);
    // Before the host closes. False: a plugin holds a thread past the deadline.
    bool close(std::int64_t deadline_ns);

private:
    const Logger logger_;
    HostQueues queues_;
    ControlServer server_;
    DeadLetterService dead_letters_;
};

}  // namespace sluice
