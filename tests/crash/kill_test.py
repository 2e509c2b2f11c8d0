"""kill -9, again and again, with messages in flight: nothing is lost, and with `deduplicate` nothing counts twice."""
# ctest: timeout=600

import pathlib
import random
import signal
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))

from support import FLIGHTS, Ended, SystemTest, airports_in, airports_of, flights_config  # noqa: E402

DRILLS = 20
COPIES = 3  # of the flights, added before each run so that it has time to be killed in


class Kill(SystemTest):
    def setUp(self):
        super().setUp()
        self.flights = self.folder / "flights.jsonl"

    def drill(self, deduplicate):
        """Kills runs at random moments until DRILLS of them had messages in flight; then lets one finish. Returns the table."""
        # A position that is stored often lets a run be killed soon: there is something acked and something in flight.
        text = flights_config("./flights.jsonl, persist_every: 10ms", deduplicate, extra="statistics: { every: 10ms }\n")
        config = self.write("kill.yaml", text)
        more = FLIGHTS.read_bytes() * COPIES
        moments = random.Random(20_000)
        killed = 0
        for _ in range(5 * DRILLS):
            if killed == DRILLS:
                break
            with open(self.flights, "ab") as lines:
                lines.write(more)
            running = self.start("run", config)
            try:
                running.wait_for_event("statistics", acked=lambda n: n > 0, in_flight=lambda n: n > 0)
            except Ended:
                self.assertEqual(running.wait(), 0, running.tail)
                continue  # too quick for us
            # A moment of its own each time: this is no waiting for something.
            time.sleep(moments.uniform(0, 0.05))
            running.kill()
            killed += running.process.returncode == -signal.SIGKILL and running.events("statistics")[-1]["in_flight"] > 0
        self.assertEqual(killed, DRILLS, "too few runs had messages in flight when they were killed")
        self.run_to_end("run", config)
        self.assertEqual(self.run_to_end("run", config).final()["received"], 0)
        self.expected = airports_of(self.flights)
        return airports_in(self.folder / "flights.db")

    def test_with_deduplicate_every_message_counts_exactly_once(self):
        table = self.drill("true")
        self.assertEqual(table, self.expected)

    def test_without_it_nothing_is_lost_but_something_counts_twice(self):
        # So that the test above can fail.
        table = self.drill("false")
        self.assertEqual(table.keys(), self.expected.keys())
        more = {code: table[code][0] - flights for code, (flights, _) in self.expected.items()}
        self.assertGreaterEqual(min(more.values()), 0, "lost")
        self.assertGreater(max(more.values()), 0, "nothing was delivered twice: the drill proves nothing")


if __name__ == "__main__":
    unittest.main()
