// Creates the parts of a host from its configuration, gathering every problem on the way.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "topology/parts.hpp"

namespace sluice {

class Host::Builder {
public:
    Builder(Host& host, const HostConfig& config, Registry& registry, std::vector<std::string>& problems)
        : host_(host),
          config_(config),
          registry_(registry),
          problems_(problems) {}

    void build();

private:
    const Library* load(const ComponentConfig& component, ComponentKind kind);
    Logger logger_of(const ComponentConfig& component);
    std::unique_ptr<sluice_host> services(const ComponentConfig& component, const std::string& folder);
    sluice_setup setup(const ComponentConfig& component, std::uint32_t role, const std::string& identity,
                       sluice_host& services);
    std::function<void(const std::string&)> noting(Failed& failed);
    void add_database(const ComponentConfig& component);
    void add_target(const ComponentConfig& component);
    void add_source(const SourceConfig& source);
    void add_pool(const PoolConfig& pool);
    void connect_source(std::size_t index);
    void problem(const ComponentConfig& component, const std::string& text);

    Host& host_;
    const HostConfig& config_;
    Registry& registry_;
    std::vector<std::string>& problems_;
};

}  // namespace sluice
