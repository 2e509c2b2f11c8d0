"""What is no kill: stops under load, disks that fail or are full, a database that is locked, a clock that jumps, damaged state,
and parts that answer with errors. After each the history must be whole."""
# ctest: sanitize timeout=600

import contextlib
import json
import os
import pathlib
import resource
import shutil
import signal
import sqlite3
import tempfile
import time
import unittest

from drill import Drill
from topologies import DEADLINE_S, SETUP, STATEMENTS, WITH_CALLS

EIO, ENOSPC = 5, 28
UNAVAILABLE, CORRUPT, CONFLICT, UNKNOWN, FAILED = 4, 8, 10, 12, 16
EXIT_FAILED = 5  # of the program; its other threads abort where the main one says that there is no memory
SLOWLY = "handle.before 1+ delay:1"
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"


class FaultTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-faults-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    @contextlib.contextmanager
    def drilled(self, topology):
        """A drill with messages to begin with, in a folder of its own; at the end it must have a whole history."""
        folder = self.folder / f"{topology}-{len(list(self.folder.iterdir()))}"
        folder.mkdir()
        one = Drill(topology, "faults", 0, folder).fed()
        yield one
        one.finish()
        self.assertEqual(one.figures.breaches[:10], [])
        self.assertEqual(len(one.topology.offered), 0)

    def start(self, one, *arguments, **options):
        process = one.start(*arguments, **options)
        self.addCleanup(lambda: process.poll() is None and (process.kill(), process.wait()))
        return process

    def ends(self, one, process, status=0):
        self.assertEqual(one.ended(process), status, one.log()[-3000:])

    def handled(self, one, process, count):
        one.wait_for_record(process, lambda lines: sum(" h " in line for line in lines) >= count, f"{count} handled messages")


class Stops(FaultTest):
    def test_under_load_bring_nothing_again_and_burn_no_attempt(self):
        for topology in ("file", "queue", "one_file"):
            with self.subTest(topology), self.drilled(topology) as one:
                process = self.start(one, SLOWLY)
                self.handled(one, process, 100)
                process.send_signal(signal.SIGTERM)
                self.ends(one, process)
                run = one.note(stopped=True)
                self.assertGreater(run.final["released"], 0, "it had nothing left to give back")
                self.assertEqual(run.final["abandoned"], 0)
                self.assertEqual(run.final["received"] - run.final["released"], len(run.confirmed))
                again = one.open_ids()
                self.assertEqual(len(again), run.final["released"])

    def test_at_the_second_signal_abandon_what_hangs_and_lose_nothing(self):
        with self.drilled("queue") as one:
            process = self.start(one, SLOWLY + "; handle.before 50 hang")
            one.wait_for_record(process, lambda lines: any(" f handle.before hang" in line for line in lines),
                                "the hanging call")
            process.send_signal(signal.SIGTERM)
            one.wait_for_log(process, "stopping")
            process.send_signal(signal.SIGTERM)
            self.ends(one, process, 3)
            self.assertGreaterEqual(one.note(killed=True).final["abandoned"], 1)


    def test_do_not_wait_for_a_source_that_hangs(self):
        for point in ("poll.before 3", "settle.before 3"):
            with self.subTest(point), self.drilled("file") as one:
                one.config.write_text(one.config.read_text() + "shutdown: { deadline: 500ms }\n")
                process = self.start(one, point + " hang")
                one.wait_for_record(process, lambda lines: any(" hang" in line for line in lines), "the hanging call")
                process.send_signal(signal.SIGTERM)
                self.ends(one, process, 3)
                self.assertIn("source \\\"in\\\" has not ended", one.log())
                one.note(killed=True)


