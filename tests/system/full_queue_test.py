"""What a slow worker does to the rest: polling waits, or messages are dropped and counted; memory stays bounded."""

import json
import re
import unittest

from support import SANITIZED, SystemTest

CAPACITY = 50


def config(sleep, when_full, workers=1, source="{ plugin: file, path: ./numbers.jsonl }"):
    return f"""
state_dir: ./state
sources:
  numbers: {source}
pools:
  slow:
    source: numbers
    route: {{ key: /key }}
    workers: {workers}
    queue: {{ capacity: {CAPACITY}, when_full: {when_full} }}
    batch: {{ max: 4 }}
    handler: {{ plugin: noop, sleep: {sleep} }}
statistics: {{ every: 20ms }}
log: {{ level: debug, format: json }}
"""


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"^VmRSS:\s+(\d+) kB$", status.read(), re.MULTILINE).group(1))


class FullQueue(SystemTest):
    def run_numbers(self, when_full, count=1_000):
        self.records = [{"key": f"k{number % 7}", "number": number} for number in range(count)]
        self.lines_file("numbers.jsonl", self.records)
        run = self.run_to_end("run", self.write("full.yaml", config("2ms", when_full)))
        final = run.final()
        self.assertEqual(final["received"], count)
        depths = [entry["depth"] for entry in run.events("worker_statistics")]
        self.assertTrue(depths)
        self.assertLessEqual(max(depths), CAPACITY)
        high_water = max(entry["high_water"] for entry in run.events("worker_statistics"))
        self.assertEqual(high_water, CAPACITY, "the queue was full, or this proves nothing")
        return run, final

    def test_block_waits_and_processes_every_message(self):
        _, final = self.run_numbers("block")
        self.assertEqual((final["acked"], final["dropped_by_policy"], final["dead_lettered"]), (1_000, 0, 0))

    def test_drop_count_drops_and_counts(self):
        _, final = self.run_numbers("{ drop: count }")
        self.assertEqual(final["acked"] + final["dropped_by_policy"], 1_000)
        self.assertGreaterEqual(final["acked"], CAPACITY)
        self.assertGreater(final["dropped_by_policy"], 0)
        self.assertEqual((final["dead_lettered"], self.dead_letters()), (0, []))
        self.assertEqual(self.run_to_end("run", self.folder / "full.yaml").final()["received"], 0, "what was dropped is settled")

    def test_drop_dead_letter_keeps_what_it_drops(self):
        _, final = self.run_numbers("{ drop: dead_letter }")
        self.assertEqual(final["acked"] + final["dead_lettered"], 1_000)
        self.assertGreaterEqual(final["acked"], CAPACITY)
        self.assertEqual(final["dropped_by_policy"], 0)
        letters = self.dead_letters()
        self.assertEqual(len(letters), final["dead_lettered"])
        self.assertGreater(len(letters), 0)
        numbers = {json.loads(letter["body"])["number"] for letter in letters}
        self.assertEqual(len(numbers), len(letters), "no message twice")
        self.assertLessEqual(numbers, {record["number"] for record in self.records})
        self.assertEqual(self.run_to_end("run", self.folder / "full.yaml").final()["received"], 0)

    def test_says_once_that_a_queue_is_nearly_full(self):
        run, _ = self.run_numbers("block")
        said = [entry["message"] for entry in run.events() if "% full" in entry["message"]]
        self.assertEqual(len(said), 1, said)
        self.assertRegex(said[0], r"worker 0 is (8|9|10)\d % full \(\d+ of 50 messages\)")


class Memory(SystemTest):
    def test_stays_bounded_when_the_worker_is_far_slower_than_the_source(self):
        # 400 MB of messages, of which a full queue may hold 50 of 64 KiB in each of four workers.
        source = "{ plugin: generate, messages: 6400, size: 64KiB, keys: 100 }"
        running = self.start("run", self.write("full.yaml", config("60s", "block", workers=4, source=source)))
        # Full but for the batch at work: a source that waits for room waits until a queue is half empty.
        full = lambda queues: len(queues) >= 3 and all(queue["depth"] >= CAPACITY - 4 for queue in queues)
        running.wait_for_event("statistics", deepest_queues=full)
        before = running.events("statistics")[-1]
        seen = len(running.events("statistics"))
        running.wait_for(lambda run: len(run.events("statistics")) >= seen + 25, "25 more statistics")
        after = running.events("statistics")[-1]
        self.assertEqual(after["received"], before["received"], "polling has stopped")
        self.assertLessEqual(after["in_flight"], 4 * (CAPACITY + 4) + 1_024, "queued, at work, and one polled batch that waits")
        if not SANITIZED:
            # 13 MiB queued and at work, 64 MiB polled.
            self.assertLess(resident_kib(running.pid), 128 * 1024)


if __name__ == "__main__":
    unittest.main()
