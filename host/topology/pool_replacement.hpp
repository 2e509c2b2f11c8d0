// Replaces pools of a running host by those of another configuration.
//
//   create -> ask_back where messages are kept -> exchange -> resume -> forget_old
//                                             \-> resume -> abandon
//
// It knows pools only: holding their sources meanwhile, and when to give it up, is up to who uses it (reload/reload.hpp).
//
// Threads      main. Never blocks longer than a plugin does in create, start and stop.
// Ownership    owns the new pools until they take their place, and the old ones until forget_old(). The topology outlives it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "topology/topology.hpp"

namespace sluice {

class PoolReplacement {
public:
    PoolReplacement(Topology& topology, HostConfig next);
    PoolReplacement(const PoolReplacement&) = delete;
    PoolReplacement& operator=(const PoolReplacement&) = delete;

    // Sources, databases and targets that the topology has stand where they stand there, whatever their order in the file.
    const HostConfig& next() const { return next_; }

    // Creates those pools of next() that `is_new` names, beside the ones that run; the others stay. `sources`: those whose
    // pools change. Each problem is a sentence in `problems`; then nothing is kept of it.
    void create(const std::function<bool(const std::string& pool)>& is_new, std::vector<std::size_t> sources,
                std::vector<std::string>& problems);
    // What was created goes, what runs stays. Instead of exchange().
    void abandon() { fresh_.clear(); }

    // What the pools of the source have comes back to it. From here on nothing may be pushed to them.
    void ask_back(std::size_t source);

    enum class Running : std::uint8_t {
        next,     // the topology is that of next()
        before,   // the new pools could not be started, those of before were made once more
        nothing,  // neither could: Topology::broken says why, and the host has to end
    };
    // All pools of `sources` are empty, and nothing is pushed to them. Ends the old ones and starts the new ones. Why it is not
    // `next` is in `problems`.
    Running exchange(std::vector<std::string>& problems);
    // The pools of the source, those that run now, take messages again.
    void resume(std::size_t source);
    // After exchange(): how messages of this one of `sources` get to the pools that run now. Once.
    SourceRoutes take_routes(std::size_t source);
    // The sources have let go of them.
    void forget_old() { retired_.clear(); }

private:
    std::uint32_t free_number() const;
    WorkerPool* staying(const std::string& pool) const;
    bool end_old(std::vector<std::size_t>& ended);
    Result<void> start(WorkerPool& pool, std::size_t source);
    bool start_new(std::vector<std::string>& problems);
    bool make_old_again(const std::vector<std::size_t>& ended, std::vector<std::string>& problems);
    void place_new();
    void place_pools();

    Topology& topology_;
    const HostConfig next_;
    std::vector<std::size_t> sources_;                // whose pools change
    std::vector<std::unique_ptr<WorkerPool>> fresh_;  // as in next_.pools; NULL: the old one stays
    std::vector<std::unique_ptr<WorkerPool>> retired_;
    std::map<std::size_t, SourceRoutes> routes_;  // of sources_
};

}  // namespace sluice
