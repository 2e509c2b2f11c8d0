"""What a slow worker does to the rest: polling waits, messages overflow, go back or are dropped and counted;
memory stays bounded."""

import collections
import json
import re
import time
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
        self.assertEqual(self.run_to_end("run", self.folder / "full.yaml").final()["received"], 0,
                         "what was dropped is settled")

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

    def test_overflow_takes_so_many_more_and_no_more(self):
        run, final = self.run_numbers("{ overflow: 200 }")
        self.assertEqual((final["acked"], final["released"], final["dropped_by_policy"]), (1_000, 0, 0))
        overflowed = [entry["overflowed"] for entry in run.events("statistics")]
        self.assertGreater(max(overflowed), 0)
        self.assertLessEqual(max(overflowed), 200)

    def test_a_poll_brings_no_more_than_there_is_room_for(self):
        for when_full, waiting in (("block", 0), ("{ overflow: 30 }", 30), ("{ timeout: 60s }", 10)):
            with self.subTest(when_full):
                text = config("100s", when_full, source="{ plugin: generate }").replace(f"capacity: {CAPACITY}", "capacity: 10")
                run = self.start("run", self.write("full.yaml", text))
                run.wait_for_event("statistics", deepest_queues=lambda queues: queues and queues[0]["depth"] >= 5)
                seen = len(run.events("statistics"))
                run.wait_for(lambda running: len(running.events("statistics")) > seen + 10, "more statistics")
                last = run.events("statistics")[-1]
                self.assertLessEqual(last["in_flight"], 10 + 4 + waiting, "queued, at work, and what may wait beside the queue")
                self.assertLessEqual(last["overflowed"], 30)
                run.kill()

    def test_says_once_that_a_queue_is_nearly_full(self):
        run, _ = self.run_numbers("block")
        said = [entry["message"] for entry in run.events() if "% full" in entry["message"]]
        self.assertEqual(len(said), 1, said)
        self.assertRegex(said[0], r"worker 0 is (8|9|10)\d % full \(\d+ of 50 messages\)")


class Policies(SystemTest):
    """Polls in small batches, slow keys beside quick ones, and a note of every call."""

    def run_trace(self, extra, messages=600, keys=6):
        self.write("full.yaml", f"""
state_dir: ./state
sources: {{ load: {{ plugin: generate, messages: {messages}, rate: 4000, keys: {keys} }} }}
pools:
  slow:
    source: load
    workers: 3
    batch: {{ max: 1 }}
    handler: {{ plugin: trace, path: ./calls.jsonl, sleep_min: 1ms, sleep_max: 3ms }}
{extra}
statistics: {{ every: 20ms }}
log: {{ level: debug, format: json }}
""")
        run = self.run_to_end("run", self.folder / "full.yaml")
        self.calls = self.read_lines("calls.jsonl")
        self.assertEqual(len(self.calls), messages, "each once")
        return run, run.final()

    def assert_keys_in_order(self):
        seen = collections.defaultdict(list)
        for call in sorted(self.calls, key=lambda one: one["start_ns"]):
            seen[call["key"]].append((int(call["id"].split(":")[1]), call["start_ns"], call["end_ns"]))
        for key, calls in seen.items():
            numbers = [number for number, _, _ in calls]
            self.assertEqual(numbers, sorted(numbers), key)
            for (_, _, end), (_, start, _) in zip(calls, calls[1:]):
                self.assertLessEqual(end, start, f"{key}: two at once")

    def test_timeout_gives_messages_back_and_keeps_each_key_in_order(self):
        run, final = self.run_trace("    route: { key: /key }\n    queue: { capacity: 4, when_full: { timeout: 1ms } }")
        self.assertEqual(final["acked"], 600)
        self.assertGreater(final["released"], 0, "or this proves nothing")
        self.assertEqual(final["received"], 600 + final["released"])
        self.assert_keys_in_order()
        self.assertIn("messages go back to the source", run.log)

    def test_overflow_keeps_each_key_in_order(self):
        run, final = self.run_trace("    route: { key: /key }\n    queue: { capacity: 4, when_full: { overflow: 60 } }")
        self.assertEqual((final["acked"], final["released"]), (600, 0))
        self.assertGreater(max(entry["overflowed"] for entry in run.events("statistics")), 0)
        self.assert_keys_in_order()

    def test_timeout_without_order_gives_back_only_what_has_waited(self):
        _, final = self.run_trace("    route: { key: /key }\n    order: none\n"
                                  "    queue: { capacity: 4, when_full: { timeout: 1ms } }")
        self.assertEqual(final["acked"], 600)
        self.assertGreater(final["released"], 0)

    def test_without_order_a_message_that_waits_for_its_retry_holds_up_no_other(self):
        self.lines_file("lines.jsonl", [{"k": "a", "verdict": "retry:1"}, {"k": "a"}, {"k": "b"}, {"k": "a"}])
        self.write("none.yaml", """
state_dir: ./state
sources: { lines: { plugin: file, path: ./lines.jsonl } }
pools:
  slow:
    source: lines
    route: { key: /k }
    order: none
    retry: { backoff: 1h }
    handler: { plugin: trace, path: ./calls.jsonl, verdict: /verdict }
statistics: { every: 20ms }
log: { level: debug, format: json }
""")
        run = self.start("run", self.folder / "none.yaml")
        run.wait_for_event("statistics", acked=lambda count: count == 3)
        self.stop(run)
        self.assertEqual(run.final()["released"], 1)

    def test_least_loaded_gives_no_worker_more_than_its_part(self):
        self.run_trace("    route: { by: least_loaded }", messages=300)
        handled = collections.Counter(call["worker"] for call in self.calls)
        self.assertEqual(sorted(handled), [0, 1, 2])
        self.assertGreater(min(handled.values()), 60, handled)

    def test_too_many_dead_letters_pause_polling_and_lose_nothing(self):
        self.write("numbers.yaml", """
state_dir: ./state
sources: { load: { plugin: generate, messages: 400, rate: 4000 } }
pools:
  slow: { source: load, handler: { plugin: trace, path: ./calls.jsonl, verdict: /seq }, retry: { attempts: 1 } }
dead_letters: { max_rate: 100/s }
log: { level: debug, format: json }
""")
        start = time.monotonic()
        run = self.run_to_end("run", self.folder / "numbers.yaml")
        took = time.monotonic() - start
        self.assertEqual(run.final()["dead_lettered"], 400)
        self.assertEqual(len(self.dead_letters()), 400)
        self.assertGreater(took, 2.5, "100 each second, and 100 at once")
        paused = [entry["message"] for entry in run.events() if "nothing is polled until there are fewer" in entry["message"]]
        resumed = [entry["message"] for entry in run.events() if "polling goes on" in entry["message"]]
        self.assertEqual((len(paused), len(resumed)), (1, 1))


    def test_no_more_messages_die_than_max_rate_allows_however_many_fail_at_once(self):
        self.lines_file("lines.jsonl", [{"key": number % 50, "verdict": "reject"} for number in range(20_000)])
        self.write("numbers.yaml", """
state_dir: ./state
sources: { lines: { plugin: file, path: ./lines.jsonl } }
pools:
  all: { source: lines, route: { key: /key }, workers: 4, handler: { plugin: trace, path: ./calls.jsonl, verdict: /verdict } }
dead_letters: { max_rate: 50/s }
statistics: { every: 20ms }
log: { format: json }
""")
        begun = time.monotonic()
        run = self.start("run", self.folder / "numbers.yaml")
        run.wait_for_event("statistics", dead_lettered=lambda count: count >= 100)
        self.stop(run)
        took = time.monotonic() - begun
        final = run.final()
        self.assertLessEqual(final["dead_lettered"], 50 * (took + 1))
        self.assertEqual(final["dead_lettered"] + final["released"], final["received"], "the rest went back")
        self.assertEqual(len(self.dead_letters()), final["dead_lettered"])


