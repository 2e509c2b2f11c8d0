"""The handler `forward`: what goes in comes out at a target, per key in order."""

import json
import os
import pathlib
import unittest

from support import SystemTest

MESSAGES, KEYS = 5000, 50


class Forward(SystemTest):
    def config(self, target):
        return self.write("forward.yaml", f"""
name: forward
state_dir: ./state
sources:
  lines: {{ plugin: file, path: ./in.jsonl }}
targets:
  copy: {{ plugin: file, path: ./out.jsonl }}
pools:
  move:
    source: lines
    route: {{ key: /key }}
    workers: 4
    handler: {{ plugin: forward, target: {target} }}
log: {{ level: info, format: json }}
""")

    def test_every_line_arrives_once_and_each_key_in_order(self):
        records = [{"key": f"k{n % KEYS}", "n": n} for n in range(MESSAGES)]
        self.lines_file("in.jsonl", records)
        final = self.run_to_end("run", self.config("copy")).final()
        self.assertEqual(final["acked"], MESSAGES)
        out = self.read_lines("out.jsonl")
        of_key = {}
        for record in out:
            of_key.setdefault(record["key"], []).append(record["n"])
        self.assertEqual(len(out), MESSAGES)
        for key, numbers in of_key.items():
            self.assertEqual(numbers, list(range(int(key[1:]), MESSAGES, KEYS)))

    def test_a_target_that_is_not_there_is_found_before_anything_runs(self):
        self.lines_file("in.jsonl", [])
        checked = self.run_to_end("check", self.config("cpoy"), status=1)
        self.assertIn('there is no target "cpoy" in `targets` (there are: copy)', checked.stdout + checked.log)


    def test_a_key_that_the_target_cannot_take_for_a_while_holds_up_no_other_worker(self):
        self.lines_file("in.jsonl", ({"key": f"k{n % 10}", "n": n} for n in range(1000)))
        config = self.config("copy")
        partitioned = pathlib.Path(os.environ["SLUICE_BUILD"]) / "bad_plugins" / "partitioned.so"
        config.write_text(config.read_text().replace("{ plugin: file, path: ./out.jsonl }", f"{{ plugin: {partitioned} }}"))
        run = self.run_to_end("run", config)
        self.assertEqual((run.final()["acked"], run.final()["retried"]), (1000, 0))
        [stored] = self.state.rglob("lines.txt")
        numbers = [json.loads(line)["n"] for line in stored.read_text().splitlines()]
        for key in range(10):
            self.assertEqual([n for n in numbers if n % 10 == key], list(range(key, 1000, 10)))
        first = next(place for place, n in enumerate(numbers) if n % 10 == 0)
        self.assertGreaterEqual(first, 500, "all of the other workers, and four units of work of its own")
        said = [line for line in run.lines if "messages of some keys cannot be published" in line]
        self.assertEqual(len(said), 1, run.tail)
        self.assertIn("messages of all keys are published again", run.log)


if __name__ == "__main__":
    unittest.main()
