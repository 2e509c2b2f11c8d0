"""State that is replaced, removed, damaged, locked or shared while a host runs: what is not there any more is never
acknowledged, and the host ends by name instead of going on for nobody. And who may read it."""
# ctest: sanitize

import contextlib
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import unittest

from support import BIN, SystemTest, json_lines, query

CONFIG = """
name: state
state_dir: ./state
sources:
  in: {{ plugin: sqlite, path: ./in.db }}
databases:
  out:
    plugin: sqlite
    path: {out}
    deduplicate: true
    busy_timeout: {busy}
    setup: CREATE TABLE IF NOT EXISTS t(a INTEGER NOT NULL, v TEXT)
pools:
  rows:
    source: in
    workers: 2
    handler:
      plugin: sql
      database: out
      statement: INSERT INTO t VALUES(:a, :v)
log: {{ format: json }}
statistics: {{ every: 500ms }}
shutdown: {{ deadline: 20s }}
{extra}"""


def messages(first, count):
    return json_lines({"a": a, "v": "x"} for a in range(first, first + count))


class StateTest(SystemTest):
    def configure(self, name="state.yaml", out="./out.db", busy="5s", extra=""):
        return self.write(name, CONFIG.format(out=out, busy=busy, extra=extra))

    def enqueue(self, config, lines, status=0):
        return self.tell("enqueue", config, "--source", "in", lines=lines, status=status)

    def rows(self, database="out.db"):
        with contextlib.suppress(sqlite3.OperationalError):
            return query(self.folder / database, "SELECT count(*), count(DISTINCT a) FROM t")[0]
        return (0, 0)

    def wait_for_rows(self, host, count):
        host.wait_for(lambda run: self.rows()[1] >= count, f"{count} rows")

    def ends_by_name(self, host, *texts):
        self.assertEqual(host.wait(), 5, host.tail)
        for text in texts:
            self.assertIn(text, host.log)
        return host


class Replaced(StateTest):
    def test_databases_end_the_host_and_nothing_more_is_acknowledged(self):
        for suffix in ("", "-wal", "-shm"):
            for put_back in (False, True):
                with self.subTest(suffix=suffix, put_back=put_back):
                    config = self.configure()
                    self.enqueue(config, messages(0, 5))
                    host = self.start_host(config)
                    self.wait_for_rows(host, 5)
                    file = self.folder / ("out.db" + suffix)
                    file.rename(str(file) + ".away")
                    if put_back:
                        shutil.copy(str(file) + ".away", file)
                    self.enqueue(config, messages(5, 5), status=(0, 5))  # it may see the loss before it is asked, and end
                    self.ends_by_name(host, f"{file.name}\\\" was {'replaced' if put_back else 'removed'}",
                                      "put the database back")
                    self.assertLessEqual(host.final()["acked"], 5)
                    for left in self.folder.glob("*.db*"):
                        left.unlink()
                    shutil.rmtree(self.state)

    def test_queues_end_the_host_that_waits_for_messages(self):
        config = self.configure()
        host = self.start_host(config)
        for left in self.folder.glob("in.db*"):
            left.unlink()
        self.ends_by_name(host, "in.db\\\" was removed")

    def test_dead_letter_stores_end_the_host_and_lose_no_message(self):
        config = self.configure()
        self.enqueue(config, messages(0, 1))
        host = self.start_host(config)
        self.wait_for_rows(host, 1)
        for left in self.state.glob("dead-letters.db*"):
            left.unlink()
        self.enqueue(config, '{"a":null}\n')
        self.ends_by_name(host, "dead-letters.db\\\" was removed")
        again = self.start_host(config)
        again.wait_for(lambda run: len(self.dead_letters()) == 1, "the dead letter")
        self.stop(again)

    def test_state_directories_end_the_host(self):
        config = self.configure()
        host = self.start_host(config)
        self.state.rename(self.folder / "away")
        self.ends_by_name(host, "state_dir", "its file lock was removed while this host runs")

    def test_notes_of_what_is_in_a_handler_end_the_host(self):
        config = self.configure()
        host = self.start_host(config)
        (self.state / "begun").unlink()
        self.ends_by_name(host, "begun was removed while this host runs")


