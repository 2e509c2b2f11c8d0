"""What a run says of itself: the log in both formats, the statistics, and what somebody at a terminal sees."""
# ctest: sanitize

import contextlib
import json
import os
import pty
import re
import select
import signal
import subprocess
import time
import unittest

import support
from support import DEADLINE, FLIGHTS, SystemTest, flights_config

COUNTS = ("received", "acked", "retried", "dead_lettered", "skipped", "dropped_by_policy", "released", "in_flight")


def config(sleep="1ms", workers=10, log="{ level: info, format: text }"):
    return f"""
state_dir: ./state
sources:
  flights: {{ plugin: file, path: {FLIGHTS} }}
pools:
  airports:
    source: flights
    route: {{ key: /origin }}
    workers: {workers}
    handler: {{ plugin: noop, sleep: {sleep} }}
statistics: {{ every: 100ms }}
log: {log}
"""


class Json(SystemTest):
    def test_every_line_is_an_object_and_the_statistics_are_fields(self):
        run = self.run_to_end("run", self.write("run.yaml", config(log="{ level: debug, format: json }")))
        for line in run.lines:
            entry = json.loads(line)
            self.assertLessEqual({"time", "level", "component", "message"}, entry.keys(), line)
        reports = run.events("statistics")
        self.assertGreater(len(reports), 2)
        for report in reports:
            for name in COUNTS:
                self.assertIsInstance(report[name], int, report)
            self.assertEqual(report["received"], sum(report[end] for end in support.ENDS) + report["in_flight"], report)
        self.assertEqual([report["received"] for report in reports], sorted(report["received"] for report in reports))
        self.assertTrue(any(report["in_flight"] > 0 and report["rate_per_s"] > 0 and report["deepest_queues"]
                            for report in reports))
        self.assertTrue(any(0 < report["oldest_ms"] < 60_000 for report in reports), "the handler sleeps a millisecond")
        final = run.final()
        self.assertEqual((final["received"], final["acked"], final["oldest_ms"]), (20_000, 20_000, 0))
        self.assertGreaterEqual(final["latency_p50_ns"], 1_000_000, "the handler sleeps a millisecond")
        self.assertLessEqual(final["latency_p50_ns"], final["latency_p99_ns"])
        self.assertLessEqual(final["latency_p99_ns"], final["latency_max_ns"])
        last = {entry["worker"]: entry for entry in run.events("worker_statistics")}
        self.assertEqual(last.keys(), set(range(10)))

    def test_info_says_no_line_a_message(self):
        run = self.run_to_end("run", self.write("run.yaml", flights_config(FLIGHTS)))
        self.assertLess(len(run.lines), 60, run.log)

    def test_a_level_can_be_set_for_one_component(self):
        loud = "{ level: error, format: json, levels: { statistics: info } }"
        run = self.run_to_end("run", self.write("run.yaml", config(sleep="0ms", log=loud)))
        self.assertEqual({entry["component"] for entry in run.events()}, {"statistics"})
        quiet = "{ level: error, format: json }"
        self.assertEqual(self.run_to_end("run", self.write("quiet.yaml", config(sleep="0ms", log=quiet))).lines, [])


class Handlers(SystemTest):
    def test_say_what_they_measure(self):
        self.write("orders.csv", "".join(f"o-{n},teapot,2,{n}\n" for n in range(1, 101)))
        for form in ("json", "text"):
            text = self.run_to_end("run", self.write(f"{form}.yaml", f"""
state_dir: ./state-{form}
sources: {{ in: {{ plugin: file, path: ./orders.csv }} }}
databases: {{ shop: {{ plugin: sqlite, path: ./{form}.db, setup: "CREATE TABLE IF NOT EXISTS orders(a, b, c, d)" }} }}
pools: {{ book: {{ source: in, workers: 3, handler: {{ plugin: orders }} }} }}
log: {{ format: {form} }}
"""))
            if form == "json":
                [final] = text.events("final_handler_statistics")
                self.assertEqual(final["pool"], "book")
                self.assertEqual(final["metrics"]["booked"], 100, "of all workers")
                self.assertEqual((final["metrics"]["value"]["count"], final["metrics"]["value"]["max"]), (100, 100))
            else:
                self.assertIn("book: booked 100, value p50 50 cents p99 98 cents max 100 cents", text.log)


