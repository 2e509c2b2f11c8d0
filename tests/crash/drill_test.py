"""A kill at every named point and at random times: nothing is lost, nothing takes effect twice, every key stays in order.

SLUICE_DRILL_SEED=… replays a drill; SLUICE_DRILL_KILLS=… makes it longer. `./dev drill` runs the long one.
"""
# ctest: sanitize timeout=600

import os
import pathlib
import random
import time
import unittest

import drill

SEED = os.environ.get("SLUICE_DRILL_SEED") or str(random.SystemRandom().randrange(10**9))
KILLS = int(os.environ.get("SLUICE_DRILL_KILLS") or (6 if os.environ.get("SLUICE_SANITIZE") else 30))


class Drills(unittest.TestCase):
    def drill(self, topology):
        print(f"{topology}: SLUICE_DRILL_SEED={SEED} SLUICE_DRILL_KILLS={KILLS}", flush=True)
        begun = time.monotonic()
        figures = drill.drill(topology, SEED, KILLS)
        print(drill.report(figures, time.monotonic() - begun), flush=True)

    def test_a_file_into_a_database_that_deduplicates(self):
        self.drill("file")

    def test_a_file_that_is_followed_and_rotated(self):
        self.drill("followed")

    def test_a_durable_queue_into_a_database_that_deduplicates(self):
        self.drill("queue")

    def test_a_queue_and_a_database_in_one_file(self):
        self.drill("one_file")

    def test_lanes_that_come_and_go(self):
        self.drill("lanes")

    def test_many_messages_in_one_call(self):
        self.drill("together")

    def test_publishes_to_a_durable_queue(self):
        self.drill("publishing")

    def test_messages_that_are_deferred_and_ended_late(self):
        self.drill("deferring")

    def test_reloads_that_change_the_workers(self):
        self.drill("reloading")

    def test_the_checker_finds_what_takes_effect_twice_where_nothing_deduplicates(self):
        # So that the others can fail.
        with self.assertRaisesRegex(drill.Failed, r"took effect \d+ times") as raised:
            drill.drill("file_twice", SEED, min(KILLS, 15))
        self.assertNotIn("is lost", str(raised.exception))


if __name__ == "__main__":
    unittest.main()
