"""A host that waits uses no CPU, whatever it waits for: room, a retry, a lock of somebody else, a reload, the end of a call."""
# ctest: serial

import contextlib
import os
import resource
import signal
import socket
import sqlite3
import time
import unittest

from support import SANITIZED, SystemTest

SECONDS = 1.0
MOST = 0.05  # of a processor; statistics, timers and retries with their backoff take less than 1 %
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


class Idle(SystemTest):
    def config(self, source, pool, extra=""):
        return self.write("idle.yaml", f"""
state_dir: ./state
sources: {{ load: {source} }}
pools:
  work:
    source: load
    route: {{ key: /key }}
{pool}
statistics: {{ every: 250ms }}
log: {{ level: info, format: json }}
{extra}
""")

    def lock(self, name):
        """Somebody else holds the database, and does not let go."""
        other = sqlite3.connect(self.folder / name, isolation_level=None)
        self.addCleanup(other.close)
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("BEGIN EXCLUSIVE")
        return other

    def rests(self, run, **fields):
        """Waits until statistics say so, and until nothing changes any more; then looks how much CPU is used."""
        run.wait_for_event("statistics", **fields)
        self.stands_still(run)
        self.uses_no_cpu(run)

    def stands_still(self, run):
        counts = lambda entry: {name: entry[name] for name in ("received", "acked", "retried", "dead_lettered", "in_flight")}

        def twice_the_same(running):
            entries = running.events("statistics")[seen:]
            return any(counts(one) == counts(other) for one, other in zip(entries, entries[1:]))
        seen = len(run.events("statistics"))
        run.wait_for(twice_the_same, "statistics that do not change any more")

    def uses_no_cpu(self, run):
        # A machine that does other things may make one look wrong: the best of three counts.
        shares = []
        for _ in range(3):
            begun, used = time.monotonic(), cpu_seconds(run.pid)
            with contextlib.suppress(AssertionError):
                run.wait_for(lambda _: False, "an end", deadline=SECONDS)
            self.assertIsNone(run.process.poll(), run.tail)
            shares.append((cpu_seconds(run.pid) - used) / (time.monotonic() - begun))
            if shares[-1] < MOST:
                return
        run.kill()
        self.fail(f"it waits and uses {shares} of a processor\n{run.tail}")

    def started(self, config):
        return self.start("run", config)

    def test_with_nothing_to_do(self):
        run = self.started(self.config("{ plugin: generate, rate: 0.001 }", "    handler: { plugin: noop }"))
        self.rests(run)

    def test_with_full_queues(self):
        for when_full in ("block", "{ overflow: 50 }", "{ timeout: 60s }"):
            with self.subTest(when_full):
                run = self.started(self.config("{ plugin: generate }",
                                               f"    workers: 2\n    queue: {{ capacity: 10, when_full: {when_full} }}\n"
                                               "    handler: { plugin: noop, sleep: 100s }"))
                self.rests(run, in_flight=lambda count: count >= 10)
                run.kill()

    def test_while_a_key_is_fenced(self):
        run = self.started(self.config("{ plugin: generate, keys: 3 }",
                                       "    workers: 3\n    queue: { capacity: 4, when_full: { timeout: 2s } }\n"
                                       "    handler: { plugin: noop, sleep: 100s }"))
        run.wait_for_event("statistics", released=lambda count: count > 0)
        self.uses_no_cpu(run)

    def test_while_the_rate_of_dead_letters_is_too_high(self):
        self.lines_file("in.jsonl", [{"key": str(number % 7), "verdict": "reject"} for number in range(500)])
        run = self.started(self.config("{ plugin: file, path: ./in.jsonl }",
                                       "    handler: { plugin: trace, path: ./calls.jsonl, verdict: /verdict }",
                                       "dead_letters: { max_rate: 5/h }"))
        self.rests(run, dead_lettered=lambda count: count == 5)

    def test_while_the_store_of_dead_letters_refuses_one(self):
        self.lines_file("in.jsonl", [{"key": "a", "verdict": "reject", "text": "x" * 100_000}, {"key": "a"}, {"key": "b"}])
        run = self.started(self.config("{ plugin: file, path: ./in.jsonl }",
                                       "    handler: { plugin: trace, path: ./calls.jsonl, verdict: /verdict }",
                                       "targets: { dead: { plugin: sqlite, path: ./dead.db, max_bytes: 10KiB } }\n"
                                       "dead_letters: { target: dead }"))
        self.rests(run, acked=lambda count: count == 1)
        self.assertEqual(len([line for line in run.lines if "refused by its store" in line]), 1, run.tail)

    def test_while_a_message_waits_for_its_retry(self):
        self.lines_file("in.jsonl", [{"key": "a", "verdict": "retry"}] + [{"key": "a"}] * 50)
        run = self.started(self.config("{ plugin: file, path: ./in.jsonl }",
                                       "    retry: { backoff: 1h }\n    queue: { capacity: 10 }\n"
                                       "    handler: { plugin: trace, path: ./calls.jsonl, verdict: /verdict }"))
        self.rests(run, retried=lambda count: count == 1)

    def test_while_a_reload_waits_for_a_call(self):
        for when_full in ("block", "{ overflow: 50 }", "{ timeout: 60s }", "{ timeout: 1ms }"):
            with self.subTest(when_full):
                config = self.config("{ plugin: generate, messages: 3000, keys: 50 }",
                                     f"    workers: 4\n    queue: {{ capacity: 10, when_full: {when_full} }}\n"
                                     "    handler: { plugin: noop, sleep: 100s }", "shutdown: { deadline: 100s }")
                run = self.started(config)
                run.wait_for_event("statistics", in_flight=lambda count: count >= 10)
                config.write_text(config.read_text().replace("workers: 4", "workers: 5"))
                run.signal(signal.SIGHUP)
                run.wait_for(lambda running: "reloads " in running.log, "the reload's begin")
                self.stands_still(run)
                self.uses_no_cpu(run)
                run.kill()

    def test_while_a_stop_waits_for_a_call(self):
        for mode in ("finish_current", "drain"):
            for when_full in ("block", "{ timeout: 1ms }"):
                with self.subTest(mode=mode, when_full=when_full):
                    run = self.started(self.config("{ plugin: generate }",
                                                   f"    queue: {{ capacity: 10, when_full: {when_full} }}\n"
                                                   "    handler: { plugin: noop, sleep: 100s }",
                                                   f"shutdown: {{ mode: {mode}, deadline: 100s }}"))
                    run.wait_for_event("statistics", in_flight=lambda count: count >= 10)
                    run.signal()
                    run.wait_for(lambda running: "stopping" in running.log, "the stop's begin")
                    self.stands_still(run)
                    self.uses_no_cpu(run)
                    run.kill()

    def test_while_a_stop_waits_and_too_many_are_dead(self):
        self.lines_file("in.jsonl", [{"key": str(number % 7), "verdict": "reject"} for number in range(500)] + [
            {"key": "hang", "sleep": 1}])
        run = self.started(self.config("{ plugin: file, path: ./in.jsonl }",
                                       "    handler: { plugin: trace, path: ./calls.jsonl, verdict: /verdict, "
                                       "sleep_min: 200ms }",
                                       "dead_letters: { max_rate: 5/h }\nshutdown: { mode: drain, deadline: 100s }"))
        run.wait_for_event("statistics", dead_lettered=lambda count: count == 5)
        run.signal()
        run.wait_for(lambda running: "stopping" in running.log, "the stop's begin")
        self.uses_no_cpu(run)

    def test_while_the_memory_limit_is_reached(self):
        run = self.started(self.config("{ plugin: generate, size: 64KiB }",
                                       "    workers: 4\n    handler: { plugin: noop, sleep: 100s }", "memory_limit: 1MiB"))
        self.rests(run, in_flight=lambda count: count > 5)

    def test_while_a_database_is_locked(self):
        self.lines_file("in.jsonl", [{"key": str(number), "v": number} for number in range(500)])
        setup = ('databases: { out: { plugin: sqlite, path: ./out.db, busy_timeout: 50ms, '
                 'setup: "CREATE TABLE IF NOT EXISTS t(k, v)" } }')
        pool = "    handler: { plugin: sql, database: out, statement: \"INSERT INTO t VALUES(:key, :v)\" }"
        self.run_to_end("run", self.config("{ plugin: generate, messages: 1 }", "    handler: { plugin: noop }\n", setup))
        self.lock("out.db")
        run = self.started(self.config("{ plugin: file, path: ./in.jsonl }", pool, setup))
        self.rests(run, in_flight=lambda count: count > 0)

    def test_while_a_target_is_full_or_locked(self):
        for most, locked in ((3, False), (0, True)):
            with self.subTest(locked=locked):
                extra = (f"targets: {{ next: {{ plugin: sqlite, path: ./next{most}.db, max_messages: {most}, "
                         "busy_timeout: 50ms } }")
                pool = "    queue: { capacity: 10 }\n    handler: { plugin: forward, target: next }"
                run = self.started(self.config("{ plugin: generate, seed: 2, rate: 500 }", pool, extra))
                if locked:
                    run.wait_for_event("statistics", acked=lambda count: count > 0)
                    self.lock(f"next{most}.db")
                self.rests(run, in_flight=lambda count: count >= 10)
                run.kill()

    def test_while_a_source_takes_no_settlements(self):
        queue = "{ plugin: sqlite, path: ./queue.db, busy_timeout: 50ms }"
        self.run_to_end("run", self.config("{ plugin: generate, messages: 100 }",
                                           "    handler: { plugin: forward, target: next }",
                                           f"targets: {{ next: {queue} }}"))
        run = self.started(self.config(queue, "    handler: { plugin: noop, sleep: 50ms }"))
        run.wait_for_event("statistics", acked=lambda count: count > 0)
        self.lock("queue.db")
        self.rests(run, in_flight=lambda count: count > 0)

    def test_while_there_is_no_descriptor_for_a_client_of_its_socket(self):
        run = self.started(self.config("{ plugin: generate, rate: 0.001 }", "    handler: { plugin: noop }"))
        run.wait_for(lambda running: "runs: " in running.log, "the host's start")
        used = max(int(name) for name in os.listdir(f"/proc/{run.pid}/fd")) + 1
        before = resource.prlimit(run.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(run.pid, resource.RLIMIT_NOFILE, (used, before[1]))
        with contextlib.ExitStack() as clients:
            for _ in range(3):  # a descriptor that is free below takes one in
                client = clients.enter_context(socket.socket(socket.AF_UNIX))
                client.connect(str(self.state / "control.sock"))
            self.uses_no_cpu(run)
        resource.prlimit(run.pid, resource.RLIMIT_NOFILE, before)
        self.tell("queues", "idle.yaml")

    def test_while_one_stage_waits_for_another(self):
        self.write("stages.yaml", """
state_dir: ./state
sources:
  first: { plugin: generate, rate: 0.001 }
  second: { plugin: sqlite, path: ./queue.db, until_empty: true }
targets: { next: { plugin: sqlite, path: ./queue.db } }
pools:
  first: { source: first, handler: { plugin: forward, target: next } }
  second: { source: second, handler: { plugin: noop } }
statistics: { every: 250ms }
log: { format: json }
""")
        run = self.started("stages.yaml")
        run.wait_for(lambda running: len(running.events("statistics")) > 4, "statistics of a second")
        self.uses_no_cpu(run)


if SANITIZED:
    MOST = 0.2

if __name__ == "__main__":
    unittest.main()
