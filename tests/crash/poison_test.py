"""A message that crashes the process again and again: found, tried alone, a dead letter after crash_attempts;
no other is harmed."""
# ctest: timeout=300

import collections
import json
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))

from support import SystemTest, query  # noqa: E402

PLUGIN = pathlib.Path(os.environ["SLUICE_BUILD"]) / "bad_plugins" / "crashes.so"
MESSAGES = 5000
POISON = 2500  # somewhere in the middle

CONFIG = f"""
state_dir: ./state
sources:
  numbers: {{ plugin: file, path: ./numbers.jsonl }}
databases:
  db:
    plugin: sqlite
    path: ./done.db
    deduplicate: true
    setup: CREATE TABLE IF NOT EXISTS done(id TEXT, attempt INTEGER)
pools:
  work:
    source: numbers
    route: {{ key: /key }}
    workers: 10
    batch: {{ max: 16 }}
    handler: {{ plugin: {PLUGIN} }}
log: {{ format: json }}
"""


class Poison(SystemTest):
    def crash_until_ended(self, how, extra=""):
        """Starts the host until it ends by itself; how often it did not."""
        self.write("numbers.jsonl", "".join(
            json.dumps({"key": n % 100, "n": n, "do": how if n == POISON else "work"}) + "\n" for n in range(MESSAGES)))
        config = self.write("poison.yaml", CONFIG + extra)
        for crashes in range(10):
            run = self.start("run", config)
            if run.wait() == 0:
                return crashes, run
        self.fail("it crashes for ever")

    def check(self, how):
        crashes, run = self.crash_until_ended(how)
        self.assertEqual(crashes, 3, run.tail)
        self.assertRegex(run.log,
                         r'ended inside the handler of pool \\"work\\", plugin [^ ]*/crashes.so, with message [^ ]+ of source')
        [dead] = self.dead_letters()
        self.assertIn("the process has ended 3 times inside its handler", dead["error"])
        self.assertEqual(json.loads(dead["body"])["n"] if isinstance(dead["body"], str) else dead["body"]["n"], POISON)
        done = query(self.folder / "done.db", "SELECT id, attempt FROM done")
        self.assertEqual(len(done), MESSAGES - 1, "each exactly once")
        self.assertEqual(len({row[0] for row in done}), MESSAGES - 1)
        self.assertEqual(collections.Counter(row[1] for row in done), {1: MESSAGES - 1}, "innocents lose no attempt")
        self.assertFalse((self.state / "begun").exists())
        self.assertFalse((self.state / "suspects").exists(), "nobody is suspected any more")

    def test_a_message_that_aborts(self):
        self.check("abort")

    def test_a_message_that_touches_what_is_not_its_own(self):
        self.check("segv")

    def test_a_message_that_kills_without_a_trace(self):
        self.check("kill")

    def test_a_clean_end_suspects_nobody(self):
        self.crash_until_ended("work")
        self.assertFalse((self.state / "begun").exists())
        self.assertFalse((self.state / "suspects").exists())


if __name__ == "__main__":
    unittest.main()
