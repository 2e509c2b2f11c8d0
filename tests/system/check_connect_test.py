"""`sluice check --connect`: what is there of all that a configuration names, told without leaving a trace, also beside a host
that runs on it."""
# ctest: sanitize

import contextlib
import os
import signal
import sqlite3
import subprocess
import time
import unittest

from support import BIN, DEADLINE, FLIGHTS, SystemTest, flights_config, json_lines

QUEUES = """
name: queues
state_dir: ./state
sources:
  in: { plugin: sqlite, path: ./in.db }
targets:
  out: { plugin: file, path: ./out.jsonl }
pools:
  all: { source: in, handler: { plugin: forward, target: out } }
"""
FOLLOWED = """
name: followed
state_dir: ./state
sources:
  in: { plugin: file, path: ./logs/in.jsonl, follow: true }
targets:
  out: { plugin: file, path: ./sent/out.jsonl }
databases:
  stock: { plugin: sqlite, path: ./data/stock.db }
pools:
  all: { source: in, handler: { plugin: forward, target: out } }
"""
# Root without the capabilities that let it read and write everything (capabilities(7)).
HUMBLE = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


class CheckConnectTest(SystemTest):
    def everything(self):
        """Each file and folder with all that a change would show in."""
        found = {}
        for path in [self.folder, *sorted(self.folder.rglob("*"))]:
            status = path.lstat()
            found[str(path.relative_to(self.folder))] = (status.st_mode, status.st_ino, status.st_size, status.st_mtime_ns)
        return found

    def connect(self, config, status=0, humble=(), leaves_no_trace=True):
        """(lines of standard output, lines of standard error) of the check, after which everything is as it was."""
        before = self.everything()
        done = subprocess.run([*humble, str(BIN), "check", str(config), "--connect"], cwd=self.folder, text=True,
                              capture_output=True, timeout=DEADLINE)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        if leaves_no_trace:
            self.assertEqual(self.everything(), before)
        return done.stdout.splitlines(), done.stderr.splitlines()

    def line_of(self, lines, part):
        found = [line for line in lines if line.startswith(part + ": ")]
        self.assertEqual(len(found), 1, lines)
        return found[0]

    def expect_ok(self, lines, *parts):
        for part in parts:
            self.assertTrue(self.line_of(lines, part).startswith(f"{part}: ok"), lines)

    def wait_until(self, holds, what):
        end = time.monotonic() + DEADLINE
        while not holds():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.01)

    def queue(self):
        """A configuration whose queue has three messages."""
        config = self.write("queues.yaml", QUEUES)
        self.tell("enqueue", config, "--source", "in", lines=json_lines({"n": n} for n in range(3)))
        return config


class Usable(CheckConnectTest):
    def test_is_told_before_the_first_run_and_after_it(self):
        config = self.write("flights.yaml", flights_config(FLIGHTS))
        parts = ("sources.flights", "databases.delays", "dead_letters")
        lines, complaints = self.connect(config)
        self.expect_ok(lines, *parts)
        self.assertEqual(complaints, [])
        self.assertIn(": ok: 1 source, 1 database, 1 pool, 10 workers", lines[-1])
        self.assertIn("none stored", self.line_of(lines, "sources.flights"))
        self.assertIn("is not there yet", self.line_of(lines, "databases.delays"))
        self.assertFalse(self.state.exists())

        self.run_to_end("run", config)
        lines, complaints = self.connect(config)
        self.expect_ok(lines, *parts)
        self.assertEqual(complaints, [])
        size = FLIGHTS.stat().st_size
        self.assertIn(f"of {size} bytes, position offset {size} is reached", self.line_of(lines, "sources.flights"))
        self.assertRegex(self.line_of(lines, "databases.delays"), r"server SQLite 3\.\d+\.\d+, .* of \d+ bytes")
        self.assertIn("0 waiting and 0 dead", self.line_of(lines, "dead_letters"))

    def test_is_told_while_a_host_runs_which_goes_on(self):
        config = self.queue()
        host = self.start_host(config)
        out = self.folder / "out.jsonl"
        self.wait_until(lambda: out.exists() and len(out.read_text().splitlines()) == 3, "three messages")
        lines, complaints = self.connect(config, leaves_no_trace=False)
        self.expect_ok(lines, "sources.in", "targets.out", "dead_letters")
        self.assertEqual(complaints, [])
        self.tell("enqueue", config, "--source", "in", lines='{"n":3}\n')
        self.wait_until(lambda: len(out.read_text().splitlines()) == 4, "the message behind them")
        self.stop(host)

    def test_counts_what_waits_in_a_queue(self):
        config = self.queue()
        lines, _ = self.connect(config)
        self.assertIn("messages 3 waiting and 0 dead", self.line_of(lines, "sources.in"))

    def test_is_told_of_what_a_killed_host_has_left(self):
        config = self.queue()
        host = self.start_host(config)
        host.kill()
        lines, complaints = self.connect(config)
        self.expect_ok(lines, "sources.in", "targets.out", "dead_letters")
        self.assertEqual(complaints, [])

    def test_files_and_databases_may_be_missing_where_the_start_makes_or_waits_for_them(self):
        (self.folder / "logs").mkdir()
        (self.folder / "sent").mkdir()
        lines, complaints = self.connect(self.write("followed.yaml", FOLLOWED))
        self.expect_ok(lines, "sources.in", "targets.out", "databases.stock", "dead_letters")
        self.assertEqual(complaints, [])
        self.assertIn("it is waited for", self.line_of(lines, "sources.in"))


