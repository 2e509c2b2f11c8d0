// What other threads ask of a source thread: each call is a command into its mailbox and one notification.
//
//   polling --hold()--> held --all messages are back from the workers--> quiet --go_on()--> polling
//
// Threads      any; a reload is one thread's, which alone holds and lets go on.
// Ownership    belongs to the source's loop; copies lead to the same.
// Ordering     the source thread acts on commands in the order of posting, before it shows their stage; what was done before
//              go_on() happens before it polls again, and what it did before `quiet` happens before that is seen.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "dispatch/dispatcher.hpp"
#include "dispatch/key_question.hpp"
#include "flow/sliding_rate.hpp"
#include "queue/event_count.hpp"
#include "queue/mailbox.hpp"

namespace sluice {

// What becomes of messages while nothing is polled.
enum class Hold : std::uint8_t {
    drain,  // the workers work off what there is
    keep,   // they give it back, and it waits for go_on(): its place in the order is kept
};

enum class PoolStage : std::uint8_t { polling, held, quiet };

// Where messages go.
struct SourceRoutes {
    SourceRouter router;
    std::vector<PoolFeed::Options> pools;
    std::uint64_t in_flight_max = 0;
};

struct GoOn {
    std::optional<SourceRoutes> routes;  // others than before
};

using SourceCommand = std::variant<Hold, GoOn, SlidingRate, std::shared_ptr<KeyQuestion>>;

class SourceProxy {
public:
    SourceProxy(Mailbox<SourceCommand>& mailbox, EventCount& event_count) : mailbox_(&mailbox), event_count_(&event_count) {}

    // Stops polling, so that pools can be replaced. With Hold::keep nothing goes to workers once it is held, and what they give
    // back waits.
    void hold(Hold how) const { post(how); }
    // Polls again, after what was kept has gone to its workers: through other `routes`, or as before. The pools of before are
    // no longer looked at once the stage is `polling`.
    void go_on(std::optional<SourceRoutes> routes = {}) const { post(GoOn{std::move(routes)}); }
    // No more dead letters than that, and no polling while some wait for their turn.
    void limit_dead_letters(SlidingRate rate) const { post(rate); }
    // Asked again, the same question is answered as far as it can be while handlers run.
    void ask(std::shared_ptr<KeyQuestion> question) const { post(std::move(question)); }

private:
    void post(SourceCommand&& command) const {
        if (mailbox_->post(std::move(command))) event_count_->notify();
    }

    Mailbox<SourceCommand>* mailbox_;
    EventCount* event_count_;
};

}  // namespace sluice
