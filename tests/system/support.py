"""Driving the sluice binary from outside: workspaces, running processes, what they said, and what they left behind.

Nothing here sleeps to wait for something: it waits for a line of the log or for the end of the process, with a deadline.
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(os.environ.get("SLUICE_ROOT", pathlib.Path(__file__).resolve().parents[2]))
BIN = pathlib.Path(os.environ.get("SLUICE_BIN", ROOT / "build/bin/sluice"))
PLUGINS = pathlib.Path(os.environ.get("SLUICE_PLUGINS", ROOT / "build/lib/sluice/plugins"))
FLIGHTS = ROOT / "tests/data/flights-20k.jsonl"
SANITIZED = bool(os.environ.get("SLUICE_SANITIZE"))
DEADLINE = 120  # seconds after which something that must happen has not

# The places a message can end in; the conservation law says that their sum is what was received.
ENDS = ("acked", "dead_lettered", "skipped", "dropped_by_policy", "released", "lost_lease", "abandoned")


class Ended(AssertionError):
    """The process ended before what was waited for."""


class Running:
    """One sluice process. `lines` are those of its standard error so far; with `log: { format: json }` parsed by `events`."""

    def __init__(self, arguments, cwd, stdin=subprocess.DEVNULL, program=BIN):
        self.process = subprocess.Popen([str(program), *map(str, arguments)], cwd=cwd, stdin=stdin, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, errors="replace")
        self.pid = self.process.pid
        self.lines = []
        self.stdout = ""
        self._changed = threading.Condition()
        self._ended = False
        self._threads = [threading.Thread(target=self._read_errors), threading.Thread(target=self._read_output)]
        for thread in self._threads:
            thread.start()

    def _read_errors(self):
        for line in self.process.stderr:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _read_output(self):
        self.stdout = self.process.stdout.read()

    def wait_for(self, found, what, deadline=DEADLINE):
        """Returns the first true found(self), asked again whenever a line has been logged."""
        end = time.monotonic() + deadline
        with self._changed:
            while True:
                result = found(self)
                if result:
                    return result
                left = end - time.monotonic()
                if self._ended:
                    raise Ended(f"{what}: did not happen before the process ended\n{self.tail}")
                if left <= 0 or not self._changed.wait(left):
                    raise AssertionError(f"{what}: did not happen within {deadline} s\n{self.tail}")

    def wait_for_event(self, event, deadline=DEADLINE, **fields):
        """The first JSON line with this `event` for which every given predicate holds: acked=lambda n: n > 0."""
        return self.wait_for(lambda run: next((entry for entry in run.events(event)
                                               if all(holds(entry[name]) for name, holds in fields.items())), None),
                             f"event {event} with {sorted(fields)}", deadline)

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def wait(self, deadline=DEADLINE):
        """The exit status."""
        try:
            status = self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still running after {deadline} s\n{self.tail}") from None
        self._close()
        return status

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._close()

    def _close(self):
        for thread in self._threads:
            thread.join()
        self.process.stdout.close()
        self.process.stderr.close()

    @property
    def log(self):
        return "\n".join(self.lines)

    @property
    def tail(self):
        """What to show of the log when a test fails."""
        return "\n".join(self.lines[-20:])

    def events(self, event=None):
        found = []
        for line in list(self.lines):
            with contextlib.suppress(json.JSONDecodeError):
                entry = json.loads(line)
                if event is None or entry.get("event") == event:
                    found.append(entry)
        return found

    def final(self, source=None):
        """The last line of the statistics of a source, by default of the only one. Its sum is checked here, for every test."""
        found = [entry for entry in self.events("final_statistics") if source in (None, entry["source"])]
        if len(found) != 1:
            raise AssertionError(f"{len(found)} final statistics\n{self.tail}")
        final = found[0]
        total = sum(final[name] for name in ENDS)
        if final["received"] != total or not final["law_holds"] or final["in_flight"] != 0:
            raise AssertionError(f"the conservation law is broken: {final}")
        return final


class SystemTest(unittest.TestCase):
    """A folder of its own for each test; no process outlives it."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.state = self.folder / "state"

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def lines_file(self, name, records):
        return self.write(name, json_lines(records))

    def read_lines(self, name):
        """What stands in a file of JSON lines."""
        return [json.loads(line) for line in (self.folder / name).read_text().splitlines()]

    def start(self, *arguments, program=BIN, stdin=subprocess.DEVNULL):
        running = Running(arguments, self.folder, stdin=stdin, program=program)
        self.addCleanup(running.kill)
        return running

    def run_to_end(self, *arguments, status=0, deadline=DEADLINE, program=BIN):
        """`sluice ARGUMENTS`, which must end by itself with this status."""
        running = self.start(*arguments, program=program)
        actual = running.wait(deadline)
        self.assertEqual(actual, status, running.tail + running.stdout)
        return running

    def forget_position(self):
        """Deletes what sources keep of how far they have come, and nothing else."""
        found = [path for path in self.state.rglob("*") if path.is_file() and path.name.startswith("position")]
        self.assertTrue(found, f"no position in {sorted(self.state.rglob('*'))}")
        for path in found:
            path.unlink()

    def dead_letters(self):
        return stored_dead_letters(self.state)

    def tell(self, *arguments, lines="", status=0):
        """`sluice ARGUMENTS` with these lines on standard input: its output and errors. `status`: one or several."""
        done = subprocess.run([str(BIN), *map(str, arguments)], cwd=self.folder, input=lines, capture_output=True, text=True,
                              timeout=DEADLINE)
        self.assertIn(done.returncode, status if isinstance(status, tuple) else (status,), done.stdout + done.stderr)
        return done.stdout, done.stderr

    def stop(self, running):
        """Asks it to stop, which must end well."""
        running.signal()
        self.assertEqual(running.wait(), 0, running.tail)
        return running

    def start_host(self, config):
        """A host that answers its control socket."""
        host = self.start("run", config)
        host.wait_for(lambda run: "runs: " in run.log, "the host's start")
        return host


