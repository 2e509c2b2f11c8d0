// Creates pools, and what their source has to know of them, from a configuration: at the start and at a reload.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "topology/topology.hpp"

namespace sluice {

class PoolBuilder {
public:
    // Every problem is added to `problems`, one sentence each.
    PoolBuilder(Topology& topology, const HostConfig& config, std::vector<std::string>& problems)
        : topology_(topology),
          config_(config),
          problems_(problems) {}

    // Its source exists. `number`: as WorkerPool::Setup has it. NULL if there is a problem.
    std::unique_ptr<WorkerPool> make(const PoolConfig& pool, std::uint32_t number);
    // `pools`: as in the configuration; those of other sources may be NULL.
    std::optional<SourceRoutes> routes(std::size_t source, const std::vector<WorkerPool*>& pools);

private:
    void check_ids(const PoolConfig& pool, const SourcePart& source);
    void check_release(const PoolConfig& pool, const SourcePart& source);

    Topology& topology_;
    const HostConfig& config_;
    std::vector<std::string>& problems_;
};

}  // namespace sluice
