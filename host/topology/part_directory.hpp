// The sources and targets of a host by their names, for what is asked of it from outside.
//
// Threads      any, after build_topology(): what it reads is constant from then on; what it asks for goes through mailboxes.
// Ownership    the topology outlives it; copies are the same.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "admin/queues.hpp"
#include "topology/topology.hpp"

namespace sluice {

class PartDirectory {
public:
    explicit PartDirectory(const Topology& topology) : topology_(&topology) {}

    std::vector<std::string> source_names() const;
    // The plugin of this source; NULL: there is no such source.
    const Library* library_of(const std::string& source) const;
    // What is open, to be looked into: while the parts are.
    std::vector<SeenQueue> queues() const;
    // About a key; the same question once more is answered as far as it can be while handlers run.
    void ask(const std::string& source, const std::shared_ptr<KeyQuestion>& question) const;
    // A dead letter of the source with this identity, to be processed once more. False, and the item stays with the caller:
    // there is no such source, or it has ended.
    bool replay(const std::string& identity, std::unique_ptr<ReplayItem>& item) const;

private:
    const Topology* topology_;
};

}  // namespace sluice
