"""Messages that a handler ends later, from a thread of its own."""

import time
import unittest

from support import SystemTest


def config(delay, extra="", pool="", batch=64):
    return f"""
state_dir: ./state
sources:
  numbers: {{ plugin: file, path: ./numbers.jsonl }}
targets:
  out: {{ plugin: file, path: ./out.jsonl }}
pools:
  work:
    source: numbers
    route: {{ key: /key }}
    workers: 2
    batch: {{ max: {batch} }}
    retry: {{ attempts: 2, backoff: 1ms, backoff_max: 1ms }}
    handler: {{ plugin: later, delay: {delay}, to: out{extra} }}
{pool}
statistics: {{ every: 50ms }}
log: {{ format: json }}
"""


class Deferred(SystemTest):
    def numbers(self, count, keys):
        self.lines_file("numbers.jsonl", ({"key": str(n % keys), "n": n} for n in range(count)))

    def out(self):
        return self.read_lines("out.jsonl")

    def test_many_wait_at_once_and_each_key_keeps_its_order(self):
        self.numbers(600, 200)
        begun = time.monotonic()
        run = self.run_to_end("run", self.write("later.yaml", config("200ms")))
        self.assertLess(time.monotonic() - begun, 30, "600 of 200 ms one after the other would take two minutes")
        self.assertEqual(run.final()["acked"], 600)
        by_key = {}
        for line in self.out():
            by_key.setdefault(line["key"], []).append(line["n"])
        self.assertEqual(sum(map(len, by_key.values())), 600)
        self.assertTrue(all(numbers == sorted(numbers) for numbers in by_key.values()))

    def test_one_whose_time_is_over_is_tried_again_and_given_up(self):
        self.numbers(1, 1)
        run = self.run_to_end("run", self.write("later.yaml", config("1h", ", timeout: 100ms")))
        self.assertEqual((run.final()["dead_lettered"], run.final()["retried"]), (1, 1))
        self.assertIn("its time was over before the bell rang", self.dead_letters()[0]["error"])

    def test_a_stop_waits_for_those_that_are_open(self):
        self.numbers(100, 10)
        run = self.start("run", self.write("later.yaml", config("500ms")))
        run.wait_for_event("statistics", deferred=lambda n: n > 0)
        first = self.stop(run).final()
        self.assertGreater(first["acked"], 0)
        self.assertEqual(first["acked"] + first["released"], first["received"])
        second = self.run_to_end("run", self.write("rest.yaml", config("1ms"))).final()
        self.assertEqual(first["acked"] + second["acked"], 100)
        self.assertEqual(len(self.out()), 100, "none twice")

    def test_at_the_deadline_of_a_stop_they_are_cancelled_and_go_back(self):
        self.numbers(20, 20)
        run = self.start("run", self.write("later.yaml", config("1h", pool="shutdown: { deadline: 200ms }")))
        run.wait_for_event("statistics", deferred=lambda n: n == 20)
        final = self.stop(run).final()
        self.assertEqual((final["released"], final["abandoned"], final["retried"]), (20, 0, 0), "none counts as an attempt")


if __name__ == "__main__":
    unittest.main()