class NotUsable(CheckConnectTest):
    def test_folders_that_are_missing_cannot_be_reached(self):
        lines, complaints = self.connect(self.write("followed.yaml", FOLLOWED), status=5)
        self.expect_ok(lines, "databases.stock", "dead_letters")
        self.assertEqual(len(complaints), 2, complaints)
        self.assertIn("unavailable: cannot list the folder", self.line_of(complaints, "sources.in"))
        self.assertIn("its folder is missing: create it", self.line_of(complaints, "targets.out"))
        self.assertFalse(any(": ok: 1 source" in line for line in lines), lines)

    def test_files_that_are_missing_are_wrong(self):
        _, complaints = self.connect(self.write("flights.yaml", flights_config("./none.jsonl")), status=1)
        self.assertIn("invalid: cannot open", self.line_of(complaints, "sources.flights"))
        self.assertIn("create it first, or correct `path`", complaints[0])

    def test_rights_that_are_missing_are_named(self):
        self.lines_file("in.jsonl", [{"origin": "JFK", "delay": 1}])
        config = self.write("flights.yaml", flights_config("./in.jsonl"))
        self.run_to_end("run", config)
        for path in (self.folder / "in.jsonl", self.folder / "flights.db"):
            path.chmod(0)
        lines, complaints = self.connect(config, status=1, humble=HUMBLE)
        self.expect_ok(lines, "dead_letters")
        self.assertIn("Permission denied; let this user read it", self.line_of(complaints, "sources.flights"))
        self.assertIn("cannot read and write", self.line_of(complaints, "databases.delays"))

    def test_folders_that_may_not_be_written_are_named(self):
        config = self.write("queues.yaml", QUEUES)
        self.folder.chmod(0o555)
        try:
            lines, complaints = self.connect(config, status=1, humble=HUMBLE)
        finally:
            self.folder.chmod(0o755)
        self.assertEqual(lines, [])
        for part in ("sources.in", "targets.out", "dead_letters"):
            self.assertIn("Permission denied", self.line_of(complaints, part))

    def test_files_that_are_no_database_are_damaged(self):
        self.write("in.db", "this is no database\n" * 1000)
        lines, complaints = self.connect(self.write("queues.yaml", QUEUES), status=5)
        self.expect_ok(lines, "targets.out", "dead_letters")
        self.assertIn("is damaged, or no SQLite database", self.line_of(complaints, "sources.in"))

    def test_queues_of_a_later_version_are_wrong_and_count_more_than_what_cannot_be_reached(self):
        config = self.queue()
        with contextlib.closing(sqlite3.connect(self.folder / "in.db")) as database, database:
            database.execute("UPDATE sluice_queue SET version = 99")
        _, complaints = self.connect(config, status=1)
        self.assertIn("it is stored in layout 99, and this version of Sluice knows layout 1",
                      self.line_of(complaints, "sources.in"))
        away = self.write("away.yaml", QUEUES.replace("./out.jsonl", "./away/out.jsonl"))
        _, complaints = self.connect(away, status=1)
        self.assertEqual(len(complaints), 2, complaints)

    def test_configurations_that_are_wrong_are_not_probed(self):
        lines, complaints = self.connect(self.write("queues.yaml", QUEUES.replace("target: out", "target: nowhere")), status=1)
        self.assertEqual(lines, [])
        self.assertIn("nowhere", "\n".join(complaints))

    def test_databases_that_another_program_locks_are_waited_for_no_longer_than_configured(self):
        config = self.write("queues.yaml", QUEUES.replace("path: ./in.db", "path: ./in.db, busy_timeout: 50ms"))
        with contextlib.closing(sqlite3.connect(self.folder / "in.db", isolation_level=None)) as database:
            database.execute("CREATE TABLE t(a)")
            database.execute("BEGIN EXCLUSIVE")
            _, complaints = self.connect(config, status=5)
            self.assertIn("database is locked", self.line_of(complaints, "sources.in"))

    def test_signals_end_a_probe_that_waits(self):
        config = self.write("queues.yaml", QUEUES.replace("path: ./in.db", "path: ./in.db, busy_timeout: 1h"))
        with contextlib.closing(sqlite3.connect(self.folder / "in.db", isolation_level=None)) as database:
            database.execute("CREATE TABLE t(a)")
            database.execute("BEGIN EXCLUSIVE")
            check = self.start("check", config, "--connect")
            check.wait_for(lambda run: "probe" in run.log, "the call that does not return is named")
            check.signal(signal.SIGTERM)
            self.assertEqual(check.wait(), -signal.SIGTERM)


class Usage(CheckConnectTest):
    def test_is_either_to_print_or_to_connect(self):
        config = self.write("queues.yaml", QUEUES)
        _, complaint = self.tell("check", config, "--print", "--connect", status=2)
        self.assertIn("--print and --connect do not go together", complaint)


if __name__ == "__main__":
    unittest.main()
