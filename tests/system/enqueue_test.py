"""`sluice enqueue` puts lines into a source, through the running host or without one; `sluice queues` looks into them."""
# ctest: sanitize

import json
import os
import signal
import stat
import unittest

from support import SystemTest, json_lines

CONFIG = """
name: orders
state_dir: ./state
sources:
  orders: {{ plugin: file, path: ./orders.jsonl }}
  held: {{ plugin: generate, rate: 1 }}
  input: {{ plugin: file, path: "-" }}
pools:
  orders: {{ source: orders, workers: 2, handler: {{ plugin: noop }} }}
  held: {{ source: held, workers: 1, handler: {{ plugin: noop }} }}
  input: {{ source: input, workers: 1, handler: {{ plugin: noop }} }}
log: {{ format: json }}
{extra}"""


class Enqueue(SystemTest):
    def setUp(self):
        super().setUp()
        self.config = self.write("orders.yaml", CONFIG.format(extra=""))
        self.orders = self.folder / "orders.jsonl"

    def enqueue(self, lines, *arguments, source="orders", status=0):
        return self.tell("enqueue", self.config, "--source", source, *arguments, lines=lines, status=status)

    def test_stores_each_line_without_a_host(self):
        lines = json_lines({"n": n} for n in range(5000))
        self.assertEqual(self.enqueue(lines), ("5000 messages are stored\n", ""))
        self.assertEqual(self.orders.read_text(), lines)
        self.assertEqual(self.enqueue('{"n":5000}')[0], "1 message is stored\n")
        self.assertEqual(self.enqueue("")[0], "0 messages are stored\n")

    def test_goes_through_the_host_that_runs(self):
        self.orders.write_text("")
        host = self.start_host(self.config)
        self.assertEqual(stat.S_IMODE(os.stat(self.state / "control.sock").st_mode), 0o660)
        lines = json_lines({"n": n} for n in range(5000))
        self.assertEqual(self.enqueue(lines), ("5000 messages are stored\n", ""))
        self.assertEqual(self.orders.read_text(), lines)
        self.stop(host)
        self.assertFalse((self.state / "control.sock").exists())

    def test_stops_at_a_bad_line_and_says_how_many_are_stored(self):
        out, err = self.enqueue('{"n":1}\n{"n":2}\n{"n":\n{"n":4}\n', status=1)
        self.assertEqual(out, "2 messages are stored\n")
        self.assertRegex(err, r"^sluice enqueue: line 3: is no JSON: ")
        self.assertEqual(self.orders.read_text(), '{"n":1}\n{"n":2}\n')

    def test_says_why_a_source_takes_nothing(self):
        self.assertIn('source "held": plugin "generate" can only be read from', self.enqueue("1\n", source="held", status=2)[1])
        self.assertIn("reads standard input", self.enqueue("1\n", source="input", status=2)[1])
        self.assertIn('there is no source "order"; did you mean "orders"?', self.enqueue("1\n", source="order", status=2)[1])

    def test_refuses_options_that_make_no_sense(self):
        self.assertIn("--source", self.tell("enqueue", self.config, status=2)[1])
        self.assertIn("--delay is", self.enqueue("", "--delay", "5", status=2)[1])
        self.assertIn("not both", self.enqueue("", "--key", "a", "--key-from", "/a", status=2)[1])
        self.assertIn("NAME=VALUE", self.enqueue("", "--header", "a", status=2)[1])

    def test_says_what_a_queue_refuses(self):
        out, err = self.enqueue("1\n2\n", "--delay", "5m", status=1)
        self.assertEqual(out, "0 messages are stored\n")
        self.assertIn("line 1 was refused", err)
        self.assertFalse(self.orders.exists() and self.orders.read_text())

    def test_does_not_wait_for_a_host_that_was_killed(self):
        self.orders.write_text("")
        host = self.start_host(self.config)
        host.kill()
        self.assertTrue((self.state / "control.sock").exists(), "left behind")
        self.assertEqual(self.enqueue("1\n")[0], "1 message is stored\n")
        host = self.start_host(self.config)
        self.assertEqual(self.enqueue("2\n")[0], "1 message is stored\n")
        host.signal(signal.SIGTERM)
        self.assertEqual(host.wait(), 0)


class Queues(SystemTest):
    def test_are_named_also_if_they_cannot_tell(self):
        config = self.write("orders.yaml", CONFIG.format(extra=""))
        rows = [json.loads(line) for line in self.tell("queues", config, "--json")[0].splitlines()]
        self.assertEqual([(row["role"], row["name"]) for row in rows][:3], [("source", "orders"), ("source", "held"), ("source", "input")])
        out = self.tell("queues", config)[0]
        self.assertRegex(out, r"(?m)^QUEUE +READY +DELAYED +IN FLIGHT +DEAD +OLDEST +SIZE")
        self.assertRegex(out, r"(?m)^source held +its plugin cannot tell$")
        self.assertFalse((self.folder / "orders.jsonl").exists(), "looking makes nothing")


if __name__ == "__main__":
    unittest.main()
