"""Handlers that take long: what they have done is committed and counted while they run, not a whole batch later."""

import time
import unittest

from support import SystemTest


def config(batch=""):
    return f"""
state_dir: ./state
sources:
  numbers: {{ plugin: file, path: ./numbers.jsonl }}
pools:
  work:
    source: numbers
    route: {{ by: round_robin }}
    workers: 10
{batch}
    handler: {{ plugin: noop, sleep: 100ms }}
statistics: {{ every: 100ms }}
log: {{ format: json, levels: {{ statistics: debug }} }}
"""


class SlowHandlers(SystemTest):
    def begin(self, batch=""):
        self.lines_file("numbers.jsonl", ({"n": n} for n in range(1000)))
        run = self.start("run", self.write("slow.yaml", config(batch)))
        run.wait_for_event("statistics", in_flight=lambda n: n > 0)
        return run

    def first_ack_after(self, batch=""):
        """Seconds from the first message that was in a handler to the first that was acked."""
        run = self.begin(batch)
        begun = time.monotonic()
        run.wait_for_event("statistics", acked=lambda n: n > 0)
        taken = time.monotonic() - begun
        self.stop(run)
        return taken

    def test_are_settled_after_each_message_rather_than_after_a_batch(self):
        self.assertLess(self.first_ack_after(), 3, "a batch of 64 would take 6.4 s")

    def test_are_counted_before_a_whole_batch_is_over(self):
        run = self.begin()
        run.wait_for_event("worker_statistics", handled=lambda n: n > 0, busy=lambda share: share > 0.5, deadline=4)
        self.stop(run)

    def test_move_the_counters_while_they_run(self):
        run = self.begin("    batch: { time: 1m }")
        run.wait_for_event("worker_statistics", handled=lambda n: 0 < n < 60, units=lambda n: n == 0,
                           busy=lambda share: share > 0.8)
        self.stop(run)

    def test_stay_in_one_unit_if_that_is_asked_for(self):
        self.assertGreater(self.first_ack_after("    batch: { max: 20, time: 1m }"), 1.5,
                           "20 messages of 100 ms in one transaction")


if __name__ == "__main__":
    unittest.main()
