// Polls a source, and knows from its answers what may still come from it and when to ask again.
//
// Threads      away_since_ns: any. The rest: the source thread.
// Ownership    what was polled is the caller's. Queue, intake and stages outlive it.
// Errors       a source that is unreachable is tried again, after a wait that doubles; the log says so once, and once that it
//              responds again. One that cannot go on: failed() says why, and it is not polled again.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "core/clock.hpp"
#include "core/message.hpp"
#include "flow/poll_gates.hpp"
#include "flow/stages.hpp"
#include "observe/logging.hpp"
#include "plugin/port/queue_port.hpp"
#include "queue/event_count.hpp"
#include "source/intake.hpp"

namespace sluice {

class Poller {
public:
    Poller(QueuePort& queue, Intake& intake, const Clock& clock, Logger logger)
        : queue_(queue),
          intake_(intake),
          clock_(clock),
          logger_(logger) {}
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;

    // Before the first poll: pools may publish to what it reads; until they are done it is not at its end.
    void follow(Stages& stages, EventCount& event_count) {
        stages_ = &stages;
        stage_ = stages.add(event_count);
    }

    // How long the next poll may wait in the adapter for messages; 0: not at all, since the last one brought some.
    std::uint32_t wait_ms() const;
    // What came, received at `now_ns`; that moves on if the poll has waited.
    MessageList poll(const PollAllowance& allowance, std::uint32_t wait_ms, std::int64_t& now_ns);

    // ---- what may still come ----

    // The last poll failed in passing, and the next one is not due yet.
    bool is_unreachable(std::int64_t now_ns) const { return supply_ == Supply::open && now_ns < again_ns_; }
    // The last poll said that it is at its end, but pools of other sources may bring more, and have not since.
    bool waits_for_feeders(std::int64_t now_ns) const {
        return supply_ == Supply::at_end && now_ns < again_ns_ && !stages_->has_more(stage_, stored_seen_);
    }
    // When to poll again in either case.
    std::int64_t again_ns() const { return again_ns_; }
    // Nothing will come any more.
    bool is_over() const { return supply_ == Supply::over; }
    // Where pools may bring more: that may have become true. Whether more can come is not for the source to know.
    void look_for_end(bool nothing_in_flight) {
        if (supply_ == Supply::at_end && stages_->is_over(stage_, stored_seen_, nothing_in_flight)) supply_ = Supply::over;
    }
    // A turn of the source thread begins: what has_news() says is of later.
    void begin_turn() {
        if (stages_ != nullptr) version_seen_ = stages_->version();
    }
    // look_for_end() may find more by now, or a poll.
    bool has_news() const { return supply_ == Supply::at_end && stages_->version() != version_seen_; }
    // It receives nothing any more, whatever the reason.
    void end() {
        if (stages_ != nullptr) stages_->ended(stage_);
    }

    // Why it cannot go on; empty: it can.
    const std::string& failed() const { return failed_; }
    std::int64_t away_since_ns() const { return away_since_ns_.load(std::memory_order_relaxed); }  // 0 = it is not

private:
    enum class Supply : std::uint8_t { open, at_end, over };

    void answered(sluice_status status, const FaultBuffer& fault);

    QueuePort& queue_;
    Intake& intake_;
    const Clock& clock_;
    const Logger logger_;
    Stages* stages_ = nullptr;
    std::size_t stage_ = 0;
    std::uint64_t stored_seen_ = 0;   // before the last poll
    std::uint64_t version_seen_ = 0;  // at the beginning of this turn

    Supply supply_ = Supply::open;
    bool came_empty_ = false;  // the last poll brought nothing
    std::int64_t again_ns_ = 0;
    std::uint32_t failures_ = 0;  // in a row
    std::string failed_;
    std::atomic<std::int64_t> away_since_ns_{0};  // written by the source thread; nothing else is read with it
};

}  // namespace sluice
