"""Hosts with several stages: what one pool publishes another one's source reads,
and a finite run ends when all of it is done."""

import collections
import json
import os
import pathlib
import time
import unittest

from support import SystemTest, query

ASTRAY = pathlib.Path(os.environ["SLUICE_BUILD"]) / "bad_plugins/astray.so"


class Stages(SystemTest):
    def write_stages(self, sources, pools, targets, extra=""):
        return self.write("stages.yaml", f"""
state_dir: ./state
sources:
{sources}
targets:
{targets}
pools:
{pools}
statistics: {{ every: 50ms }}
log: {{ level: info, format: json }}
{extra}
""")

    def stored(self, name):
        return query(self.folder / name, "SELECT count(*) FROM sqlite_master WHERE name LIKE 'sluice_queue_%'") and sum(
            query(self.folder / name, f"SELECT count(*) FROM {table}")[0][0]
            for (table,) in query(self.folder / name,
                                  "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'sluice_queue_[0-9]*'"))

    def chain(self, length, messages, bound, sleep="1ms"):
        limit = f", max_messages: {bound}" if bound else ""
        sources = [f"  s0: {{ plugin: generate, messages: {messages} }}"]
        pools, targets = [], []
        for stage in range(1, length):
            sources.append(f"  s{stage}: {{ plugin: sqlite, path: ./q{stage}.db, until_empty: true }}")
            targets.append(f"  t{stage}: {{ plugin: sqlite, path: ./q{stage}.db{limit} }}")
        for stage in range(length):
            handler = f"plugin: forward, target: t{stage + 1}" if stage + 1 < length else f"plugin: noop, sleep: {sleep}"
            pools.append(f"  p{stage}: {{ source: s{stage}, workers: 2, handler: {{ {handler} }} }}")
        return self.write_stages("\n".join(sources), "\n".join(pools), "\n".join(targets))

    def test_a_stage_does_not_end_before_the_one_that_feeds_it(self):
        # The first stage has its first message only after the second has found its queue empty.
        self.write_stages("  first: { plugin: generate, messages: 60, rate: 100 }\n"
                          "  second: { plugin: sqlite, path: ./queue.db, until_empty: true }",
                          "  first: { source: first, handler: { plugin: forward, target: next } }\n"
                          "  second: { source: second, handler: { plugin: noop } }",
                          "  next: { plugin: sqlite, path: ./queue.db }")
        run = self.run_to_end("run", "stages.yaml", deadline=60)
        self.assertEqual((run.final("first")["acked"], run.final("second")["acked"]), (60, 60))
        self.assertEqual(self.stored("queue.db"), 0)

    def test_a_handler_may_ask_for_its_target_as_late_as_for_its_first_message(self):
        self.write_stages("  first: { plugin: generate, messages: 30, rate: 50 }\n"
                          "  second: { plugin: sqlite, path: ./queue.db, until_empty: true }",
                          f"  first: {{ source: first, handler: {{ plugin: {ASTRAY}, publish: next }} }}\n"
                          "  second: { source: second, handler: { plugin: noop } }",
                          "  next: { plugin: sqlite, path: ./queue.db }")
        run = self.run_to_end("run", "stages.yaml", deadline=60)
        self.assertEqual((run.final("first")["acked"], run.final("second")["acked"]), (30, 30))

    def test_three_stages_end_one_after_the_other(self):
        self.chain(3, 500, bound=0)
        run = self.run_to_end("run", "stages.yaml", deadline=60)
        self.assertEqual([run.final(name)["acked"] for name in ("s0", "s1", "s2")], [500] * 3)

    def test_bounded_queues_between_stages_make_the_first_wait_and_lose_nothing(self):
        self.chain(3, 300, bound=10)
        run = self.run_to_end("run", "stages.yaml", deadline=90)
        self.assertEqual([run.final(name)["acked"] for name in ("s0", "s1", "s2")], [300] * 3)

    def test_several_stages_may_feed_one(self):
        self.write_stages("  quick: { plugin: generate, messages: 50 }\n"
                          "  slow: { plugin: generate, messages: 20, rate: 40, seed: 2 }\n"
                          "  last: { plugin: sqlite, path: ./queue.db, until_empty: true }",
                          "  quick: { source: quick, handler: { plugin: forward, target: next } }\n"
                          "  slow: { source: slow, handler: { plugin: forward, target: next } }\n"
                          "  last: { source: last, handler: { plugin: noop } }",
                          "  next: { plugin: sqlite, path: ./queue.db }")
        run = self.run_to_end("run", "stages.yaml", deadline=60)
        self.assertEqual(run.final("last")["acked"], 70)

    def test_stages_that_feed_each_other_in_a_circle_end_together(self):
        # Messages go round between two queues until their attempt to be forwarded is skipped:
        # here by a pool that takes only some.
        self.lines_file("in.jsonl", [{"n": number} for number in range(40)])
        self.write_stages("  start: { plugin: file, path: ./in.jsonl }\n"
                          "  one: { plugin: sqlite, path: ./one.db, until_empty: true }\n"
                          "  two: { plugin: sqlite, path: ./two.db, until_empty: true }",
                          "  start: { source: start, handler: { plugin: forward, target: one } }\n"
                          "  there: { source: one, when: { /n: 7 }, handler: { plugin: forward, target: two } }\n"
                          "  done: { source: one, handler: { plugin: noop } }\n"
                          "  back: { source: two, when: { /n: 8 }, handler: { plugin: forward, target: one } }\n"
                          "  end: { source: two, handler: { plugin: noop, sleep: 300ms } }",
                          "  one: { plugin: sqlite, path: ./one.db }\n  two: { plugin: sqlite, path: ./two.db }")
        run = self.run_to_end("run", "stages.yaml", deadline=60)
        self.assertEqual((run.final("one")["acked"], run.final("two")["acked"]), (40, 1))

    def test_dead_letters_that_are_read_again_are_a_stage_too(self):
        self.lines_file("in.jsonl", [{"n": number, "verdict": "reject" if number % 2 else "done"} for number in range(20)])
        self.write_stages("  start: { plugin: file, path: ./in.jsonl }\n"
                          "  dead: { plugin: sqlite, path: ./dead.db, until_empty: true }",
                          "  work: { source: start, handler: { plugin: trace, path: ./calls.jsonl, verdict: /verdict, "
                          "sleep_min: 20ms } }\n"
                          "  bury: { source: dead, handler: { plugin: noop } }",
                          "  dead: { plugin: sqlite, path: ./dead.db }", "dead_letters: { target: dead }")
        run = self.run_to_end("run", "stages.yaml", deadline=60)
        self.assertEqual((run.final("start")["dead_lettered"], run.final("dead")["acked"]), (10, 10))

    def test_a_stop_in_the_middle_ends_all_stages_and_loses_nothing(self):
        self.chain(3, 1_000, bound=10, sleep="2ms")
        run = self.start("run", "stages.yaml")
        run.wait_for_event("statistics", source=lambda name: name == "s2", acked=lambda count: count > 20)
        begun = time.monotonic()
        self.stop(run)
        self.assertLess(time.monotonic() - begun, 5)
        second = self.run_to_end("run", "stages.yaml", deadline=100)
        # A message that was stored in the next queue, and not acked in its own before the stop, is there twice: at least once.
        self.assertGreaterEqual(run.final("s2")["acked"] + second.final("s2")["acked"], 1_000)

    def test_a_full_queue_that_forwards_to_itself_does_not_hold_up_a_stop(self):
        queue = "{ plugin: sqlite, path: ./queue.db, max_messages: 20 }"
        self.write_stages("  load: { plugin: generate, messages: 20 }",
                          "  fill: { source: load, handler: { plugin: forward, target: queue } }", f"  queue: {queue}")
        self.run_to_end("run", "stages.yaml")
        self.write_stages("  queue: { plugin: sqlite, path: ./queue.db }",
                          "  round: { source: queue, handler: { plugin: forward, target: queue } }", f"  queue: {queue}")
        run = self.start("run", "stages.yaml")
        run.wait_for_event("statistics", in_flight=lambda count: count > 0)
        begun = time.monotonic()
        self.stop(run)
        self.assertLess(time.monotonic() - begun, 3)
        self.assertEqual(self.stored("queue.db"), 20, "nothing is lost")


if __name__ == "__main__":
    unittest.main()
