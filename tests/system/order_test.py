"""Order per key under retries, batches and random handler times: in order, one at a time, workers side by side."""
# ctest: sanitize

import dataclasses
import json
import random
import unittest

from order import Attempt, breaches, workers_at_once
from support import SystemTest

KEYS = 100
MESSAGES = 5_000


def config(route):
    return f"""
state_dir: ./state
sources:
  steps: {{ plugin: file, path: ./steps.jsonl }}
pools:
  traced:
    source: steps
    route: {route}
    workers: 10
    queue: {{ capacity: 200 }}
    batch: {{ max: 64 }}
    retry: {{ attempts: 1000, backoff: 1ms, backoff_max: 5ms }}
    handler: {{ plugin: trace, path: ./trace.jsonl, sleep_min: 0ms, sleep_max: 3ms, fail_percent: 10, seed: 7 }}
statistics: {{ every: 100ms }}
log: {{ level: info, format: json }}
"""


class Order(SystemTest):
    def setUp(self):
        super().setUp()
        self.write_steps([1] * KEYS)

    def write_steps(self, weights):
        # Runs of one to eight messages of the same key, so that same-key neighbours share a batch.
        choose = random.Random(4)
        self.counts = dict.fromkeys((f"key{number}" for number in range(KEYS)), 0)
        self.steps = {}  # offset in the file, with which its id ends -> (key, number)
        lines, offset = [], 0
        while len(lines) < MESSAGES:
            [key] = choose.choices(list(self.counts), weights)
            for _ in range(choose.randint(1, 8)):
                self.steps[offset] = (key, self.counts[key])
                lines.append(json.dumps({"key": key, "number": self.counts[key]}) + "\n")
                offset += len(lines[-1])
                self.counts[key] += 1
        self.total = len(lines)
        self.write("steps.jsonl", "".join(lines))

    def run_steps(self, route):
        run = self.run_to_end("run", self.write("order.yaml", config(route)))
        final = run.final()
        self.assertEqual((final["received"], final["acked"]), (self.total, self.total))
        return final, self.read_trace()

    def read_trace(self):
        attempts = []
        for line in (self.folder / "trace.jsonl").read_text().splitlines():
            call = json.loads(line)
            key, number = self.steps[int(call["id"].rsplit(":", 1)[1])]
            attempts.append(Attempt(key, number, call["attempt"], call["worker"], call["start_ns"], call["end_ns"],
                                    call["verdict"] == "done"))
        return attempts

    def test_is_kept_for_each_key_while_a_tenth_of_the_attempts_fails(self):
        final, attempts = self.run_steps("{ key: /key }")
        self.assertEqual(breaches(attempts, self.counts), [])
        failed = sum(not one.done for one in attempts)
        self.assertGreater(failed, self.total // 20, "attempts failed, or this proves little")
        self.assertEqual(final["retried"], failed)
        self.assertEqual(len(attempts), self.total + failed)
        self.assertEqual({one.worker for one in attempts}, set(range(10)))
        self.assertGreaterEqual(workers_at_once(attempts), 5, "workers are at work side by side")

    def test_is_kept_while_keys_leave_workers_that_have_more_to_do(self):
        self.write_steps([1 / rank for rank in range(1, KEYS + 1)])
        final, attempts = self.run_steps("{ key: /key }")
        self.assertEqual(breaches(attempts, self.counts), [])
        self.assertGreater(sum(not one.done for one in attempts), self.total // 20)
        self.assertGreater(final["slots_moved"], 0)
        workers = {key: {one.worker for one in attempts if one.key == key} for key in self.counts}
        self.assertGreater(max(map(len, workers.values())), 1, "a key has had more than one worker")

    def test_keys_stay_with_their_worker_if_they_are_told_to(self):
        self.write_steps([1 / rank for rank in range(1, KEYS + 1)])
        final, attempts = self.run_steps("{ key: /key, rebalance: false }")
        self.assertEqual(breaches(attempts, self.counts), [])
        self.assertEqual(final["slots_moved"], 0)
        self.assertEqual(len({(one.key, one.worker) for one in attempts}), len({one.key for one in attempts}))

    def test_the_checker_fails_on_a_run_that_gives_order_up(self):
        _, attempts = self.run_steps("{ by: round_robin }")
        self.assertNotEqual(breaches(attempts, self.counts), [])


class Checker(unittest.TestCase):
    """What the checker says of logs whose order is broken by hand."""

    GOOD = [
        Attempt("a", 0, 1, 1, 0, 10, True),
        Attempt("a", 1, 1, 1, 10, 20, False),
        Attempt("b", 0, 1, 2, 5, 25, True),
        Attempt("a", 1, 2, 1, 30, 40, True),
        Attempt("a", 2, 1, 1, 40, 50, True),
    ]
    COUNTS = {"a": 3, "b": 1}

    def broken(self, *changes, without=()):
        attempts = [one for index, one in enumerate(self.GOOD) if index not in without]
        for index, change in changes:
            attempts[index] = dataclasses.replace(attempts[index], **change)
        return breaches(attempts, self.COUNTS)

    def test_finds_nothing_in_a_good_log_in_whatever_order_its_lines_stand(self):
        self.assertEqual(self.broken(), [])
        self.assertEqual(breaches(self.GOOD[::-1], self.COUNTS), [])

    def test_finds_two_attempts_of_a_key_at_once(self):
        self.assertEqual(self.broken((0, {"end": 11})),
                         ["a: two attempts at once: message 1 began before the one before it had ended"])

    def test_finds_one_that_began_inside_an_earlier_longer_one(self):
        self.assertEqual(len(self.broken((0, {"end": 45}))), 3)

    def test_finds_messages_out_of_order(self):
        self.assertIn("a: message 1 attempt 1 where message 0 attempt 1 was due",
                      self.broken((0, {"number": 1}), (1, {"number": 0})))

    def test_finds_a_message_that_passed_one_waiting_for_its_retry(self):
        self.assertIn("a: message 2 attempt 1 where message 1 attempt 2 was due", self.broken((4, {"start": 21, "end": 29})))

    def test_finds_a_message_left_out_at_the_end_or_in_the_middle(self):
        self.assertEqual(self.broken(without=[4]), ["a: ended before message 2 of 3"])
        self.assertEqual(self.broken(without=[2]), ["b: ended before message 0 of 1"])
        self.assertTrue(self.broken(without=[0]))

    def test_finds_a_message_done_twice_and_an_attempt_counted_wrongly(self):
        self.assertTrue(breaches(self.GOOD + [Attempt("b", 0, 1, 2, 60, 70, True)], self.COUNTS))
        self.assertTrue(self.broken((3, {"attempt": 3})))

    def test_counts_the_workers_that_are_at_work_at_the_same_moment(self):
        self.assertEqual(workers_at_once(self.GOOD), 2)
        self.assertEqual(workers_at_once([one for one in self.GOOD if one.key == "a"]), 1, "one ends as the next begins")


if __name__ == "__main__":
    unittest.main()
