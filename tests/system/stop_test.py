"""Stopping: what is running is finished, what is queued goes back, nothing is lost and nothing is done twice."""

import signal
import subprocess
import time
import unittest

from support import BIN, FLIGHTS, SystemTest

TOTAL = 20_000


def config(sleep, shutdown="{ mode: finish_current, deadline: 30s }", handler=""):
    return f"""
state_dir: ./state
sources:
  flights: {{ plugin: file, path: {FLIGHTS} }}
pools:
  airports:
    source: flights
    route: {{ key: /origin }}
    workers: 10
    batch: {{ max: 64 }}
    handler: {{ plugin: noop, sleep: {sleep}{handler} }}
statistics: {{ every: 50ms }}
shutdown: {shutdown}
log: {{ level: info, format: json, levels: {{ statistics: debug }} }}
"""


class Stop(SystemTest):
    def at_work(self, text, **fields):
        """A run of this configuration, each of whose ten workers is inside a handler."""
        running = self.start("run", self.write("stop.yaml", text))
        running.wait_for_event("statistics", in_flight=lambda n: n > 0, **fields)
        running.wait_for(lambda run: all(self.running_now(run).get(worker) for worker in range(10)), "all workers at work")
        return running

    def running_now(self, run):
        """{worker: whether it was at work when last seen}"""
        return {entry["worker"]: entry["running_ns"] > 0 for entry in run.events("worker_statistics")}

    def rest(self):
        """What a second run, that does not sleep, receives."""
        return self.run_to_end("run", self.write("rest.yaml", config("0ms"))).final()

    def check_nothing_is_lost_or_done_twice(self, first):
        second = self.rest()
        self.assertEqual(first["acked"] + second["received"], TOTAL, (first, second))
        self.assertEqual(second["acked"], second["received"])

    def check_abandoned(self, final):
        """Ten workers hang in a message each, which keeps the rest of their batches; what waits behind goes back."""
        self.assertEqual(final["acked"], 0)
        self.assertGreaterEqual(final["abandoned"], 10)
        self.assertLessEqual(final["abandoned"], 10 * 64)
        self.assertEqual(final["abandoned"] + final["released"], final["received"])

    def test_finishes_the_current_message_of_each_worker_within_two_seconds(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signal=number.name):
                self.state.exists() and self.forget_position()
                running = self.at_work(config("1s"))
                begun = time.monotonic()
                running.signal(number)
                self.assertEqual(running.wait(), 0, running.tail)
                self.assertLess(time.monotonic() - begun, 2)
                first = running.final()
                self.assertGreater(first["acked"], 0, "the current messages were finished")
                self.assertLessEqual(first["acked"], 20, "one per worker, or two if one ended meanwhile")
                self.assertEqual(first["acked"] + first["released"], first["received"])
                self.assertEqual(first["retried"], 0, "a stop does not count as an attempt")
                self.check_nothing_is_lost_or_done_twice(first)

    def test_keeps_the_finished_part_of_a_batch(self):
        running = self.at_work(config("100ms"), acked=lambda n: n > 0)
        first = self.stop(running).final()
        self.assertGreater(first["released"], 0)
        self.check_nothing_is_lost_or_done_twice(first)

    def test_works_off_what_is_queued_in_drain_mode(self):
        running = self.at_work(config("5ms", shutdown="{ mode: drain, deadline: 60s }"))
        first = self.stop(running).final()
        self.assertEqual((first["released"], first["acked"]), (0, first["received"]))
        self.assertLess(first["received"], TOTAL, "polling stopped")
        self.check_nothing_is_lost_or_done_twice(first)

    def test_what_a_drain_has_not_begun_at_the_deadline_goes_back(self):
        self.write("lines.jsonl", "{}\n" * 400)
        text = config("60s", shutdown="{ mode: drain, deadline: 300ms }").replace(str(FLIGHTS), "./lines.jsonl")
        text = text.replace("route: { key: /origin }", "route: { by: round_robin }").replace("max: 64", "max: 2")
        running = self.start("run", self.write("stop.yaml", text))
        running.wait_for_event("statistics", in_flight=lambda count: count == 400)
        running.wait_for(lambda run: all(self.running_now(run).get(worker) for worker in range(10)), "all workers at work")
        running.signal()
        self.assertEqual(running.wait(20), 3, running.tail)
        final = running.final()
        self.assertLessEqual(final["abandoned"], 20, "two of each worker are in its batch")
        self.assertEqual(final["abandoned"] + final["released"], 400)

    def test_a_drain_that_works_when_the_deadline_comes_gives_back_the_rest(self):
        self.write("lines.jsonl", "{}\n" * 400)
        text = config("50ms", shutdown="{ mode: drain, deadline: 200ms }").replace(str(FLIGHTS), "./lines.jsonl")
        text = text.replace("route: { key: /origin }", "route: { by: round_robin }")
        running = self.start("run", self.write("stop.yaml", text))
        running.wait_for_event("statistics", in_flight=lambda count: count > 300)
        final = self.stop(running).final()
        self.assertEqual((final["abandoned"], final["acked"] + final["released"]), (0, final["received"]))
        self.assertGreater(final["released"], 0)

    def test_ends_at_once_when_the_target_is_gone_and_the_source_cannot_take_back(self):
        self.write("pipe.yaml", """
state_dir: ./state
sources: { lines: { plugin: file, path: "-" } }
targets: { out: { plugin: file, path: "-" } }
pools: { all: { source: lines, handler: { plugin: forward, target: out } } }
""")
        begun = time.monotonic()
        done = subprocess.run(f"seq 100000 | {BIN} run pipe.yaml 2>log | head -1; exit ${{PIPESTATUS[1]}}", shell=True,
                              executable="/bin/bash", cwd=self.folder, capture_output=True, text=True, timeout=20)
        took = time.monotonic() - begun
        log = (self.folder / "log").read_text()
        self.assertEqual(done.stdout, "1\n", log)
        self.assertLess(took, 3, log)
        self.assertIn("cannot take messages back", log)
        self.assertNotIn("still holds a thread", log)

    def test_leaves_at_the_deadline_with_status_3(self):
        running = self.at_work(config("60s", shutdown="{ mode: finish_current, deadline: 300ms }"))
        begun = time.monotonic()
        running.signal()
        self.assertEqual(running.wait(20), 3, running.tail)
        self.assertGreaterEqual(time.monotonic() - begun, 0.3)
        first = running.final()
        self.check_abandoned(first)
        self.check_nothing_is_lost_or_done_twice(first)

    def test_leaves_at_the_second_signal_with_status_3(self):
        running = self.at_work(config("60s"))
        running.signal()
        running.wait_for(lambda run: "stopping" in run.log, "the first signal was noticed")
        running.signal()
        self.assertEqual(running.wait(20), 3, running.tail)
        first = running.final()
        self.check_abandoned(first)
        self.check_nothing_is_lost_or_done_twice(first)

    def test_a_reload_that_is_asked_for_while_it_ends_changes_nothing_of_how_it_ends(self):
        self.write("stop.yaml", "state_dir: ./state\nsources: { in: { plugin: generate, rate: 100 } }\n"
                                "pools: { p: { source: in, handler: { plugin: noop } } }\n")
        for _ in range(20):
            running = self.start_host("stop.yaml")
            running.signal()
            while running.process.poll() is None:
                running.signal(signal.SIGHUP)
            self.assertEqual(running.wait(), 0, running.tail)


if __name__ == "__main__":
    unittest.main()
