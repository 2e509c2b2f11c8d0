"""`sluice why` says where the messages of a key are, and what they wait for."""

import json
import os
import pathlib
import unittest

from support import SystemTest, json_lines

CONFIG = """
name: why
state_dir: ./state
sources:
  orders: {{ plugin: sqlite, path: ./orders.db }}
pools:
  orders:
    source: orders
    route: {{ key: /k }}
    workers: 2
    warn_at: 200ms
    queue: {{ capacity: 10, when_full: {when_full} }}
    batch: {{ max: 1 }}
    park_limit: {park_limit}
    retry: {{ attempts: 5, backoff: 1h, backoff_max: 1h }}
    handler: {handler}
log: {{ format: json }}
statistics: {{ every: 50ms }}
shutdown: {{ deadline: 1s }}
"""


class Why(SystemTest):
    def begin(self, handler, messages, park_limit=8, when_full="block"):
        self.config = self.write("orders.yaml", CONFIG.format(handler=handler, park_limit=park_limit, when_full=when_full))
        self.tell("enqueue", self.config, "--source", "orders", lines=json_lines(messages))
        return self.start_host(self.config)

    def why(self, key):
        [line] = self.tell("why", self.config, "--key", key, "--json")[0].splitlines()
        return json.loads(line)

    def until(self, host, key, holds):
        """Asked again with each line of statistics."""
        return host.wait_for(lambda run: (lambda told: told if holds(told) else None)(self.why(key)), f"key {key}")

    def test_a_handler_that_does_not_return_and_what_waits_behind_it(self):
        host = self.begin("{ plugin: noop, sleep: 60s }", [{"k": "slow", "n": n} for n in range(40)])
        told = self.until(host, "slow", lambda told: told.get("queued"))
        self.assertEqual((told["source"], told["pool"], told["before"]), ("orders", "orders", 0))
        self.assertEqual(told["queued"], told["depth"])
        self.assertNotIn("waiting_for_room", told, "no more is polled than has room")
        self.assertIn('key "slow"', told["handling"])
        self.until(host, "slow", lambda told: told.get("not_polled_because") == "a queue is full" and told["not_polled_ms"] > 0)
        host.wait_for_event("statistics", not_polled_because=lambda why: why == "a queue is full")
        text = self.tell("why", self.config, "--key", "slow")[0]
        self.assertRegex(text, r"(?m)^orders, pool orders, worker [01]:$")
        self.assertRegex(text, r"(?m)^  \d+ messages in the worker's queue, behind 0 of other keys$")
        self.assertRegex(text, r'(?m)^  the worker has been in a batch for \S+, now with message \S+, key "slow"; ')
        self.assertRegex(text, r"(?m)^  its source has not been polled for \S+: a queue is full$")
        said = host.wait_for(lambda run: next((line for line in run.lines if "warn_at" in line), None), "warn_at")
        self.assertRegex(json.loads(said)["message"],
                         r'^message \S+, key "slow", was received \S+ ago and has not ended, which is longer than warn_at '
                         r"allows\. It waits for worker [01], which has been in a batch for \S+, now with message \S+, "
                         r'key "slow"; '
                         r"`sluice why FILE --key 'slow'` says more$")
        other = next(key for key in map(str, range(100)) if self.why(key)["worker"] != told["worker"])
        self.assertIn("no message of this key", self.tell("why", self.config, "--key", other)[0])

    def test_how_far_the_handler_says_that_it_is(self):
        hangs = pathlib.Path(os.environ["SLUICE_BUILD"]) / "bad_plugins" / "hangs.so"
        host = self.begin(f"{{ plugin: {hangs} }}", [{"k": "slow", "hang": 1}])
        told = self.until(host, "slow", lambda told: "handling" in told)
        self.assertIn(', key "slow", 7 done so far, as it said ', told["handling"])

    def test_messages_that_wait_for_room_beside_a_full_queue(self):
        host = self.begin("{ plugin: noop, sleep: 60s }", [{"k": "slow", "n": n} for n in range(100)],
                          when_full="{ overflow: 16 }")
        told = self.until(host, "slow", lambda told: told.get("waiting_for_room"))
        self.assertGreaterEqual(told["depth"], 8, "its queue is as good as full")
        self.assertLessEqual(told["waiting_for_room"], 16)
        self.assertRegex(self.tell("why", self.config, "--key", "slow")[0],
                         r"(?m)^  \d+ messages? waits? for room in the worker's queue$")

    def test_a_key_that_has_left_a_worker_with_too_much_to_do(self):
        host = self.begin("{ plugin: noop, sleep: 60s }", [{"k": "slow", "n": n} for n in range(5)])
        slow = self.until(host, "slow", lambda told: told.get("queued") == 4)["worker"]
        other = next(key for key in map(str, range(100)) if self.why(key)["worker"] == slow)
        self.tell("enqueue", self.config, "--source", "orders", lines=json.dumps({"k": other}) + "\n")
        told = self.until(host, other, lambda told: f'key "{other}"' in told.get("handling", ""))
        self.assertEqual(told["worker"], 1 - slow)
        self.assertEqual(self.why("slow")["worker"], slow)

    def test_a_retry_and_what_waits_behind_it(self):
        host = self.begin("{ plugin: trace, path: ./calls.jsonl, verdict: /verdict }",
                          [{"k": "bad", "n": n, "verdict": "retry"} for n in range(3)])
        told = self.until(host, "bad", lambda told: told.get("parked") == 3)
        self.assertEqual(told["attempt"], 2)
        self.assertGreaterEqual(told["retry_in_ms"], 0)
        self.assertEqual(told["parked_error"], "told so by /verdict")
        self.assertRegex(self.tell("why", self.config, "--key", "bad")[0],
                         r"(?m)^  message \S+ has failed: attempt 2 in .*: told so by /verdict\n  2 messages wait behind it$")
        [said] = [line for line in host.log.splitlines() if "failed at attempt 1 of 5 and is tried again in" in line]
        self.assertIn(told["parked_error"], said, "the log says it at once too")

    def test_a_key_that_holds_up_its_worker(self):
        host = self.begin("{ plugin: trace, path: ./calls.jsonl, verdict: /verdict }",
                          [{"k": "bad", "n": n, "verdict": "retry"} for n in range(3)], park_limit=1)
        told = self.until(host, "bad", lambda told: told.get("parked") == 1 and told.get("worker_waits"))
        self.assertEqual(told.get("held", 0) + told.get("queued", 0), 2)
        self.assertIn("takes nothing new", self.tell("why", self.config, "--key", "bad")[0])

    def test_needs_a_host_and_a_key(self):
        self.config = self.write("orders.yaml", CONFIG.format(handler="{ plugin: noop }", park_limit=8, when_full="block"))
        self.assertIn("no host runs", self.tell("why", self.config, "--key", "x", status=5)[1])
        self.assertIn("--key", self.tell("why", self.config, status=2)[1])
        self.start_host(self.config)
        self.assertIn('there is no source "nobody"',
                      self.tell("why", self.config, "--key", "x", "--source", "nobody", status=2)[1])
        self.assertIn("no message of this key", self.tell("why", self.config, "--key", "x")[0])


if __name__ == "__main__":
    unittest.main()
