"""The count behind soak.py: what was put in, took effect, was published and died, how each run ended; and how they disagree.

A message is (key, number), the number within its key, from 0. Nothing here knows how any of it came about.
"""

import collections
import dataclasses

KILLED = -9
BEHIND_TARGET = "out"  # the source whose pool processes what the target was sent
ABANDONED = 3  # exit status after a second signal, if something was still under way
ENDS = ("acked", "dead_lettered", "skipped", "dropped_by_policy", "released", "lost_lease", "abandoned")


@dataclasses.dataclass
class End:
    """How one run of the host ended."""

    run: int
    how: str  # "stop", "two signals", "kill", or "kill in a stop"
    status: int
    finals: list = dataclasses.field(default_factory=list)  # the final statistics of each source
    effects: int = 0  # how many were made while it ran
    published: int = 0  # how many messages the pool behind the target has processed while it ran


@dataclasses.dataclass
class Account:
    acknowledged: set
    effects: list = dataclasses.field(default_factory=list)  # in the order of their commits
    totals: dict = dataclasses.field(default_factory=dict)  # {key: effects}, kept beside them in the same transactions
    published: list = dataclasses.field(default_factory=list)  # as they came out of the target, in that order
    dead: set = dataclasses.field(default_factory=set)  # what was given up on at any time
    left: dict = dataclasses.field(default_factory=dict)  # {where: how many messages are still there}
    ends: list = dataclasses.field(default_factory=list)


def breaches(account):
    """One sentence for each breach."""
    return [*_effects(account), *_publishes(account), *_order("took effect", account.effects, account.dead),
            *_order("was published", account.published, account.dead), *_left(account), *_ends(account)]


def _name(message):
    return f"{message[0]}/{message[1]}"


def _effects(account):
    times = collections.Counter(account.effects)
    for message, count in times.items():
        if count > 1:
            yield f"{_name(message)}: took effect {count} times"
        if message not in account.acknowledged:
            yield f"{_name(message)}: took effect and was never put in"
    for message in sorted(account.acknowledged - times.keys()):
        yield f"{_name(message)}: is lost"
    of_key = collections.Counter(key for key, _ in account.effects)
    for key in sorted(of_key.keys() | account.totals.keys()):
        if of_key[key] != account.totals.get(key, 0):
            yield f"{key}: {of_key[key]} effects, and a total of {account.totals.get(key, 0)} from the same transactions"


def _publishes(account):
    times = collections.Counter(account.published)
    effects = set(account.effects)
    for message, count in times.items():
        if count > 1:
            yield f"{_name(message)}: was published {count} times"
        if message not in effects:
            yield f"{_name(message)}: was published and has no effect"
    for message in sorted(effects - times.keys()):
        yield f"{_name(message)}: took effect and was not published"


def _order(what, messages, dead):
    """What has died comes when it is replayed, or delivered again if a kill came before it was stored, and nothing has waited
    for it meanwhile. All others stand in order."""
    last = {}
    for message in messages:
        if message in dead:
            continue
        key, number = message
        if number < last.get(key, -1):
            yield f"{_name(message)}: {what} after {key}/{last[key]}"
        last[key] = max(number, last.get(key, -1))


def _left(account):
    for where, count in account.left.items():
        if count:
            yield f"{where}: {count} messages are left when all is done"


def _ends(account):
    for end in account.ends:
        wanted = {"stop": (0,), "two signals": (0, ABANDONED), "kill": (KILLED,), "kill in a stop": (KILLED, 0)}[end.how]
        if end.status not in wanted:
            yield f"run {end.run}: ended with {end.status} after {end.how}"
        if end.status == 0 and not end.finals:
            yield f"run {end.run}: has no final statistics"
        for final in end.finals:
            yield from _law(end, final)
        if end.status == 0 and end.finals:
            behind_target = [final for final in end.finals if final["source"] == BEHIND_TARGET]
            yield from _counts(end, "effects", end.effects, [final for final in end.finals if final not in behind_target])
            yield from _counts(end, "published messages", end.published, behind_target)


def _law(end, final):
    total = sum(final[name] for name in ENDS)
    if not final["law_holds"] or final["in_flight"] != 0 or final["received"] != total:
        yield f"run {end.run}: the conservation law is broken: {final}"
    if end.status == 0 and final["abandoned"] != 0:
        yield f"run {end.run}: {final['abandoned']} messages of {final['source']} are abandoned and the status is 0"


def _counts(end, what, made, finals):
    """What took effect is acked, or goes back: a stop may come between the two, and then it comes again and is recognised."""
    acked = sum(final["acked"] - final["recognised"] for final in finals)
    back = sum(final["released"] for final in finals)
    if not acked <= made <= acked + back:
        yield f"run {end.run}: {made} {what}, and the final statistics count {acked} acked and {back} given back"
