"""Verdicts that change: messages die, the process is killed, the cause is mended, and the dead letters are replayed while it
goes on.

Whatever the order of kill, delivery and replay: each message takes effect once, or is a dead letter, once.
"""
# ctest: sanitize timeout=900

import collections
import contextlib
import os
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import unittest

import drill
from drill import Drill
from topologies import BIN, CALLS, DEADLINE_S, WITH_CALLS

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))

from support import SystemTest, json_lines, query  # noqa: E402

SEED = os.environ.get("SLUICE_DRILL_SEED") or str(random.SystemRandom().randrange(10**9))
KILLS = int(os.environ.get("SLUICE_DRILL_KILLS") or (6 if os.environ.get("SLUICE_SANITIZE") else 16))
POINTS = {"handle.after": 400, "commit.before": 20, "commit.after": 20, "settle.before": 20, "settle.after": 20,
          "confirm.before": 12} | ({"pwrite": 150, "fdatasync": 40} if WITH_CALLS else {})
MENDED = {"SLUICE_FAULTY_MENDED": "1"}
STAYS = "stays the dead letter that it is"


class Replays:
    """`dead-letters replay --all`, again and again while the host runs."""

    def __init__(self, one, process):
        self.one, self.process = one, process
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while self.process.poll() is None:
            replay(self.one)

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.thread.join()


def replay(one):
    return subprocess.run([str(BIN), "dead-letters", "replay", "drill.yaml", "--all"], cwd=one.folder, capture_output=True,
                          text=True, timeout=DEADLINE_S)


class Verdicts(unittest.TestCase):
    def check(self, one):
        effects = collections.Counter(one.topology.effects()[0])
        letters = collections.Counter((key, number) for key, number, _ in one.topology.dead())
        self.assertEqual([each for each, count in effects.items() if count > 1], [],
                         f"took effect twice; SLUICE_DRILL_SEED={SEED}")
        self.assertEqual([each for each, count in letters.items() if count > 1], [], f"is dead twice; SLUICE_DRILL_SEED={SEED}")
        return set(effects), set(letters)

    def wait_for_effect_of_a_last_message(self, one):
        """All that the source had before has come by then."""
        kinds, batch = one.topology.kinds, one.topology.batch
        one.topology.kinds, one.topology.batch = (), one.topology.keys * 3
        one.topology.feed()
        one.topology.kinds, one.topology.batch = kinds, batch
        wanted = {(message.key, message.number) for message in one.topology.acknowledged}
        end = time.monotonic() + DEADLINE_S
        while True:
            effects, letters = self.check(one)
            if not wanted - effects - letters:
                return
            self.assertLess(time.monotonic(), end,
                            f"{len(wanted - effects - letters)} are lost; SLUICE_DRILL_SEED={SEED}\n{one.log()[-2000:]}")
            time.sleep(0.05)  # a database tells nobody that it has grown

    def kill_once(self, one, chance, mended):
        point = chance.choice([*POINTS, drill.RANDOM, drill.RANDOM])
        if not mended and chance.random() < 0.5:
            point = "settle.before"  # what is stored as a dead letter by then is not acknowledged
        faults = "" if point == drill.RANDOM else f"{point} {chance.randint(1, POINTS[point])} kill"
        process = one.start(faults, environment=(MENDED if mended else {}) | (WITH_CALLS if point in CALLS else {}))
        moment = threading.Timer(chance.uniform(0.02, 1.5), process.kill)
        moment.start()
        with Replays(one, process) if mended and chance.random() < 0.7 and one.comes_up(process) else contextlib.nullcontext():
            process.wait(DEADLINE_S)
        moment.cancel()
        self.assertEqual(process.returncode, -signal.SIGKILL, one.log()[-3000:])
        self.check(one)

    def drill(self, topology):
        print(f"{topology}: SLUICE_DRILL_SEED={SEED} SLUICE_DRILL_KILLS={KILLS}", flush=True)
        chance = random.Random(f"{SEED}-{topology}")
        with drill.folder_of_its_own() as folder:
            one = Drill(topology, SEED, 0, folder).fed()
            came_again = half_replayed = 0
            for kill in range(10 * KILLS):
                if kill >= KILLS and came_again:
                    break
                mended = kill % 2 == 1
                before = {(key, number) for key, number, _ in one.topology.dead()}
                self.kill_once(one, chance, mended)
                came_again += STAYS in one.log()
                effects, letters = self.check(one) if one.topology.acknowledged else (set(), set())
                half_replayed += mended and bool(before & effects) and bool(before & letters)
                if kill % 4 == 3:
                    one.topology.feed()
            process = one.start(environment=MENDED)
            self.assertTrue(one.comes_up(process), one.log()[-3000:])
            self.wait_for_effect_of_a_last_message(one)
            came_again += STAYS in one.log()
            done = replay(one)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.wait_for_effect_of_a_last_message(one)
            process.terminate()
            self.assertEqual(one.ended(process), 0, one.log()[-3000:])
            effects, letters = self.check(one)
            self.assertEqual(letters, set())
            self.assertEqual(effects, {(message.key, message.number) for message in one.topology.acknowledged})
            print(f"dead letters that came again in {came_again} runs, kills in the middle of a replay: {half_replayed}",
                  flush=True)
            self.assertGreater(came_again, 0, "no dead letter was delivered again")

    def test_that_change_between_a_kill_and_a_replay_take_effect_once(self):
        self.drill("mended")

    def test_the_same_of_messages_of_a_durable_queue(self):
        self.drill("mended_queue")

    def test_the_same_of_messages_with_ids_of_their_sender(self):
        self.drill("mended_ids")


