// Creates pools, and what their source has to know of them, from a configuration: at the start and at a reload.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "topology/parts.hpp"

namespace sluice {

// "flights.yaml:14:5: pools.airports: TEXT"
std::string located(const Mark& mark, const std::string& path, const std::string& text);

class Host::PoolBuilder {
public:
    // Every problem is added to `problems`, a sentence each.
    PoolBuilder(Host& host, const HostConfig& config, Registry& registry, std::vector<std::string>& problems)
        : host_(host),
          config_(config),
          registry_(registry),
          problems_(problems) {}

    // Its source exists. `number`: as WorkerPool::Setup has it. NULL if there is a problem.
    std::unique_ptr<WorkerPool> make(const PoolConfig& pool, std::uint32_t number);
    // `pools`: as in the configuration; those of other sources may be NULL.
    std::optional<SourceWays> ways(std::size_t source, const std::vector<WorkerPool*>& pools);

private:
    void check_ids(const PoolConfig& pool, const NamedSource& source);
    void check_release(const PoolConfig& pool, const NamedSource& source);

    Host& host_;
    const HostConfig& config_;
    Registry& registry_;
    std::vector<std::string>& problems_;
};

}  // namespace sluice
