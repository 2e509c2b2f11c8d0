// How a worker goes on after a unit of work that was not committed, or that lost a database: when it begins the next one, and
// whether one of the messages is to blame.
//
// Threads      whoever runs the worker.
// Ownership    refers to the connections of the worker's handler, which outlive it.
// Errors       each pause is logged with its reason, as PoolNotices allows.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "core/clock.hpp"
#include "core/work_policy.hpp"
#include "observe/logging.hpp"
#include "unit/gate.hpp"
#include "unit/unit_of_work.hpp"
#include "work/backlog.hpp"
#include "work/pool_notices.hpp"
#include "work/suspicion.hpp"

namespace sluice {

class Recovery {
public:
    // `wake`: called on any thread when a database responds again that the worker waits for.
    Recovery(const Gate::Connections& connections, std::function<void()> wake, const WorkPolicy& policy, PoolNotices& notices,
             const Clock& clock, Logger logger)
        : policy_(policy),
          notices_(notices),
          clock_(clock),
          logger_(logger),
          gate_(connections, std::move(wake)) {}

    Gate& gate() { return gate_; }
    const Gate& gate() const { return gate_; }

    // ---- what has happened ----

    // Something of this unit runs again.
    void unit_failed(const Unit& unit);
    // A database was lost, or a unit was in conflict: `why`. `alone`: with one message, or at the first of the unit.
    void pause(bool something_is_away, std::string_view why, bool alone);
    // A unit ended and nothing of it runs again.
    void unit_worked(const Unit& unit);

    // ---- when the next unit begins ----

    // Units have failed: nothing that is begun counts before all have ended and the databases are told to restart.
    bool is_to_restart() const { return is_to_restart_; }
    bool take_restart() { return std::exchange(is_to_restart_, false); }
    bool pauses(std::int64_t now_ns) const { return now_ns < again_at_ns_; }
    std::int64_t again_at_ns() const { return again_at_ns_; }
    void end_pause() { again_at_ns_ = 0; }
    // Why it paused last.
    const std::string& why() const { return why_; }

    // ---- whether a message is to blame ----

    // A database was lost, and what came of that is not judged yet: what runs again stays in front.
    bool undecided() const { return suspicion_.undecided(); }
    // The lost database responds again, all units have ended, and what runs again stands in front in the backlog: its next
    // messages may have to run alone. The one that is to blame, or NULL.
    Message* judge(Backlog& backlog);
    const std::string& why_lost() const { return suspicion_.why(); }

private:
    const WorkPolicy& policy_;
    PoolNotices& notices_;
    const Clock& clock_;
    const Logger logger_;

    Gate gate_;
    Suspicion suspicion_;
    bool is_to_restart_ = false;
    std::int64_t again_at_ns_ = 0;
    std::uint32_t failures_in_a_row_ = 0;
    std::string why_;
};

}  // namespace sluice
