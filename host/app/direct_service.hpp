// What answers the verbs where no host runs: this process takes the state directory and opens the queues itself, each when it
// is needed. The verbs are the same, and so is the way to speak to them.
//
// Threads      main.
// Ownership    the configuration and the registry outlive it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "admin/dead_letters.hpp"
#include "admin/queues.hpp"
#include "admin/socket/control_server.hpp"
#include "app/call_watch_thread.hpp"
#include "app/state_dir.hpp"
#include "config/config.hpp"
#include "plugin/registry.hpp"
#include "topology/publish_side.hpp"

namespace sluice {

class DirectQueues final : public Queues {
public:
    DirectQueues(const HostConfig& config, Registry& registry, Logging& logging, const Clock& clock)
        : config_(config),
          registry_(registry),
          logging_(logging),
          clock_(clock) {}

    std::vector<SeenQueue> all() override;
    Result<Target*> publisher(const std::string& source) override;
    SeenQueue dead_letters() override;
    Result<void> replay(const std::string& source, std::unique_ptr<ReplayItem>& item) override;
    void close(std::int64_t deadline_ns);

private:
    Result<const Library*> library_of(const ComponentConfig& component);
    // Is it a file that is not there? Opening it would make it.
    bool is_absent(const ComponentConfig& component);
    Result<PublishSide*> open(const ComponentConfig& component, const std::string& identity, const std::string& folder);
    SeenQueue look(const std::string& role, const ComponentConfig& component, const std::string& identity,
                   const std::string& folder);

    const HostConfig& config_;
    Registry& registry_;
    Logging& logging_;
    const Clock& clock_;
    std::map<std::string, std::unique_ptr<PublishSide>> open_;  // by path
};

class DirectService {
public:
    // To look only, nothing is made: where no host has run yet, not even the state directory. unavailable: another process
    // holds that.
    static Result<std::unique_ptr<DirectService>> open(const HostConfig& config, Registry& registry, bool only_looks);
    ~DirectService();
    DirectService(const DirectService&) = delete;
    DirectService& operator=(const DirectService&) = delete;

    // The client's end.
    const Descriptor& socket() const { return client_; }

private:
    DirectService(std::optional<StateDir> state, const HostConfig& config, Registry& registry);

    const std::optional<StateDir> state_;
    SystemClock clock_;
    Logging logging_;
    CallWatchThread watch_;
    DirectQueues queues_;
    ControlServer server_;
    DeadLetterService dead_letters_;
    Descriptor client_;
};

}  // namespace sluice
