// How far a handler says that its call under way is.
//
// Threads      say, in_words: any. What is read is of one call of say(): the ticket goes last, and comes first.
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <cstdint>
#include <string>

#include "unit/call_tickets.hpp"

namespace sluice {

class CallProgress {
public:
    // `done`: of whatever it counts.
    void say(sluice_ticket ticket, std::uint64_t done, std::int64_t now_ns) {
        ticket_.store(0, std::memory_order_relaxed);
        done_.store(done, std::memory_order_relaxed);
        at_ns_.store(now_ns, std::memory_order_relaxed);
        ticket_.store(ticket, std::memory_order_release);  // (W) whoever sees it sees the other two: (R)
    }
    // ", 40 done so far, as it said 1.2 s ago"; empty: it has said nothing of this call.
    std::string in_words(const CallTickets& call, std::int64_t now_ns) const {
        const sluice_ticket ticket = ticket_.load(std::memory_order_acquire);  // (R)
        if (ticket == 0 || !call.has(ticket)) return {};
        const auto ago_s = static_cast<double>(now_ns - at_ns_.load(std::memory_order_relaxed)) / 1e9;
        return fmt::format(", {} done so far, as it said {:.1f} s ago", done_.load(std::memory_order_relaxed), ago_s);
    }

private:
    std::atomic<sluice_ticket> ticket_{0};
    std::atomic<std::uint64_t> done_{0};
    std::atomic<std::int64_t> at_ns_{0};
};

}  // namespace sluice
