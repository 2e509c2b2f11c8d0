// Takes another configuration over while the host runs, with nothing lost and each key in order.
//
//   new pools are created -> their sources stop polling -> all that is with the old pools is worked off or comes back -> the
//   old pools close, the new ones start (topology/pool_replacement.hpp) -> what came back goes to them, and polling goes on
//
// A source that is fed by another of these is held once that one's pools are empty: what they publish needs the room that it
// makes.
//
// Until the old pools are empty it can be given up, and then they go on as if nothing had been. docs/adr/0014-reload.md says
// why this way.
//
// Threads      main. Never blocks longer than a plugin does in create, start and stop.
// Ownership    the host outlives it; it outlives the host's close(), since it may hold pools that were replaced.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "config/changes.hpp"
#include "reload/reload_requests.hpp"
#include "topology/host.hpp"

namespace sluice {

class Reload {
public:
    // `next` has passed load_config. Everything that speaks against it is in outcome() at once; then it has ended().
    Reload(Host& host, HostConfig next);
    Reload(const Reload&) = delete;
    Reload& operator=(const Reload&) = delete;

    // As far as it goes now. To be called after the host's `changed`, and at due_ns().
    void step();
    // The old configuration goes on, if it is not too late for that.
    void give_up(const std::string& why);
    std::int64_t due_ns() const { return deadline_ns_; }
    bool ended() const { return phase_ == Phase::ended; }
    const ReloadOutcome& outcome() const { return outcome_; }

private:
    enum class Phase : std::uint8_t {
        emptying,  // sources stop polling, messages come back from the old pools
        resuming,  // the new ones are there, sources go on
        undoing,   // the old ones stay, sources go on
        ended,
    };
    // A source whose pools change.
    struct Part {
        std::size_t source;
        Hold how;
        bool held = false;   // it was told to stop polling
        bool asked = false;  // its pools were told to give back what they have
    };

    void refuse(std::string line) { outcome_.lines.push_back(std::move(line)); }
    bool refused() const { return !outcome_.lines.empty(); }
    void check_changes();
    void check_plugin_files();
    void find_parts();
    bool pool_changed(const std::string& name, bool only_way) const;
    void find_feeders();
    SourceLoop& loop(std::size_t source) const { return *topology_.sources[source]->loop; }
    bool is_at(const Part& part, PoolStage stage) const;
    bool all_at(PoolStage stage) const;
    bool waits_for_others(const Part& part) const;
    void empty_pools();
    void exchange_pools();
    void finish();

    const Topology& topology_;
    PoolReplacement pools_;
    std::vector<ConfigChange> changes_;
    std::vector<Part> parts_;
    std::vector<std::set<std::size_t>> feeders_;  // of each source, over any number of stages
    ReloadOutcome outcome_;
    Phase phase_ = Phase::emptying;
    std::int64_t deadline_ns_ = 0;
};

}  // namespace sluice
