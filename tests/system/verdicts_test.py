"""What becomes of a message for each thing a handler may say, counted to the last one."""
# ctest: sanitize

import collections
import unittest

from support import SystemTest

EACH = 20


def config(on_failure="park"):
    return f"""
state_dir: ./state
sources:
  steps: {{ plugin: file, path: ./steps.jsonl }}
pools:
  traced:
    source: steps
    route: {{ key: /key }}
    workers: 3
    retry: {{ attempts: 3, backoff: 1ms, backoff_max: 2ms }}
    on_failure: {on_failure}
    handler: {{ plugin: trace, path: ./calls.jsonl, verdict: /then }}
log: {{ level: info, format: json }}
"""


class Verdicts(SystemTest):
    def run_steps(self, *endings, **options):
        self.lines_file("steps.jsonl", [{"key": f"key{number % 7}", "then": then, "number": number}
                                        for number in range(EACH) for then in endings])
        self.config = self.write("steps.yaml", config(**options))
        final = self.run_to_end("run", self.config).final()
        self.assertEqual(final["received"], EACH * len(endings))
        calls = self.read_lines("calls.jsonl")
        self.calls = collections.Counter(call["id"] for call in calls)
        return final

    def check(self, final, **counts):
        for name in ("acked", "dead_lettered", "skipped", "retried"):
            self.assertEqual(final[name], counts.get(name, 0), (name, final))
        self.assertEqual(len(self.dead_letters()), counts.get("dead_lettered", 0))
        self.assertEqual(self.run_to_end("run", self.config).final()["received"], 0, "every one is settled")

    def test_each_ends_as_the_handler_said(self):
        final = self.run_steps("done", "skip", "reject")
        self.check(final, acked=EACH, skipped=EACH, dead_lettered=EACH)
        self.assertEqual(set(self.calls.values()), {1})

    def test_a_retry_that_succeeds_later_is_acked(self):
        final = self.run_steps("retry:2", "done", "throw:1")
        self.check(final, acked=3 * EACH, retried=3 * EACH)
        self.assertEqual(collections.Counter(self.calls.values()), {1: EACH, 2: EACH, 3: EACH})

    def test_when_the_attempts_are_used_up_it_is_a_dead_letter(self):
        final = self.run_steps("retry", "throw", "done")
        self.check(final, acked=EACH, dead_lettered=2 * EACH, retried=4 * EACH)
        self.assertEqual(collections.Counter(self.calls.values()), {1: EACH, 3: 2 * EACH})
        self.assertEqual({letter["attempts"] for letter in self.dead_letters()}, {3})

    def test_with_on_failure_skip_the_first_failure_is_a_dead_letter(self):
        final = self.run_steps("retry", "done", on_failure="skip")
        self.check(final, acked=EACH, dead_lettered=EACH)
        self.assertEqual(set(self.calls.values()), {1})


if __name__ == "__main__":
    unittest.main()
