// A host from its start to its end.
//
//   create   plugins are loaded, instances created; nothing is opened, nothing runs (build.hpp)
//   open     databases, targets, workers and sources are opened (open_parts.hpp)
//   run      sources poll
//   stop     sources stop polling -> workers finish -> sources settle and end -> workers, targets, databases close, in that
//            order
//
// Threads      main.
// Ownership    the topology, and with it everything below. The configuration, the registry and the log outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "topology/host_report.hpp"
#include "topology/open_parts.hpp"
#include "topology/part_directory.hpp"
#include "topology/pool_replacement.hpp"
#include "topology/topology.hpp"

namespace sluice {

class Host {
public:
    // Everything that is wrong is in `problems`, one sentence each; the host is there only if that is empty.
    // `changed`: as Topology::Environment has it.
    static std::unique_ptr<Host> create(const HostConfig& config, Registry& registry, Logging& logging, Clock& clock,
                                        std::function<void()> changed, std::vector<std::string>& problems,
                                        std::optional<Rehearsal> rehearsal = {});
    // After close(), or before run(); otherwise the process is aborted.
    ~Host();
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    Result<void> open(const OpenPause& pause = {}) { return open_parts(*topology_, pause); }
    // After open(): messages come in from here on.
    void run();
    Result<void> start(const OpenPause& pause = {});  // open() and run()
    // [any] From the end of create() on: nobody waits for open() any more; calls into plugins that can be told so end.
    void interrupt() const;

    // ---- while it runs ----
    // What it runs with: the configuration it was created with, or that of the last reload.
    const HostConfig& config() const { return topology_->config; }
    // What is right and yet to be known, one sentence each.
    const std::vector<std::string>& notes() const { return topology_->notes; }
    const Topology& topology() const { return *topology_; }
    HostReport report() const { return HostReport(*topology_); }
    PartDirectory directory() const { return PartDirectory(*topology_); }
    // Towards another configuration; one at a time, and before close().
    PoolReplacement replace_pools(HostConfig next) { return PoolReplacement(*topology_, std::move(next)); }
    // Targets open again what is another file by now.
    void reopen_targets();

    // ---- the end ----
    // Asks everything to stop: `shutdown.mode`, or drain where a source cannot take messages back.
    void request_stop();
    // Tells handlers to give up.
    void cancel();
    // What is still in flight is abandoned now, but for what waits behind a handler that does not return and can be given back.
    void give_up();
    // After all sources have ended. False: a thread is still inside a plugin at `deadline_ns` (HostReport::stuck() says where):
    // end the process.
    bool close(std::int64_t deadline_ns);

private:
    explicit Host(std::unique_ptr<Topology> topology) : topology_(std::move(topology)) {}

    const std::unique_ptr<Topology> topology_;
    bool running_ = false;
};

}  // namespace sluice
