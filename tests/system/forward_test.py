"""The handler `forward`: what goes in comes out at a target, per key in order."""

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


if __name__ == "__main__":
    unittest.main()
