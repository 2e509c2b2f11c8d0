"""The history checker: what was put in, what the runs did, what the database holds, what is dead; and every way in which they
disagree.

A message is named by its key and its number within the key, from 0. Nothing here knows how any of it came about.
"""

import collections
import dataclasses


@dataclasses.dataclass(frozen=True)
class Message:
    key: str
    number: int  # within its key, in the order of enqueuing
    attempts: int = 0  # after which it must be dead; 0 = it must take effect
    failures: int = 0  # of its own before it takes effect

    @property
    def name(self):
        return f"{self.key}/{self.number}"


@dataclasses.dataclass
class Run:
    """One process, from its own record (see plugins/faults.hpp)."""

    killed: bool = False
    stopped: bool = False  # by SIGTERM, and it ended with status 0
    received: list = dataclasses.field(default_factory=list)  # (id, attempt as the source keeps it or 0)
    confirmed: set = dataclasses.field(default_factory=set)  # ids whose ack the source has confirmed
    handled: list = dataclasses.field(default_factory=list)  # (id, attempt, verdict)
    final: dict = None  # its final statistics
    started_ns: int = 0
    first_ns: int = 0  # when its first message came

    def unconfirmed(self):
        return {identity for identity, _ in self.received} - self.confirmed


@dataclasses.dataclass
class History:
    acknowledged: list  # messages whose enqueuing was confirmed
    offered: list = dataclasses.field(default_factory=list)  # those that may be there besides
    effects: list = dataclasses.field(default_factory=list)  # (key, number), in the order of their commits
    totals: dict = dataclasses.field(default_factory=dict)  # {key: effects}, kept beside them in the same transaction
    dead: list = dataclasses.field(default_factory=list)  # (key, number, attempts)
    published: list = None  # (key, number) as the target holds them; None = nothing is published
    runs: list = dataclasses.field(default_factory=list)
    dead_once: bool = False  # whether a dead letter may not be stored again after a kill
    published_once: bool = False  # the target knows what it has been sent before
    keeps_attempts: bool = False  # the source counts them over restarts


DONE, RETRY = 1, 2


def breaches(history):
    """One sentence for each breach."""
    return [*_effects(history), *_order(history), *_dead(history), *_published(history), *_deliveries(history),
            *_attempts(history), *_law(history)]


def _effects(history):
    meant = {(one.key, one.number): one for one in [*history.offered, *history.acknowledged]}
    times = collections.Counter(history.effects)
    dead = {(key, number) for key, number, _ in history.dead}
    for (key, number), count in times.items():
        if count > 1:
            yield f"{key}/{number}: took effect {count} times"
        if (key, number) not in meant:
            yield f"{key}/{number}: took effect and was never enqueued"
        elif meant[key, number].attempts:
            yield f"{key}/{number}: took effect and should have died"
        if (key, number) in dead:
            yield f"{key}/{number}: took effect and is dead"
    for one in history.acknowledged:
        if (one.key, one.number) not in times and (one.key, one.number) not in dead:
            yield f"{one.name}: is lost"
    totals = collections.Counter(key for key, _ in history.effects)
    for key in sorted(totals.keys() | history.totals.keys()):
        if totals[key] != history.totals.get(key, 0):
            yield f"{key}: {totals[key]} effects, and a total of {history.totals.get(key, 0)} from the same transactions"


def _order(history):
    last = {}
    for key, number in history.effects:
        if number < last.get(key, -1):
            yield f"{key}/{number}: took effect after {key}/{last[key]}"
        last[key] = max(number, last.get(key, -1))


def _dead(history):
    meant = {(one.key, one.number): one for one in [*history.offered, *history.acknowledged]}
    seen = collections.Counter((key, number) for key, number, _ in history.dead)
    for key, number, attempts in history.dead:
        one = meant.get((key, number))
        if one is None:
            yield f"{key}/{number}: is dead and was never enqueued"
        elif not one.attempts:
            yield f"{key}/{number}: is dead and should have taken effect"
        elif attempts != one.attempts:
            yield f"{key}/{number}: is dead after {attempts} attempts, not after {one.attempts}"
    if history.dead_once:
        for (key, number), count in seen.items():
            if count > 1:
                yield f"{key}/{number}: is dead {count} times"


def _published(history):
    """Each effect has its publish, in order of the first of each; twice only if the target cannot tell."""
    if history.published is None:
        return
    effects, published, last = set(history.effects), set(), {}
    for key, number in history.published:
        if (key, number) in published:
            if history.published_once:
                yield f"{key}/{number}: was published twice"
            continue
        published.add((key, number))
        if (key, number) not in effects:
            yield f"{key}/{number}: was published and has no effect"
        if number < last.get(key, -1):
            yield f"{key}/{number}: was published after {key}/{last[key]}"
        last[key] = max(number, last.get(key, -1))
    for key, number in sorted(effects - published):
        yield f"{key}/{number}: took effect and its publish is lost"


def _deliveries(history):
    """What was confirmed never comes again; what comes again was unconfirmed when the run before ended."""
    before, confirmed, open_before = set(), set(), set()
    for index, run in enumerate(history.runs):
        in_run = collections.Counter(identity for identity, _ in run.received)
        for identity in in_run:
            if identity in confirmed:
                yield f"run {index}: {identity} came again though its ack was confirmed"
            elif identity in before and identity not in open_before:
                yield f"run {index}: {identity} came again though it was not in flight when run {index - 1} ended"
        if index and history.runs[index - 1].stopped:
            done = {identity for identity, _, verdict in history.runs[index - 1].handled if verdict == DONE}
            for identity in done & in_run.keys():
                yield f"run {index}: {identity} came again after a clean stop though it had been handled"
        before |= in_run.keys()
        confirmed |= run.confirmed
        open_before = (open_before | in_run.keys()) - confirmed


def _attempts(history):
    """Only a failure of its own makes the next attempt of a message a later one.
    (A failure in a unit that runs again does not count.)"""
    failures = collections.Counter()
    for index, run in enumerate(history.runs):
        if not history.keeps_attempts:
            failures.clear()
        # The first of each: later ones follow failures of this run.
        for identity, attempt in reversed(dict(reversed(run.received)).items()):
            if attempt > failures[identity] + 1:
                yield f"run {index}: {identity} was delivered for attempt {attempt} after {failures[identity]} failures"
        for identity, attempt, verdict in run.handled:
            if attempt > failures[identity] + 1:
                yield f"run {index}: {identity} is at attempt {attempt} after {failures[identity]} failures"
            failures[identity] += verdict != DONE


ENDS = ("acked", "dead_lettered", "skipped", "dropped_by_policy", "released", "lost_lease", "abandoned")


def _law(history):
    for index, run in enumerate(history.runs):
        if run.final is None:
            if not run.killed:
                yield f"run {index}: has no final statistics"
            continue
        total = sum(run.final[name] for name in ENDS)
        if not run.final["law_holds"] or run.final["in_flight"] != 0 or run.final["received"] != total:
            yield f"run {index}: the conservation law is broken: {run.final}"
        if len(run.received) > run.final["received"]:
            yield f"run {index}: the source handed over {len(run.received)} messages, the host counts {run.final['received']}"
        if run.final["acked"] + run.final["dead_lettered"] + run.final["skipped"] != len(run.confirmed):
            yield (f"run {index}: the source has confirmed {len(run.confirmed)} acks, "
                   f"the host counts {run.final['acked']} acked, "
                   f"{run.final['dead_lettered']} dead and {run.final['skipped']} skipped")