class Shared(StateTest):
    def test_databases_under_two_names_belong_to_one_host(self):
        first = self.configure()
        self.enqueue(first, messages(0, 1))
        host = self.start_host(first)
        self.wait_for_rows(host, 1)
        os.link(self.folder / "out.db", self.folder / "hard.db")
        (self.folder / "soft.db").symlink_to("out.db")
        (self.folder / "sub").mkdir()
        for name in ("hard.db", "soft.db", "sub/../out.db"):
            with self.subTest(name):
                other = self.write("other.yaml", CONFIG.format(out="./" + name, busy="5s", extra="")
                                   .replace("./state", "./other").replace("./in.db", "./other.db"))
                refused = self.run_to_end("run", other, status=5)
                self.assertIn(f"is in use by the process {host.pid}", refused.log)
        self.stop(host)


class Damaged(StateTest):
    def damage(self, table):
        """Overwrites the first page of a table, behind the back of whoever has the file open."""
        path = self.folder / "out.db"
        [(page,)] = query(path, f"SELECT rootpage FROM sqlite_schema WHERE name = '{table}'")
        with open(path, "r+b") as file:
            file.seek((page - 1) * 4096)
            file.write(b"\x7f" * 100)

    def test_databases_end_the_host_and_blame_no_message(self):
        for table in ("t", "sluice_stream"):
            for signalled in (False, True):
                with self.subTest(table=table, signalled=signalled):
                    config = self.configure(extra="dead_letters: { max_rate: 1000/s }\n")
                    self.enqueue(config, messages(0, 300))
                    host = self.start_host(config)
                    self.wait_for_rows(host, 300)
                    self.stop(host)
                    self.damage(table)
                    self.enqueue(config, messages(300, 300))
                    host = self.start("run", config)
                    if signalled:
                        with contextlib.suppress(AssertionError):
                            host.wait_for(lambda run: "runs: " in run.log, "the host's start")
                            host.signal()
                    status = host.wait()
                    # Told to stop before anything has met the damage, it has nothing to complain of.
                    if not (signalled and status == 0 and "is damaged" not in host.log):
                        self.assertEqual(status, 5, host.tail)
                        self.assertIn("out.db\\\" is damaged", host.log)
                        self.assertIn("restore it from a backup", host.log)
                    self.assertEqual(self.dead_letters(), [])
                    for left in self.folder.glob("*.db*"):
                        left.unlink()
                    shutil.rmtree(self.state)


