#include "observe/metrics.hpp"

namespace sluice {
namespace {

using Source = SourceStatistics;
using Worker = WorkerStatistics;
constexpr auto counter = MetricKind::counter;
constexpr auto gauge = MetricKind::gauge;

constexpr Metric<Source> of_a_source[] = {
    {.name = "received",
     .help = "messages taken from the source; a message that is given back and comes again counts again",
     .kind = counter,
     .value = [](const Source& of) { return of.counts.received; }},
    {.name = "acked",
     .help = "processed: effects are durable, and the source knows",
     .kind = counter,
     .value = [](const Source& of) { return of.counts.acked; },
     .ends = true},
    {.name = "retried",
     .help = "further attempts that were due to failures of the messages themselves; a retried message stays in "
             "flight, so this is no part of the law. In a worker's line: verdicts of this kind",
     .kind = counter,
     .value = [](const Source& of) { return of.counts.retried; }},
    {.name = "dead_lettered",
     .help = "given up on and kept as a dead letter, then acked",
     .kind = counter,
     .value = [](const Source& of) { return of.counts.dead_lettered; },
     .ends = true},
    {.name = "skipped",
     .help = "the handler said skip: acked, no effects. In a worker's line: verdicts of this kind",
     .kind = counter,
     .value = [](const Source& of) { return of.counts.skipped; },
     .ends = true},
    {.name = "dropped_by_policy",
     .help = "not processed because a queue was full and `when_full: { drop: … }` says so; 0 unless chosen",
     .kind = counter,
     .value = [](const Source& of) { return of.counts.dropped_by_policy; },
     .ends = true},
    {.name = "released",
     .help = "given back to the source unprocessed: at a stop, also what was queued when its deadline passed, or "
             "because a queue had no room (`when_full: { timeout: … }`)",
     .kind = counter,
     .value = [](const Source& of) { return of.counts.released; },
     .ends = true},
    {.name = "recognised",
     .help = "of `acked`: messages that the database which deduplicates has already recorded, acked without effects. "
             "After a crash these are redeliveries; otherwise a source gives two messages one id, and the second one "
             "had no effect; shown if not 0",
     .kind = counter,
     .value = [](const Source& of) { return of.counts.recognised; },
     .is_rare = true},
    {.name = "lost_lease",
     .help = "the engine has given the message to another host meanwhile, or does not know the delivery any more; "
             "shown if not 0",
     .kind = counter,
     .value = [](const Source& of) { return of.counts.lost_lease; },
     .is_rare = true,
     .ends = true},
    {.name = "abandoned",
     .help = "still running when the shutdown deadline passed, or not processed and the source cannot take messages "
             "back (standard input), or the source could not settle it; not acked; shown if not 0",
     .kind = counter,
     .value = [](const Source& of) { return of.counts.abandoned; },
     .is_rare = true,
     .ends = true},
    {.name = "in_flight",
     .help = "received and not yet in one of the places above: queued, overflowed, running, committing, parked, "
             "deferred",
     .kind = gauge,
     .value = [](const Source& of) { return of.counts.in_flight; }},
    {.name = "oldest_ms",
     .help = "milliseconds since the oldest message was received that has not ended; shown if not 0",
     .kind = gauge,
     .value = [](const Source& of) { return static_cast<std::uint64_t>(of.oldest_ns / 1'000'000); },
     .is_rare = true},
    {.name = "overflowed",
     .help = "messages that wait in the overflow of a pool (`when_full: { overflow: … }`); shown if not 0",
     .kind = gauge,
     .value = [](const Source& of) { return of.overflowed; },
     .is_rare = true},
    {.name = "parked",
     .help = "messages that wait behind a retry of an earlier message of their key, or behind one that is deferred; "
             "shown if not 0",
     .kind = gauge,
     .value = [](const Source& of) { return of.parked; },
     .is_rare = true},
    {.name = "deferred",
     .help = "messages whose handler has said defer and not yet ended them; shown if not 0",
     .kind = gauge,
     .value = [](const Source& of) { return of.deferred; },
     .is_rare = true},
    {.name = "slots_moved",
     .help = "groups of keys that moved from a worker that had more to do than another (`route.rebalance`), "
             "since the start; shown if not 0",
     .kind = counter,
     .value = [](const Source& of) { return of.slots_moved; },
     .is_rare = true},
};

constexpr Metric<Worker> of_a_worker[] = {
    {.name = "handled",
     .help = "messages taken into units of work; a second attempt counts again",
     .kind = counter,
     .value = [](const Worker& of) { return of.counts.handled; }},
    {.name = "done",
     .help = "verdicts: processed. Acked once their unit of work is committed",
     .kind = counter,
     .value = [](const Worker& of) { return of.counts.done; }},
    {.name = "retried",
     .help = "further attempts that were due to failures of the messages themselves; a retried message stays in "
             "flight, so this is no part of the law. In a worker's line: verdicts of this kind",
     .kind = counter,
     .value = [](const Worker& of) { return of.counts.retried; }},
    {.name = "rejected",
     .help = "verdicts: never to be processed; dead letters",
     .kind = counter,
     .value = [](const Worker& of) { return of.counts.rejected; }},
    {.name = "skipped",
     .help = "the handler said skip: acked, no effects. In a worker's line: verdicts of this kind",
     .kind = counter,
     .value = [](const Worker& of) { return of.counts.skipped; }},
    {.name = "misbehaved",
     .help = "verdicts that do not exist, and other broken rules of the plugin ABI",
     .kind = counter,
     .value = [](const Worker& of) { return of.counts.misbehaved; }},
    {.name = "units",
     .help = "units of work: transactions, where a database takes part",
     .kind = counter,
     .value = [](const Worker& of) { return of.counts.units; }},
};

}  // namespace

std::span<const Metric<SourceStatistics>> source_metrics() {
    return of_a_source;
}

std::span<const Metric<WorkerStatistics>> worker_metrics() {
    return of_a_worker;
}

}  // namespace sluice
