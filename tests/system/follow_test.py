"""The source `file` with `follow`: reads on as the file grows and is rotated, over restarts,
each line once and each key in order."""
# ctest: sanitize

import json
import shutil
import unittest

from support import SystemTest

KEYS = 7


class Follow(SystemTest):
    def setUp(self):
        super().setUp()
        self.written = 0
        self.config = self.write("follow.yaml", """
name: follow
state_dir: ./state
sources:
  lines: { plugin: file, path: ./app.log, follow: true, persist_every: 10ms }
pools:
  calls:
    source: lines
    route: { key: /key }
    workers: 4
    handler: { plugin: trace, path: ./calls.jsonl }
statistics: { every: 20ms }
log: { level: info, format: json }
""")

    def append(self, count, name="app.log"):
        with open(self.folder / name, "a", encoding="ascii") as lines:
            for number in range(self.written, self.written + count):
                lines.write(json.dumps({"key": f"k{number % KEYS}", "n": number}) + "\n")
        self.written += count

    def rotate(self):
        """As logrotate does it: app.log.1 becomes app.log.2, app.log becomes app.log.1."""
        for number in range(9, 0, -1):
            if (self.folder / f"app.log.{number}").exists():
                (self.folder / f"app.log.{number}").rename(self.folder / f"app.log.{number + 1}")
        (self.folder / "app.log").rename(self.folder / "app.log.1")

    def copy_and_cut(self):
        shutil.copyfile(self.folder / "app.log", self.folder / "app.log.copy")
        with open(self.folder / "app.log", "r+b") as file:
            file.truncate(0)

    def wait_until_all_is_acked(self, running, before=0):
        running.wait_for_event("statistics", acked=lambda n: n == self.written - before, in_flight=lambda n: n == 0)

    def check(self):
        """`trace` writes a line for each call: all numbers of a key once, rising."""
        of_key = {}
        for line in (self.folder / "calls.jsonl").read_text().splitlines():
            call = json.loads(line)
            of_key.setdefault(call["key"], []).append(call)
        self.assertEqual(sum(map(len, of_key.values())), self.written)
        ids = {call["id"] for calls in of_key.values() for call in calls}
        self.assertEqual(len(ids), self.written)
        for calls in of_key.values():
            # Ids are STREAM:OFFSET; within a stream they rise in the order of the calls.
            offsets = {}
            for call in sorted(calls, key=lambda each: each["start_ns"]):
                stream, _, offset = call["id"].rpartition(":")
                self.assertGreater(int(offset), offsets.get(stream, -1))
                offsets[stream] = int(offset)

    def test_reads_what_is_appended_and_what_comes_under_the_name(self):
        running = self.start("run", self.config)  # there is no such file yet
        running.wait_for(lambda run: "is not there yet" in run.log, "that the file is waited for")
        self.append(100)
        self.wait_until_all_is_acked(running)
        self.append(50)
        self.rotate()
        self.append(20, "app.log.1")  # its writer has it open still
        self.append(100)
        self.rotate()
        self.append(100)
        self.wait_until_all_is_acked(running)
        self.copy_and_cut()
        self.append(3)
        self.wait_until_all_is_acked(running)
        self.stop(running).final()
        self.check()

    def test_finds_what_was_rotated_while_it_was_stopped(self):
        self.append(100)
        running = self.start("run", self.config)
        self.wait_until_all_is_acked(running)
        self.stop(running).final()
        before = self.written
        self.append(10)
        self.rotate()
        self.append(20)
        self.rotate()
        self.append(30)
        running = self.start("run", self.config)
        self.wait_until_all_is_acked(running, before)
        self.assertEqual(self.stop(running).final()["received"], 60)
        self.check()


if __name__ == "__main__":
    unittest.main()
