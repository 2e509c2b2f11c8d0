"""The start waits for what can come, and a signal ends the wait."""

import os
import pathlib
import signal
import time
import unittest

from support import SystemTest, query

ASTRAY = pathlib.Path(os.environ["SLUICE_BUILD"]) / "bad_plugins/astray.so"

CONFIG = f"""
name: start
state_dir: ./state
sources: {{{{ in: {{{{ plugin: {ASTRAY}{{source}} }}}} }}}}
databases: {{{{ db: {{{{ plugin: {ASTRAY}{{database}} }}}} }}}}
targets: {{{{ out: {{{{ plugin: {ASTRAY}{{target}} }}}} }}}}
pools: {{{{ p: {{{{ source: in, workers: 2, handler: {{{{ plugin: {ASTRAY}, database: db{{handler}} }}}} }}}} }}}}
"""

LONG_SETUP = """
name: setup
state_dir: ./state
sources: { in: { plugin: file, path: ./in.jsonl } }
databases:
  db:
    plugin: sqlite
    path: ./out.db
    setup: |
      CREATE TABLE IF NOT EXISTS t(a);
      INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000000)\
 SELECT max(i) FROM n;
pools: { p: { source: in, handler: { plugin: sql, database: db, statement: "INSERT INTO t VALUES(:n)" } } }
"""


class Start(SystemTest):
    def begin(self, part, at, how="away"):
        options = dict.fromkeys(("source", "database", "target", "handler"), "")
        options[part] = f", at: {at}, how: {how}, until: ./there"
        return self.start("run", self.write("start.yaml", CONFIG.format(**options)))

    def test_waits_for_each_part_and_says_so_once(self):
        for part, at, name in (("source", "open", "sources.in"), ("database", "open", "databases.db"),
                               ("target", "open", "targets.out"), ("database", "connect", "what pools.p needs"),
                               ("handler", "start", "what pools.p needs")):
            with self.subTest(part=part, at=at):
                (self.folder / "there").unlink(missing_ok=True)
                run = self.begin(part, at)
                run.wait_for(lambda host: f"waits for {name}" in host.log, "the wait is said")
                self.assertIn("it is not there yet", run.log)
                time.sleep(0.5)  # some tries
                self.write("there", "")
                self.assertEqual(run.wait(30), 0, run.tail)
                self.assertEqual(run.log.count("waits for"), 1)
                self.assertIn(f"{name} is available now", run.log)
                self.assertIn("acked 2", run.log)

    def test_a_part_that_fails_permanently_is_status_5_and_a_wrong_option_status_1(self):
        for part, at in (("source", "open"), ("database", "open"), ("target", "open"), ("database", "connect"),
                         ("handler", "start")):
            for how, status, why in (("failed", 5, "failed: its disk is broken"),
                                     ("invalid", 1, "invalid: its port has a letter in it")):
                with self.subTest(part=part, at=at, how=how):
                    run = self.begin(part, at, how)
                    self.assertEqual(run.wait(30), status, run.tail)
                    self.assertIn(why, run.log)
                    self.assertNotIn(" runs: ", run.log)

    def test_a_signal_ends_the_wait_cleanly(self):
        for part, at in (("source", "open"), ("database", "open"), ("handler", "start")):
            for number in (signal.SIGTERM, signal.SIGINT):
                with self.subTest(part=part, at=at, signal=number.name):
                    run = self.begin(part, at)
                    run.wait_for(lambda host: "waits for" in host.log, "the wait is said")
                    begun = time.monotonic()
                    run.signal(number)
                    self.assertEqual(run.wait(20), 0, run.tail)
                    self.assertLess(time.monotonic() - begun, 5)
                    self.assertIn("stopped before it had started", run.log)

    def test_a_signal_does_not_wait_for_a_long_setup(self):
        self.write("in.jsonl", '{"n":1}\n')
        run = self.start("run", self.write("setup.yaml", LONG_SETUP))
        database = self.folder / "out.db"
        end = time.monotonic() + 20
        while not database.exists() and time.monotonic() < end:
            time.sleep(0.05)  # it says nothing while it runs
        time.sleep(1)
        begun = time.monotonic()
        run.signal()
        self.assertEqual(run.wait(20), 0, run.tail)
        self.assertLess(time.monotonic() - begun, 5)
        self.assertIn("stopped before it had started", run.log)

    def test_a_second_host_on_one_database_is_refused_and_does_not_wait(self):
        self.write("in.jsonl", '{"n":1}\n')
        holder = self.start("run", self.write("held.yaml", """
state_dir: ./other
sources: { in: { plugin: generate, rate: 1 } }
databases: { db: { plugin: sqlite, path: ./out.db, setup: "CREATE TABLE t(n)" } }
pools: { p: { source: in, handler: { plugin: sql, database: db, statement: "INSERT INTO t VALUES(1)" } } }
"""))
        holder.wait_for(lambda host: " runs: " in host.log, "the first host's start")
        config = LONG_SETUP[:LONG_SETUP.index("    setup:")] + LONG_SETUP[LONG_SETUP.index("pools:"):]
        refused = self.run_to_end("run", self.write("second.yaml", config), status=5)
        self.assertIn("in use by the process", refused.log)
        self.stop(holder)

    def test_a_run_says_at_its_end_what_its_messages_died_of(self):
        self.lines_file("in.jsonl", ({"n": n} for n in range(5)))
        run = self.run_to_end("run", self.write("deaths.yaml", """
state_dir: ./state
sources: { in: { plugin: file, path: ./in.jsonl } }
databases: { db: { plugin: sqlite, path: ./out.db, setup: "CREATE TABLE t(n INTEGER CHECK (n < 2))" } }
pools: { p: { source: in, handler: { plugin: sql, database: db, statement: "INSERT INTO t VALUES(:n)" } } }
"""))
        self.assertIn("3 messages became dead letters; look at them: sluice dead-letters ls", run.log)
        self.assertRegex(run.log, r"3 messages died of: .*CHECK constraint failed")
        self.assertEqual(query(self.folder / "out.db", "SELECT count(*) FROM t"), [(2,)])


if __name__ == "__main__":
    unittest.main()
