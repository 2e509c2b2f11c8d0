// The deferred messages of one worker: those for which the handler said defer and whose tickets are out, to be ended from any
// thread.
//
// A ticket names a unit of its worker and a place in it, and never memory. A ticket that is not in the table - ended, another
// worker's, made up - is answered SLUICE_STALE and changes nothing.
//
//   add() when the handler has said defer -> arm() when the unit it was called in has ended well -> take() once it is ended
//                                         `-> forget() when that unit failed: the message runs again, the ticket is stale
//
// Threads      end, deadline_ns, size: any. close: main. The rest: whoever runs the worker.
// Ownership    holds the messages until take() or forget(); what close() leaves in it dies with its source's store, after the
//              handler.
// Limits       limits::deferred_max messages and limits::deferred_bytes.
// Ordering     an end may come before add(), from inside the call or beside it: it is kept for the ticket of the call under
//              way.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/limits.hpp"
#include "core/message.hpp"
#include "sluice/handler.h"

namespace sluice {

class Deferred {
public:
    static constexpr std::int64_t grace_ms =
        1'000;  // once its time is over and the handler was asked to end it: cancel() returns at once

    // How a deferred message goes on.
    struct End {
        Message* message = nullptr;
        sluice_verdict verdict = 0;  // 0: the handler's resume() is called, with the cookie
        std::uint64_t cookie = 0;
        std::string text = {};
        std::int64_t delay_ms = 0;  // as sluice_fault::retry_delay_ms
        bool outage = false;        // a retry that does not count as an attempt
    };

    // `running`: the ticket of the call under way, 0 = none.
    explicit Deferred(const std::atomic<sluice_ticket>& running) : running_(running) {}

    // Called on any thread when something has ended; before the first message.
    void on_news(std::function<void()> news) { news_ = std::move(news); }

    // ---- any thread ----

    // SLUICE_OK or SLUICE_STALE. `end.message` is filled in here.
    sluice_status end(sluice_ticket ticket, End end);
    // When the time of a ticket that is out is over; 0: it is not out.
    std::int64_t deadline_ns(sluice_ticket ticket) const;
    std::uint32_t size() const { return size_.load(std::memory_order_relaxed); }

    // ---- whoever runs the worker ----

    bool empty() const { return size() == 0; }
    // False: there are as many as there may be. To be called while `running` still says this ticket.
    bool add(sluice_ticket ticket, Message* message, std::int64_t now_ns, std::int64_t time_ns);
    void arm(sluice_ticket ticket);
    void forget(sluice_ticket ticket);
    // The next that has ended. False: there is none.
    bool take(End& end);
    // Those whose time is over; with `all`, every one. A handler that can be asked has grace_ms, and no longer than it had
    // before, to end them then; what it leaves, and without `can_cancel` each at once, has ended: as a retry.
    struct Overdue {
        std::vector<sluice_ticket> asked;  // to be asked for now
        std::size_t given_up = 0;          // ended as a retry
    };
    Overdue expire(std::int64_t now_ns, bool all, bool can_cancel);
    std::int64_t next_due_ns() const;  // 0 = none

    // No ticket is good any more.
    void close();

private:
    struct Entry {
        std::int64_t deadline_ns = 0;  // as the handler is told
        std::int64_t due_ns = 0;       // when the host acts next: the deadline, or the end of the grace
        std::int64_t grace_ns = 0;
        bool armed = false;
        bool ended = false;
        bool asked = false;
        End end;
    };
    void note_end(sluice_ticket ticket, Entry& entry, End end);
    void resize();

    const std::atomic<sluice_ticket>& running_;
    std::function<void()> news_ = [] {};
    std::atomic<std::uint32_t> size_{0};

    mutable std::mutex mutex_;
    // guarded by mutex_
    std::map<sluice_ticket, Entry> entries_;
    std::vector<sluice_ticket> ready_;  // armed and ended, in the order of their ends
    std::uint64_t bytes_ = 0;
    sluice_ticket early_ = 0;  // ended before add()
    End early_end_;
    bool closed_ = false;
};

}  // namespace sluice
