// What is counted, in the words of the conservation law:
//
//     received = acked + dead_lettered + skipped + dropped_by_policy + released + lost_lease + abandoned + in_flight
//
// Threads  SourceCounters: written by the thread of the source. WorkerCounters: written by whoever runs the worker. Read by
//          any thread.
// Layout   each block has its cache lines for itself: counting on one thread never slows another.
#pragma once

#include <cstdint>

#include "observe/counter.hpp"

namespace sluice {

inline constexpr std::size_t cache_line = 64;

// The counts of one source at one moment.
struct SourceCounts {
    std::uint64_t received = 0;
    std::uint64_t acked = 0;              // processed, and settled as such
    std::uint64_t dead_lettered = 0;      // given up on, and kept
    std::uint64_t skipped = 0;            // settled without effects, as the handler asked
    std::uint64_t dropped_by_policy = 0;  // when_full: drop
    std::uint64_t released = 0;           // given back to the source unprocessed
    std::uint64_t lost_lease = 0;         // the engine has given it to another host
    std::uint64_t abandoned = 0;          // still running at the shutdown deadline, or not taken back by the source
    std::uint64_t in_flight = 0;

    std::uint64_t retried = 0;     // further attempts; outside the law, since the message is in flight meanwhile
    std::uint64_t recognised = 0;  // of acked: found already recorded, so without effects

    std::uint64_t settled() const {
        return acked + dead_lettered + skipped + dropped_by_policy + released + lost_lease + abandoned;
    }
    // With in_flight counted by itself (the ledger's entries), this says whether a message was lost or counted twice.
    bool law_holds() const { return received == settled() + in_flight; }
};

struct alignas(cache_line) SourceCounters {
    Counter received;
    Counter acked;
    Counter dead_lettered;
    Counter skipped;
    Counter dropped_by_policy;
    Counter released;
    Counter lost_lease;
    Counter abandoned;
    Counter retried;
    Counter recognised;

    // A consistent view while the source goes on: `received` is read last, so in_flight, the difference, is never negative.
    SourceCounts read() const {
        SourceCounts counts;
        counts.retried = retried.load();
        counts.recognised = recognised.load();
        counts.acked = acked.load();
        counts.dead_lettered = dead_lettered.load();
        counts.skipped = skipped.load();
        counts.dropped_by_policy = dropped_by_policy.load();
        counts.released = released.load();
        counts.lost_lease = lost_lease.load();
        counts.abandoned = abandoned.load();
        counts.received = received.load();
        counts.in_flight = counts.received - counts.settled();
        return counts;
    }
};

struct WorkerCounts {
    std::uint64_t handled = 0;     // messages taken into units of work
    std::uint64_t done = 0;        // verdicts
    std::uint64_t retried = 0;     //
    std::uint64_t rejected = 0;    //
    std::uint64_t skipped = 0;     //
    std::uint64_t misbehaved = 0;  // unknown verdicts and other broken rules of the plugin
    std::uint64_t units = 0;       // units of work
    std::uint64_t busy_ns = 0;     // time spent in units of work

    WorkerCounts& operator+=(const WorkerCounts& more) {
        handled += more.handled;
        done += more.done;
        retried += more.retried;
        rejected += more.rejected;
        skipped += more.skipped;
        misbehaved += more.misbehaved;
        units += more.units;
        busy_ns += more.busy_ns;
        return *this;
    }
};

struct alignas(cache_line) WorkerCounters {
    Counter handled;
    Counter done;
    Counter retried;
    Counter rejected;
    Counter skipped;
    Counter misbehaved;
    Counter units;
    Counter busy_ns;

    // Verdicts are counted after the call they end, so `handled` is read last: it is never less than their sum.
    WorkerCounts read() const {
        WorkerCounts counts;
        counts.busy_ns = busy_ns.load();
        counts.units = units.load();
        counts.misbehaved = misbehaved.load();
        counts.skipped = skipped.load();
        counts.rejected = rejected.load();
        counts.retried = retried.load();
        counts.done = done.load();
        counts.handled = handled.load();
        return counts;
    }
};

static_assert(sizeof(SourceCounters) % cache_line == 0 && sizeof(WorkerCounters) == cache_line);

}  // namespace sluice