CONFIG = """
name: mended
state_dir: ./state
sources:
  in: { plugin: file, path: ./in.jsonl, follow: true }
databases:
  out: { plugin: sqlite, path: ./out.db, deduplicate: true, setup: "CREATE TABLE IF NOT EXISTS t(n INTEGER CHECK(n < 0))" }
pools:
  all:
    source: in
    workers: 4
    handler: { plugin: sql, database: out, statement: "INSERT INTO t VALUES(:n)" }
statistics: { every: 100ms }
log: { format: json }
"""


class OneKill(SystemTest):
    """The plain story, with the plugins as they are."""

    def test_a_kill_among_dead_letters_and_a_replay_after_the_restart(self):
        count = 40_000
        config = self.write("mended.yaml", CONFIG)
        (self.folder / "in.jsonl").write_text(json_lines({"n": n} for n in range(count)))
        host = self.start_host(config)
        self.wait_for_letters(host, 3_000)
        host.kill()
        self.assertLess(self.letters(), count)
        with contextlib.closing(sqlite3.connect(self.folder / "out.db")) as database, database:
            database.execute("DROP TABLE t")
            database.execute("CREATE TABLE t(n INTEGER)")
        host = self.start_host(config)
        host.wait_for(lambda run: self.rows() + self.letters() >= count, "the rest of the lines")
        self.assertIn(STAYS, host.log)
        self.tell("dead-letters", "replay", config, "--all")
        self.assertEqual(self.letters(), 0)
        self.assertEqual(query(self.folder / "out.db", "SELECT count(*), count(DISTINCT n) FROM t"), [(count, count)])
        self.stop(host)
        self.assertTrue(host.final("in")["law_holds"])

    def wait_for_letters(self, host, wanted):
        end = time.monotonic() + DEADLINE_S
        while self.letters() < wanted:
            self.assertLess(time.monotonic(), end, host.tail)
            time.sleep(0.01)  # a database tells nobody that it has grown

    def letters(self):
        with contextlib.suppress(sqlite3.OperationalError):
            return query(self.state / "dead-letters.db", "SELECT messages FROM sluice_queue")[0][0]
        return 0

    def rows(self):
        with contextlib.suppress(sqlite3.OperationalError):
            return query(self.folder / "out.db", "SELECT count(*) FROM t")[0][0]
        return 0


if __name__ == "__main__":
    unittest.main()