class Disks(FaultTest):
    @unittest.skipUnless(WITH_CALLS, "a sanitizer's library must be the first that is loaded")
    def test_that_fail_for_a_while_cost_nothing(self):
        for topology, faults in (("file", f"fdatasync 16x2 fail:{EIO}"), ("file", f"fsync 2x2 fail:{EIO}"),
                                 ("file", f"rename 2x2 fail:{EIO}"), ("queue", f"fdatasync 16x2 fail:{EIO}"),
                                 ("one_file", f"fdatasync 16x2 fail:{EIO}"), ("file", f"pwrite 150x2 fail:{ENOSPC}"),
                                 ("queue", f"pwrite 200x2 fail:{ENOSPC}")):
            with self.subTest(topology, faults=faults), self.drilled(topology) as one:
                self.ends(one, self.start(one))  # it makes its files: a start on a disk that fails is refused
                one.note()
                one.fed()
                process = self.start(one, faults, environment=WITH_CALLS)
                self.ends(one, process)
                self.assertIn(" f ", one.record.read_text(), "nothing failed")
                one.note()

    def test_that_are_full_pause_the_host_until_there_is_room(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            # The notes of what is handled need 736 KiB.
            resource.setrlimit(resource.RLIMIT_FSIZE, (800_000, resource.RLIM_INFINITY))

        with self.drilled("queue") as one:
            for _ in range(10):  # the queue alone is larger than the limit: what is written back or kept beside it meets it
                one.fed()
            # The limit holds for every file, so there is no record of this run;
            # effects and dead letters are checked all the same.
            process = self.start(one, environment={"SLUICE_FAULTY_LOG": "/dev/null"}, preexec_fn=limit)
            one.wait_for_log(process, "full", "FSIZE", "too large", "unreachable")
            self.assertIsNone(process.poll(), one.log())
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            self.ends(one, process)


class Databases(FaultTest):
    def test_that_another_program_locks_are_waited_for(self):
        with self.drilled("file") as one:
            config = one.config.read_text()
            one.config.write_text(config.replace("deduplicate: true", "deduplicate: true, busy_timeout: 50ms"))
            process = self.start(one, SLOWLY)
            self.handled(one, process, 100)
            with contextlib.closing(sqlite3.connect(one.folder / "effects.db", timeout=30, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                one.wait_for_log(process, "locked", "busy", "unreachable")
                other.execute("ROLLBACK")
            self.ends(one, process)
            one.note()

    def test_that_answer_with_errors_lose_nothing(self):
        for topology in ("file", "one_file"):
            for status in (UNAVAILABLE, CONFLICT):
                with self.subTest(topology, status=status), self.drilled(topology) as one:
                    process = self.start(one, f"commit.before 3x3 fail:{status}")
                    self.ends(one, process)
                    one.note()

    def test_that_have_committed_and_do_not_say_so_commit_nothing_twice(self):
        for topology in ("file", "queue", "one_file", "publishing"):
            with self.subTest(topology), self.drilled(topology) as one:
                process = self.start(one, f"commit.after 3x3 fail:{UNKNOWN}; commit.after 20x2 fail:{UNKNOWN}")
                self.ends(one, process)
                self.assertEqual(one.record.read_text().count(" f commit.after"), 5, "too little was committed")
                one.note()

    def test_that_fail_for_good_end_the_host_by_name_and_lose_nothing(self):
        for topology, fault in (("file", f"commit.before 10+ fail:{FAILED}"), ("one_file", f"commit.before 10+ fail:{CORRUPT}"),
                                ("publishing", f"commit.after 10+ fail:{FAILED}")):
            with self.subTest(topology, fault=fault), self.drilled(topology) as one:
                process = self.start(one, fault)
                self.ends(one, process, 5)
                self.assertIn('database \\"effects\\" failed permanently', one.log())
                self.assertGreater(one.note().final["released"], 0, "all had been done before")

    def test_that_are_away_hold_up_their_own_pool_only(self):
        with self.drilled("file") as one:
            plain = one.config.read_text()
            text = plain.replace("deduplicate: true", "deduplicate: true, busy_timeout: 50ms", 1)
            text = text.replace("sources:\n", "sources:\n  others: { plugin: file, path: ./others.jsonl, follow: true }\n")
            text = text.replace("databases:\n", "databases:\n  theirs: { plugin: sqlite, path: ./theirs.db, deduplicate: true, "
                                f"setup: \"{SETUP}\" }}\n")
            text = text.replace("pools:\n", "pools:\n  apart:\n    source: others\n    route: { key: /key }\n    workers: 2\n"
                                f"    handler: {{ plugin: sql, database: theirs, statements: {json.dumps(STATEMENTS)} }}\n")
            one.config.write_text(text)
            others = one.folder / "others.jsonl"
            others.touch()
            process = self.start(one, SLOWLY)
            self.handled(one, process, 100)
            with contextlib.closing(sqlite3.connect(one.folder / "effects.db", timeout=30, isolation_level=None)) as held, \
                    contextlib.closing(sqlite3.connect(one.folder / "theirs.db", timeout=30)) as theirs:
                held.execute("BEGIN IMMEDIATE")
                one.wait_for_log(process, "is unreachable")
                before = held.execute("SELECT count(*) FROM history").fetchone()
                for number in range(5):
                    with open(others, "a", encoding="ascii") as lines:
                        lines.writelines(f'{{"key":"k{n % 7}","number":{n // 7}}}\n'
                                         for n in range(70 * number, 70 * number + 70))
                    self.come_to(theirs, 70 * number + 70)
                self.assertEqual(held.execute("SELECT count(*) FROM history").fetchone(), before)
                self.assertNotIn("responds again after", one.log())
                held.execute("ROLLBACK")
            one.wait_for_log(process, "responds again after")
            process.send_signal(signal.SIGTERM)
            self.ends(one, process)
            one.note()  # not as a clean stop: what had been handled while the database was unreachable had no effect
            one.config.write_text(plain)

    def come_to(self, database, count):
        """Waits for so many effects: a table tells nobody that it has grown."""
        end = time.monotonic() + DEADLINE_S
        while (there := database.execute("SELECT count(*) FROM history").fetchone()[0]) < count:
            self.assertLess(time.monotonic(), end, f"{there} of {count} effects")
            time.sleep(0.005)


class Memory(FaultTest):
    @unittest.skipUnless(WITH_CALLS, "a sanitizer needs more memory than one may limit")
    def test_that_a_handler_leaks_away_costs_processes_and_nothing_else(self):
        room = 192 << 20

        def limit():
            resource.setrlimit(resource.RLIMIT_DATA, (room, room))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

        with self.drilled("leaking") as one:
            for fault in ("handle.before 1+ leak:500000", "handle.before 50+ drain", "handle.before 1+ leak:100000",
                          "handle.before 99+ drain"):
                process = self.start(one, fault, preexec_fn=limit)
                while process.poll() is None and not self.has_met_its_limit(one):
                    time.sleep(0.005)  # memory tells nobody that it is used up
                process.send_signal(signal.SIGTERM)
                status = one.ended(process)
                self.assertIn(status, (0, EXIT_FAILED, -signal.SIGABRT), one.log()[-3000:])
                one.note(killed=status != 0, stopped=status == 0)

    def has_met_its_limit(self, one):
        """Half of the calls, or more, have ended in std::bad_alloc: those that end well are recorded twice."""
        lines = one.recorded()
        return len(lines) > 500 and sum(" h " in line for line in lines) < sum(" f " in line for line in lines) / 2


class Queues(FaultTest):
    def test_that_answer_with_errors_lose_nothing(self):
        for topology, faults in (("file", f"poll.before 2x3 fail:{UNAVAILABLE}"),
                                 ("queue", f"poll.before 2x3 fail:{UNAVAILABLE}"),
                                 ("queue", f"settle.before 2x3 fail:{UNAVAILABLE}"),
                                 ("publishing", f"publish.before 2x3 fail:{UNAVAILABLE}"),
                                 ("publishing", f"publish.before 2x2 fail:{UNKNOWN}")):
            with self.subTest(topology, faults=faults), self.drilled(topology) as one:
                process = self.start(one, faults)
                self.ends(one, process)
                self.assertIn(" f ", one.record.read_text(), "nothing failed")
                one.note()


class Clocks(FaultTest):
    @unittest.skipUnless(os.path.exists(FAKETIME) and WITH_CALLS,
                         "libfaketime is not installed, or a sanitizer's library must be first")
    def test_that_jump_by_years_change_nothing(self):
        for topology in ("file", "queue"):
            with self.subTest(topology), self.drilled(topology) as one:
                clock = one.folder / "clock"
                clock.write_text("+0d\n")
                process = self.start(one, SLOWLY, environment={
                    "LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1",
                    "DONT_FAKE_MONOTONIC": "1"})
                for jump, count in (("+3650d", 100), ("-3650d", 300), ("+0d", 500)):
                    self.handled(one, process, count)
                    clock.write_text(jump + "\n")
                self.ends(one, process)
                one.note()


class DamagedState(FaultTest):
    def refused(self, topology, name, damage):
        """A start with a damaged file must end with a sentence that names it; with the file put back nothing is lost."""
        with self.drilled(topology) as one:
            process = self.start(one, SLOWLY)
            self.handled(one, process, 100)
            process.send_signal(signal.SIGTERM)
            self.ends(one, process)
            one.note(stopped=True)
            path = next(one.folder.rglob(name))
            whole = path.read_bytes()
            path.write_bytes(damage(whole))
            process = self.start(one)
            self.assertIn(one.ended(process), (1, 5), one.log()[-2000:])
            self.assertIn(name, one.log())
            path.write_bytes(whole)

    def test_is_refused_by_the_name_of_the_file(self):
        def flipped(bytes_):
            middle = len(bytes_) // 2
            return bytes_[:middle] + bytes([bytes_[middle] ^ 4]) + bytes_[middle + 1:]

        def no_beginning(bytes_):
            return b"?" * 100 + bytes_[100:]

        for topology, name, damage in (("file", "position", flipped), ("file", "position", lambda all_: all_[:-7]),
                                       ("file", "effects.db", no_beginning), ("queue", "queue.db", no_beginning)):
            with self.subTest(name, damage=damage.__name__):
                self.refused(topology, name, damage)


if __name__ == "__main__":
    unittest.main()