class Memory(SystemTest):
    def test_stays_bounded_when_the_worker_is_far_slower_than_the_source(self):
        # 400 MB of messages, of which a full queue may hold 50 of 64 KiB in each of four workers.
        source = "{ plugin: generate, messages: 6400, size: 64KiB, keys: 100 }"
        running = self.start("run", self.write("full.yaml", config("60s", "block", workers=4, source=source)))
        # As good as full is enough, and once: polls of ever fewer messages would follow, and a worker may take its batch after
        # that. The last poll may still be on its way.
        running.wait_for_event("statistics", deepest_queues=lambda queues: queues and
                               max(queue["high_water"] for queue in queues) > CAPACITY * 7 // 8)
        running.wait_for(lambda run: len({entry["received"] for entry in run.events("statistics")[-10:]}) == 1, "the last poll")
        before = running.events("statistics")[-1]
        seen = len(running.events("statistics"))
        running.wait_for(lambda run: len(run.events("statistics")) >= seen + 25, "25 more statistics")
        after = running.events("statistics")[-1]
        self.assertEqual(after["received"], before["received"], "polling has stopped")
        self.assertLessEqual(after["in_flight"], 4 * (CAPACITY + 4), "queued and at work")
        if not SANITIZED:
            self.assertLess(resident_kib(running.pid), 48 * 1024, "13 MiB queued and at work")


    def test_large_messages_take_what_the_queues_hold_and_go_back_to_the_system(self):
        # A poll of 1,024 such messages would be four gigabytes. The queues hold 4 MiB each.
        source = "{ plugin: generate, messages: 200, size: 4MiB, keys: 100 }"
        text = config("5ms", "block", workers=4, source=source).replace("queue: {", "queue: { bytes: 4MiB,")
        running = self.start("run", self.write("full.yaml", text))
        most = 0
        while running.process.poll() is None:
            try:
                most = max(most, resident_kib(running.pid))
            except (FileNotFoundError, AttributeError):
                break
            time.sleep(0.01)
        self.assertEqual(running.wait(), 0)
        self.assertEqual(running.final()["acked"], 200)
        if not SANITIZED:
            self.assertLess(most, 128 * 1024, "four queues, four units at work, and a poll")

    def test_what_large_messages_took_goes_back_to_the_system(self):
        if SANITIZED:
            self.skipTest("an allocator of its own")
        self.write("lines.jsonl", "")
        self.write("follow.yaml", """
state_dir: ./state
sources: { lines: { plugin: file, path: ./lines.jsonl, follow: true } }
pools:
  all: { source: lines, route: { key: /key }, workers: 2, queue: { capacity: 300, bytes: 1GiB },\
 handler: { plugin: trace, path: ./calls.jsonl, sleep_min: 10ms } }
statistics: { every: 20ms }
log: { format: json }
""")
        running = self.start("run", self.folder / "follow.yaml")
        running.wait_for(lambda run: "runs: " in run.log, "the host's start")
        before = resident_kib(running.pid)
        self.lines_file("more.jsonl", [{"key": number, "pad": "x" * 200_000} for number in range(300)])
        (self.folder / "more.jsonl").rename(self.folder / "lines.jsonl")  # 60 MB, there at once
        running.wait_for_event("statistics", acked=lambda count: count == 300)
        # 32 MiB may be kept for what comes (limits::freed_bytes_kept), and buffers have grown.
        running.wait_for(lambda run: resident_kib(run.pid) < before + 40 * 1024, "memory that goes back", deadline=30)
        self.stop(running)


if __name__ == "__main__":
    unittest.main()