class Recognised(SystemTest):
    def test_messages_that_were_recorded_before_are_counted_apart(self):
        self.write("run.yaml", """
state_dir: ./state
sources: { load: { plugin: generate, messages: 50, seed: 7 } }
databases: { out: { plugin: sqlite, path: ./out.db, deduplicate: true, setup: "CREATE TABLE IF NOT EXISTS t(k, n)" } }
pools: { all: { source: load, route: { key: /key },\
 handler: { plugin: sql, database: out, statement: "INSERT INTO t VALUES(:key, :seq)" } } }
log: { format: FORMAT }
""".replace("FORMAT", "json"))
        self.assertEqual(self.run_to_end("run", "run.yaml").final()["recognised"], 0)
        # Another run of a source that gives its messages the same ids.
        second = self.run_to_end("run", "run.yaml").final()
        self.assertEqual((second["acked"], second["recognised"]), (50, 50))
        self.assertEqual(support.query(self.folder / "out.db", "SELECT count(*) FROM t"), [(50,)])
        self.write("run.yaml", (self.folder / "run.yaml").read_text().replace("json", "text"))
        self.assertRegex(self.run_to_end("run", "run.yaml").log, r"retried 0, recognised 50, ")


class Text(SystemTest):
    def test_the_report_is_one_readable_line_and_the_last_writes_the_sum_out(self):
        run = self.run_to_end("run", self.write("run.yaml", config()))
        self.assertNotIn("\x1b", run.log, "no colour without a terminal")
        self.assertRegex(run.log, r"flights: received \d+, acked \d+, retried 0, dead_lettered 0, skipped 0, "
                                  r"dropped_by_policy 0, released 0, in_flight \d+, ([a-z_]+ \d+, )*[\d.]+k?/s, "
                                  r"latency p50 \S+ p99 \S+ max \S+, deepest queues airports\[\d\]")
        self.assertRegex(run.log, r"flights: received 20000 = acked 20000 \+ dead_lettered 0 \+ skipped 0 \+ "
                                  r"dropped_by_policy 0 \+ released 0 \+ lost_lease 0 \+ abandoned 0; "
                                  r"retried 0, [\d.]+k?/s over ")
        self.assertNotIn("handled", run.log, "workers are said at debug")


class Terminal(SystemTest):
    """A run whose standard error is a terminal."""

    def open(self, text):
        self.master, slave = pty.openpty()
        self.addCleanup(os.close, self.master)
        self.process = subprocess.Popen([str(support.BIN), "run", str(self.write("run.yaml", text))], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=slave, cwd=self.folder,
                                        env=os.environ | {"TERM": "xterm"})
        os.close(slave)
        self.addCleanup(lambda: self.process.poll() is None and self.process.kill())
        self.seen = ""

    def read_until(self, pattern):
        """Reads what is shown until it matches; None reads until the process ends."""
        end = time.monotonic() + DEADLINE
        while pattern is None or not re.search(pattern, self.seen):
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            self.assertTrue(ready, f"{pattern} was not shown: {self.seen!r}")
            data = b""
            with contextlib.suppress(OSError):  # EIO: the other side is closed
                data = os.read(self.master, 65536)
            if not data:
                self.assertIsNone(pattern, f"{pattern} was not shown: {self.seen!r}")
                return
            self.seen += data.decode(errors="replace")

    def test_shows_progress_while_a_finite_source_is_read_and_erases_it(self):
        self.open(config())
        self.read_until(r"\r\x1b\[2K[\d,]+ messages, [\d.]+k?/s, ")
        self.read_until(None)
        self.assertEqual(self.process.wait(DEADLINE), 0)
        self.assertNotRegex(self.seen, r"[\d,]+ messages, [\d.]+k?/s, [\d.m s]+\S*$", "the line is gone at the end")
        for line in self.seen.split("\r\n"):
            if "statistics" in line and "\x1b[2K" in line:
                self.assertRegex(line, r"\x1b\[2K20\d\d-", "the progress line is erased before a log line")

    def test_says_at_ctrl_c_what_it_waits_for_and_that_a_second_one_aborts(self):
        self.open(config(sleep="1s", workers=3))
        self.read_until(r"in_flight [1-9]")
        self.process.send_signal(signal.SIGINT)
        self.read_until(r"stopping: waiting for [1-3] workers? to finish (its|their) current message; Ctrl-C again aborts")
        self.read_until(None)
        self.assertEqual(self.process.wait(DEADLINE), 0, self.seen)


if __name__ == "__main__":
    unittest.main()
