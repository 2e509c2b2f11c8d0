// Takes another configuration over while the host runs, with nothing lost and each key in order.
//
//   new pools are created -> their sources stop polling -> all that is with the old pools is worked off or comes back -> the
//   old pools close, the new ones start -> what came back goes to them, and polling goes on
//
// A source that is fed by another of these is held once that one's pools are empty: what they publish needs the room that it
// makes.
//
// Until the old pools are empty it can be given up, and then they go on as if nothing had been. docs/adr/0014-reload.md says
// why this way.
//
// Threads      control. Never blocks longer than a plugin does in create, start and stop.
// Ownership    owns the new pools until they take their place, and the old ones until their source has let go of them.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "config/changes.hpp"
#include "reload/reload_desk.hpp"
#include "topology/parts.hpp"

namespace sluice {

class Host::Reload {
public:
    // `next` has passed load_config. Everything that speaks against it is in outcome() at once; then it has ended().
    Reload(Host& host, HostConfig next, Registry& registry);
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
    void create_pools();
    bool pool_changed(const std::string& name, bool only_way) const;
    void find_feeders();
    bool is_at(const Part& part, SourceLoop::PoolStage stage) const;
    bool all_at(SourceLoop::PoolStage stage) const;
    bool waits_for_others(const Part& part) const;
    void empty_pools();
    std::uint32_t free_number() const;
    void swap();
    Result<void> start(WorkerPool& pool, std::size_t source);
    bool start_fresh();
    bool make_old_again(const std::vector<std::size_t>& closed);
    void go_on();
    void finish();

    Host& host_;
    HostConfig next_;
    Registry& registry_;
    std::vector<ConfigChange> changes_;
    std::vector<Part> parts_;
    std::vector<std::set<std::size_t>> feeders_;      // of each source, over any number of stages
    std::vector<std::unique_ptr<WorkerPool>> fresh_;  // as in next_.pools; NULL: the old one stays
    std::vector<std::unique_ptr<WorkerPool>> retired_;
    std::vector<std::pair<std::size_t, SourceWays>> ways_;  // of the parts
    ReloadOutcome outcome_;
    Phase phase_ = Phase::emptying;
    std::int64_t deadline_ns_ = 0;
};

}  // namespace sluice