def json_lines(records):
    return "".join(json.dumps(record) + "\n" for record in records)


def query(database, sql):
    """For writing, since what a killed host has left in the database's log is only then looked at."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=rw", uri=True)) as connection:
        return connection.execute(sql).fetchall()


def stored_dead_letters(state):
    """The records in the default store, without asking Sluice."""
    path = state / "dead-letters.db"
    if not path.exists():
        return []
    if not query(path, "SELECT 1 FROM sqlite_schema WHERE name = 'sluice_queue'"):
        return []  # killed before it was made
    numbers = query(path, "SELECT number FROM sluice_queue")
    if not numbers:
        return []
    [(number,)] = numbers
    return [json.loads(body) for (body,) in query(path, f"SELECT body FROM sluice_queue_{number} ORDER BY number")]


def airports_of(path):
    """The table of the flights example, computed without Sluice: {airport: (flights, delay)}."""
    table = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            flight = json.loads(line)
            flights, delay = table.get(flight["origin"], (0, 0))
            table[flight["origin"]] = (flights + 1, delay + flight["delay"])
    return table


def airports_in(database):
    return {code: (flights, delay) for code, flights, delay in query(database, "SELECT code, flights, delay FROM airport")}


def flights_config(path, deduplicate="true", extra=""):
    """The flights example with another file, logging JSON."""
    return f"""
name: flights
state_dir: ./state
sources:
  flights: {{ plugin: file, path: {path} }}
databases:
  delays:
    plugin: sqlite
    path: ./flights.db
    deduplicate: {deduplicate}
    setup: |
      CREATE TABLE IF NOT EXISTS airport(code TEXT PRIMARY KEY, flights INTEGER NOT NULL, delay INTEGER NOT NULL)
pools:
  airports:
    source: flights
    route: {{ key: /origin }}
    workers: 10
    handler:
      plugin: sql
      database: delays
      statement: |
        INSERT INTO airport VALUES(:origin, 1, :delay)
        ON CONFLICT(code) DO UPDATE SET flights = flights + 1, delay = delay + excluded.delay
log: {{ level: info, format: json }}
{extra}"""