class Outages(StateTest):
    def test_a_table_that_is_gone_is_waited_for_and_no_message_pays_for_it(self):
        config = self.configure()
        self.enqueue(config, messages(0, 10))
        host = self.start_host(config)
        self.wait_for_rows(host, 10)
        with contextlib.closing(sqlite3.connect(self.folder / "out.db")) as other:
            other.execute("ALTER TABLE t RENAME TO away")
            self.enqueue(config, messages(10, 2000))
            host.wait_for(lambda run: "no such table: t" in run.log, "that it says so")
            asked = len(host.lines) + 2
            host.wait_for(lambda run: len(run.lines) >= asked, "some statistics later")
            other.execute("ALTER TABLE away RENAME TO t")
        self.wait_for_rows(host, 2010)
        self.stop(host)
        self.assertEqual(self.rows(), (2010, 2010))
        self.assertEqual(self.dead_letters(), [])
        self.assertEqual(host.final()["dead_lettered"], 0)

    def test_a_database_that_is_locked_for_long_is_said_and_a_stop_does_not_wait_for_it(self):
        config = self.configure(busy="1h", extra="").read_text().replace("deadline: 20s", "deadline: 2s")
        config = self.write("state.yaml", config)
        self.enqueue(config, messages(0, 1))
        host = self.start_host(config)
        self.wait_for_rows(host, 1)
        with contextlib.closing(sqlite3.connect(self.folder / "out.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            self.enqueue(config, messages(1, 50))
            host.wait_for(lambda run: "another program has locked" in run.log, "that it says so")
            host.signal()
            self.assertIn(host.wait(30), (0, 3), host.tail)
            other.execute("ROLLBACK")
        self.assertEqual(self.dead_letters(), [])
        again = self.start_host(self.configure())
        self.wait_for_rows(again, 51)
        self.stop(again)
        self.assertEqual(self.rows(), (51, 51))

    def test_a_dead_letter_store_that_is_locked_is_waited_for(self):
        config = self.configure()
        host = self.start_host(config)
        with contextlib.closing(sqlite3.connect(self.state / "dead-letters.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            self.enqueue(config, '{"a":null}\n' + messages(0, 5))
            host.wait_for(lambda run: "dead-letters.db" in run.log and "locked" in run.log, "that it says so")
            other.execute("ROLLBACK")
        host.wait_for(lambda run: len(self.dead_letters()) == 1, "the dead letter")
        self.stop(host)
        self.assertEqual(host.final()["dead_lettered"], 1)

    def test_too_few_descriptors_are_named(self):
        config = self.configure()
        for limit in range(8, 40):
            done = subprocess.run(["/bin/sh", "-c", f"ulimit -Hn {limit} && exec '{BIN}' enqueue '{config}' --source in"],
                                  cwd=self.folder, input=messages(0, 1), capture_output=True, text=True, check=False)
            if done.returncode == 0:
                break
            if "SQLite" in done.stderr:
                self.assertRegex(done.stderr, "Too many open files|ulimit -n")


class Private(StateTest):
    def test_state_and_new_databases_are_read_by_their_owner_and_group_only(self):
        for mask in (0o000, 0o022, 0o077):
            with self.subTest(oct(mask)):
                config = self.configure()
                before = os.umask(mask)
                try:
                    self.enqueue(config, messages(0, 1) + '{"a":null}\n')
                    host = self.start_host(config)
                    host.wait_for(lambda run: len(self.dead_letters()) == 1, "the dead letter")
                finally:
                    os.umask(before)
                self.assertEqual(stat.S_IMODE(self.state.stat().st_mode), 0o750)
                for path in [*self.folder.glob("*.db*"), *self.state.iterdir()]:
                    wanted = 0o750 if path.is_dir() else 0o660 if path.name == "control.sock" else 0o640
                    self.assertEqual(stat.S_IMODE(path.stat().st_mode), wanted, path)
                self.stop(host)
                for left in self.folder.glob("*.db*"):
                    left.unlink()
                shutil.rmtree(self.state)

    def test_databases_of_users_keep_their_mode(self):
        path = self.folder / "out.db"
        path.touch(0o664)
        path.chmod(0o664)
        host = self.start_host(self.configure())
        self.stop(host)
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o664)


class Space(StateTest):
    def size(self):
        return sum(path.stat().st_size for path in self.state.glob("dead-letters.db*"))

    def test_of_purged_dead_letters_goes_back(self):
        config = self.configure()
        body = "x" * 2000
        self.enqueue(config, json_lines({"a": None, "v": body} for _ in range(8000)))
        host = self.start_host(config)
        host.wait_for(lambda run: len(self.dead_letters()) == 8000, "the dead letters")
        self.assertGreater(self.size(), 16 << 20)
        self.tell("dead-letters", "purge", config, "--all", "--yes")
        # Up to 4 MiB of free pages are kept for what comes next, and as much log.
        host.wait_for(lambda run: self.size() < 9 << 20, "a small store")
        self.stop(host)

    def test_goes_back_without_a_host_too(self):
        config = self.configure()
        self.enqueue(config, json_lines({"a": None, "v": "x" * 2000} for _ in range(5000)))
        host = self.start_host(config)
        host.wait_for(lambda run: len(self.dead_letters()) == 5000, "the dead letters")
        self.stop(host)
        self.tell("dead-letters", "purge", config, "--all", "--yes")
        self.assertLess(self.size(), 5 << 20, "10 MB of bodies are gone; up to 4 MiB of free pages are kept")


class Delays(StateTest):
    def test_that_no_clock_can_hold_are_refused(self):
        config = self.configure()
        for delay in ("106751991167d", "9223372036854775807ms", "366d"):
            refused = self.tell("enqueue", config, "--source", "in", "--delay", delay, lines="1\n", status=2)[1]
            self.assertIn(f'--delay is at most 365d, not "{delay}"', refused)
        self.tell("enqueue", config, "--source", "in", "--delay", "365d", lines=messages(0, 1))
        self.assertEqual(json.loads(self.tell("queues", config, "--json")[0].splitlines()[0])["delayed"], 1)

    def test_ages_of_any_size_purge_what_they_say(self):
        config = self.configure()
        self.enqueue(config, '{"a":null}\n')
        host = self.start_host(config)
        host.wait_for(lambda run: len(self.dead_letters()) == 1, "the dead letter")
        self.tell("dead-letters", "purge", config, "--older-than", "106751991167d", "--yes")
        self.assertEqual(len(self.dead_letters()), 1)
        self.stop(host)


if __name__ == "__main__":
    unittest.main()
