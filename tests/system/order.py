"""The checker of order: reads what a handler noted of each attempt and names every breach.

Per key, strictly: one attempt at a time, messages in the order of their numbers, the attempts of a message one after
another before the next message's first, and none left out. Over all: workers at work at the same time.
"""

import collections
import dataclasses


@dataclasses.dataclass(frozen=True)
class Attempt:
    key: str
    number: int  # of the message within its key, from 0
    attempt: int  # from 1
    worker: int
    start: int  # any clock that all workers share
    end: int
    done: bool  # or failed, to be tried again


def breaches(attempts, messages_per_key):
    """One sentence for each breach of order; messages_per_key: {key: number of messages}."""
    by_key = collections.defaultdict(list)
    for attempt in attempts:
        by_key[attempt.key].append(attempt)
    found = []
    for key, count in messages_per_key.items():
        found += _breaches_of_key(key, sorted(by_key[key], key=lambda one: (one.start, one.end)), count)
    return found


def _breaches_of_key(key, attempts, count):
    next_number, next_attempt, busy_until = 0, 1, None
    for one in attempts:
        if busy_until is not None and one.start < busy_until:
            yield f"{key}: two attempts at once: message {one.number} began before the one before it had ended"
        busy_until = max(one.end, busy_until or one.end)
        if (one.number, one.attempt) != (next_number, next_attempt):
            yield (f"{key}: message {one.number} attempt {one.attempt} "
                   f"where message {next_number} attempt {next_attempt} was due")
        next_number, next_attempt = (one.number + 1, 1) if one.done else (one.number, one.attempt + 1)
    if next_number != count:
        yield f"{key}: ended before message {next_number} of {count}"


def workers_at_once(attempts):
    """The greatest number of workers that were inside an attempt at the same moment."""
    steps = sorted([(one.start, 1, one.worker) for one in attempts] + [(one.end, 0, one.worker) for one in attempts])
    inside, most = collections.Counter(), 0
    for _, enters, worker in steps:  # at the same moment leaving comes first
        inside[worker] += 1 if enters else -1
        if inside[worker] == 0:
            del inside[worker]
        most = max(most, len(inside))
    return most
