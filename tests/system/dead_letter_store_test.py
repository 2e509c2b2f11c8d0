"""What becomes of a message that is given up on while its store does not take the dead letter."""

import time
import unittest

from support import SystemTest


class Refused(SystemTest):
    """The store refuses dead letters of more than 10 KiB."""

    def start_refusing(self, lines):
        self.lines_file("in.jsonl", lines)
        self.write("host.yaml", """
state_dir: ./state
sources: { lines: { plugin: file, path: ./in.jsonl } }
targets: { dead: { plugin: sqlite, path: ./dead.db, max_bytes: 10KiB } }
dead_letters: { target: dead }
pools:
  all:
    source: lines
    route: { key: /k }
    workers: 2
    handler: { plugin: trace, path: ./calls.jsonl, verdict: /verdict }
statistics: { every: 20ms }
log: { format: json }
""")
        return self.start("run", "host.yaml")

    def test_is_kept_and_not_handled_again_and_again(self):
        run = self.start_refusing([{"k": "a", "verdict": "reject", "pad": "x" * 20_000}] + [{"k": "b"}] * 5)
        run.wait_for_event("statistics", acked=lambda count: count == 5)
        begun = len(run.events("statistics"))
        run.wait_for(lambda host: len(host.events("statistics")) > begun + 100, "two more seconds")
        self.assertEqual(len(self.read_lines("calls.jsonl")), 6, "each once")
        self.assertEqual(len([line for line in run.lines if "refused by its store" in line]), 1, run.tail)
        self.assertLess(sum(len(line) for line in run.lines if "statistics" not in line), 10_000,
                        "its content is not in the log")
        self.assertEqual(run.events("statistics")[-1]["in_flight"], 1)
        stopped = time.monotonic()
        final = self.stop(run).final()
        self.assertLess(time.monotonic() - stopped, 5)
        self.assertEqual((final["acked"], final["released"]), (5, 1))

    def test_holds_up_the_settling_of_its_key(self):
        run = self.start_refusing([{"k": "a", "verdict": "reject", "pad": "x" * 20_000}, {"k": "a"},
                                   {"k": "a", "verdict": "skip"}, {"k": "b"}])
        run.wait_for_event("statistics", acked=lambda count: count == 1)
        seen = len(run.events("statistics"))
        run.wait_for(lambda host: len(host.events("statistics")) > seen + 10, "more statistics")
        last = run.events("statistics")[-1]
        self.assertEqual((last["acked"], last["skipped"], last["in_flight"]), (1, 0, 3))
        self.assertEqual(len(self.read_lines("calls.jsonl")), 4, "they are processed all the same")
        final = self.stop(run).final()
        self.assertEqual((final["acked"], final["skipped"], final["released"]), (2, 1, 1), "what followed was processed")


if __name__ == "__main__":
    unittest.main()
