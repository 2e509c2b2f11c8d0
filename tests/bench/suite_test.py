#!/usr/bin/env python3
# ctest: timeout=600
"""Every benchmark runs with next to no messages, so that it cannot rot. Nothing is asserted of times."""
import json
import os
import shutil
import subprocess
import sys
import unittest

RUN = os.path.join(os.environ["SLUICE_ROOT"], "tests", "bench", "run")


def bench(*words):
    return subprocess.run([sys.executable, "-B", RUN, *words], capture_output=True, text=True, timeout=570)


class Suite(unittest.TestCase):
    def test_every_row_measures_something_beside_its_baselines(self):
        rows = {line.split()[0] for line in bench("--list").stdout.splitlines()}
        self.assertIn("memory_json", rows)
        done = bench("--tiny", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        results = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual({result["name"].partition(".")[0] for result in results}, rows)
        for result in results:
            with self.subTest(result["name"], baseline=result["baseline"]):
                self.assertGreaterEqual(result["value"], 0)
                self.assertTrue(result["unit"])
                if result["unit"] == "messages/s":
                    self.assertGreater(result["value"], 0)
                if result["baseline"] is not None:
                    self.assertAlmostEqual(result["ratio"], result["value"] / result["baseline_value"])

    def test_a_table_tells_where_and_of_what_it_was_made(self):
        done = bench("--tiny", "--runs", "1", "idle")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"commit \S+, \d+ x ")
        self.assertRegex(done.stdout, r"\nidle\.rss_mib +\d")

    @unittest.skipUnless(shutil.which("valgrind"), "valgrind is not installed")
    @unittest.skipIf(os.environ.get("SLUICE_SANITIZE"), "valgrind cannot run what a sanitizer has built")
    def test_each_stage_of_a_message_has_its_instructions(self):
        done = bench("--tiny", "--stages", "memory_json")
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = dict(line.rsplit(None, 1) for line in done.stdout.splitlines() if line and line.split()[-1].isdigit())
        for stage in ("source plugin", "receive", "route", "hand over", "handle", "settle", "all"):
            with self.subTest(stage):
                self.assertGreater(int(lines[stage]), 0)

    def test_a_row_that_does_not_exist_is_an_error(self):
        done = bench("no_such_row")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("no benchmark 'no_such_row'", done.stderr)


if __name__ == "__main__":
    unittest.main()
