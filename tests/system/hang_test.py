"""Handlers that take too long: named, asked to give up, and worked around or ended."""

import os
import pathlib
import time
import unittest

from support import SystemTest

BAD = pathlib.Path(os.environ["SLUICE_BUILD"]) / "bad_plugins"
KEYS = 10


def config(handler, pool="", attempts=1):
    return f"""
state_dir: ./state
sources:
  numbers: {{ plugin: file, path: ./numbers.jsonl }}
pools:
  work:
    source: numbers
    route: {{ key: /key }}
    workers: 4
    retry: {{ attempts: {attempts}, backoff: 1ms, backoff_max: 1ms }}
    handler: {handler}
{pool}
shutdown: {{ deadline: 300ms }}
log: {{ format: json }}
"""


class Hang(SystemTest):
    def setUp(self):
        super().setUp()
        self.lines_file("numbers.jsonl", ({"key": str(n % KEYS), "n": n} for n in range(1000)))

    def said(self, run, text):
        return [line for line in run.log.splitlines() if text in line]

    def test_a_handler_that_looks_gives_up_in_time(self):
        handler = "{ plugin: trace, path: ./calls.jsonl, sleep_min: 60s, timeout: 100ms }"
        self.write("numbers.jsonl", '{"key": "slow"}\n')
        run = self.run_to_end("run", self.write("hang.yaml", config(handler, attempts=2)))
        self.assertEqual(run.final()["dead_lettered"], 1)
        self.assertEqual(run.final()["retried"], 1, "it is the message's own failure")
        self.assertTrue(self.said(run, "becomes a dead letter: told to give up"), run.tail)

    def test_a_handler_that_does_not_look_is_named_once(self):
        self.write("numbers.jsonl", '{"key": "slow"}\n')
        run = self.run_to_end("run", self.write("hang.yaml", config("{ plugin: noop, sleep: 2s, timeout: 100ms }")))
        self.assertEqual(run.final()["acked"], 1, "what it has done counts")
        named = self.said(run, "longer than its timeout of 100 ms")
        self.assertEqual(len(named), 1, run.tail)
        self.assertIn('key \\"slow\\"', named[0])

    def test_ends_with_status_3_if_told_so(self):
        handler = "{ plugin: noop, sleep: 60s, timeout: 100ms }"
        begun = time.monotonic()
        run = self.start("run", self.write("hang.yaml", config(handler, "    on_hang: exit")))
        self.assertEqual(run.wait(20), 3, run.tail)
        self.assertLess(time.monotonic() - begun, 15)
        self.assertIn("on_hang says exit", run.log)
        self.assertTrue(self.said(run, "has been in its handler for"), run.tail)
        rest = self.run_to_end("run", self.write("rest.yaml", config("{ plugin: noop }"))).final()
        self.assertEqual(rest["acked"], 1000, "nothing was acked before")

    def test_what_a_stop_did_not_wait_for_is_no_suspect(self):
        for name, ends in (("at the deadline", lambda run: run.wait()),
                           ("by a supervisor that waits no longer", lambda run: run.kill())):
            with self.subTest(name):
                if self.state.exists():
                    self.forget_position()  # of the sub-test before
                self.write("numbers.jsonl", '{"key": "slow"}\n')
                deadline = "300ms" if "deadline" in name else "60s"
                slow = config("{ plugin: noop, sleep: 6s }").replace("300ms", deadline)
                slow = slow.replace("{ format: json }",
                                    "{ format: json, levels: { statistics: debug } }") + "statistics: { every: 50ms }\n"
                for _ in range(3):  # as many as crash_attempts
                    run = self.start("run", self.write("slow.yaml", slow))
                    run.wait_for_event("worker_statistics", running_ns=lambda n: n > 0)
                    run.signal()
                    run.wait_for(lambda host: "worker_statistics" in host.log.partition("stopping")[2], "what follows the stop")
                    ends(run)
                    self.assertEqual(run.process.returncode, 3 if "deadline" in name else -9, run.tail)
                    self.assertFalse((self.state / "suspects").exists())
                rest = self.run_to_end("run", self.write("rest.yaml", config("{ plugin: noop }")))
                self.assertEqual((rest.final()["acked"], rest.final()["dead_lettered"]), (1, 0))
                self.assertFalse(self.said(rest, "ended inside the handler"), rest.tail)

    def test_nine_workers_finish_all_they_have_while_the_tenth_is_stuck(self):
        self.write("numbers.jsonl", '{"hang": 1}\n' + "{}\n" * 999)
        spread = config(f"{{ plugin: {BAD / 'hangs.so'} }}").replace(
            "{ key: /key }", "{ by: round_robin }").replace("workers: 4", "workers: 10")
        run = self.start("run", self.write("stuck.yaml", spread + "statistics: { every: 50ms }\n"))
        run.wait_for(lambda host: any(line["acked"] == 900 for line in host.events("statistics")), "900 of 1000 acked")
        run.signal()
        self.assertEqual(run.wait(), 3, run.tail)
        final = run.final()
        self.assertEqual((final["acked"], final["abandoned"] + final["released"]), (900, 100),
                         "all but those of the stuck worker")


if __name__ == "__main__":
    unittest.main()
