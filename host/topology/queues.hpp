// The queues of a running host, as the verbs see them.
//
// Threads      the control server's; close: control, after the server has stopped.
// Ownership    owns what is opened for publishing to sources, from the first use to close().
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "admin/queues.hpp"
#include "config/config.hpp"
#include "topology/part_directory.hpp"
#include "topology/publish_side.hpp"

namespace sluice {

class HostQueues final : public Queues {
public:
    HostQueues(const HostConfig& config, PartDirectory parts, Logging& logging, const Clock& clock)
        : config_(config),
          parts_(parts),
          logging_(logging),
          clock_(clock) {}

    std::vector<SeenQueue> all() override { return parts_.queues(); }
    Result<Target*> publisher(const std::string& source) override;
    SeenQueue dead_letters() override;
    Result<void> replay(const std::string& source, std::unique_ptr<ReplayItem>& item) override;
    // False: an adapter holds its thread past the deadline; then the process ends without destroying anything.
    bool close(std::int64_t deadline_ns);

private:
    const HostConfig& config_;
    const PartDirectory parts_;
    Logging& logging_;
    const Clock& clock_;
    std::map<std::string, std::unique_ptr<PublishSide>> sides_;
    std::vector<std::unique_ptr<PublishSide>> failed_;  // kept for those who still wait for an answer
};

// "there is no source "x"; there are "orders" and "flights"", or why nothing can be put into it.
Result<const SourceConfig*> find_publish_side(const HostConfig& config, const std::string& source);

// The queue among these that keeps the dead letters, without it if its plugin cannot show them.
SeenQueue find_dead_letters(const HostConfig& config, std::vector<SeenQueue> queues);

}  // namespace sluice
