"""`sluice enqueue` puts lines into a source, through the running host or without one; `sluice queues` looks into them."""
# ctest: sanitize

import contextlib
import gzip
import json
import os
import signal
import sqlite3
import stat
import subprocess
import time
import unittest

from support import BIN, DEADLINE, SystemTest, json_lines, query

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


    def test_takes_whatever_follows_the_grammar_of_json(self):
        deep = "[" * 2000 + "]" * 2000
        lines = ["123456789012345678901234567890", "1e400", "-0", deep, '{"a":' * 2000 + "{}" + "}" * 2000,
                 '{"id":0.95000000000000000000}']
        self.assertEqual(self.enqueue("\n".join(lines)), (f"{len(lines)} messages are stored\n", ""))
        self.assertEqual(self.orders.read_text().splitlines(), lines)
        for line in ("01", "NaN", "[1,]", "{'a':1}", deep[:-1], "1 2", '"\t"'):
            self.assertIn("line 1: is no JSON: at byte ", self.enqueue(line, status=1)[1])
        self.assertEqual(self.orders.read_text().splitlines(), lines)

    def test_names_what_is_compressed_or_no_utf_8(self):
        for data, name in ((gzip.compress(b'{"n":1}\n'), "compressed with gzip"), ('{"n":1}\n'.encode("utf-16"), "UTF-16"),
                           ('{"n":1}\n'.encode("utf-16-le"), "UTF-16")):
            with self.subTest(name):
                done = subprocess.run([BIN, "enqueue", self.config, "--source", "orders"], cwd=self.folder, input=data,
                                      capture_output=True, timeout=60)
                self.assertEqual(done.returncode, 1)
                self.assertIn(name, done.stderr.decode())

    def test_leaves_out_a_byte_order_mark(self):
        self.assertEqual(self.enqueue('\ufeff{"n":1}\n{"n":2}\n')[0], "2 messages are stored\n")
        self.assertEqual(self.orders.read_text(), '{"n":1}\n{"n":2}\n')


IDS = """
name: ids
state_dir: ./state
sources:
  in: {{ plugin: sqlite, path: ./queues.db, queue: in{extra} }}
databases:
  out: {{ plugin: sqlite, path: ./out.db, deduplicate: true,\
 setup: "CREATE TABLE IF NOT EXISTS t(a INTEGER CHECK(a < 100), v)" }}
pools:
  all:
    source: in
    workers: 2
    handler: {{ plugin: sql, database: out, statement: "INSERT INTO t VALUES(:a, :v)" }}
log: {{ format: json }}
"""


class Ids(SystemTest):
    """What --id-from says is the message's id, everywhere."""

    def setUp(self):
        super().setUp()
        self.config = self.write("ids.yaml", IDS.format(extra=", until_empty: true"))
        self.lines = json_lines({"id": id, "a": n, "v": n} for n, id in enumerate(["17", "a b", 5, "ä"]))

    def enqueue(self, lines, *more, status=0):
        return self.tell("enqueue", self.config, "--source", "in", "--id-from", "/id", *more, lines=lines, status=status)

    def rows(self):
        return sorted(query(self.folder / "out.db", "SELECT a, v FROM t"))

    def ready(self):
        [queue] = [json.loads(line) for line in self.tell("queues", self.config, "--json")[0].splitlines()
                   if '"source"' in line]
        return queue["ready"]

    def test_that_are_empty_are_refused(self):
        self.assertIn("line 2: has an empty text at /id",
                      self.enqueue('{"id":"a","a":1,"v":1}\n{"id":"","a":2,"v":2}\n', status=1)[1])
        self.assertEqual(self.ready(), 1)

    def test_the_same_lines_twice_are_the_same_messages(self):
        for _ in range(2):
            self.assertEqual(self.enqueue(self.lines), ("4 messages are stored\n", ""))
        self.assertEqual(self.ready(), 4)
        self.assertEqual(self.run_to_end("run", self.config).final()["acked"], 4)
        self.enqueue(self.lines)  # their ids are known, though they are done
        self.assertEqual(self.run_to_end("run", self.config).final()["received"], 0)
        self.assertEqual(self.rows(), [(n, n) for n in range(4)])

    def test_the_same_lines_twice_through_a_host_are_the_same_messages(self):
        self.config.write_text(IDS.format(extra=""))
        host = self.start_host(self.config)
        for _ in range(2):
            self.enqueue(self.lines)
        self.tell("enqueue", self.config, "--source", "in", lines='{"a":50,"v":50}\n')
        host.wait_for(lambda run: len(self.rows()) == 5, "five rows")
        self.stop(host)
        self.assertEqual(host.final()["received"], 5)
        self.assertEqual(self.rows(), [(n, n) for n in range(4)] + [(50, 50)])

    def test_a_queue_that_is_told_not_to_knows_no_ids_and_the_database_still_does(self):
        self.config.write_text(IDS.format(extra=", until_empty: true, deduplicate: false"))
        for _ in range(2):
            self.enqueue(self.lines)
        self.assertEqual(self.ready(), 8)
        self.assertEqual(self.run_to_end("run", self.config).final()["received"], 8)
        self.assertEqual(len(self.rows()), 8, "two messages, and the queue gives each an id")

    def test_is_the_id_of_its_dead_letter_and_in_the_log(self):
        self.enqueue(json_lines([{"id": "order 17", "a": 100, "v": 1}]))
        run = self.run_to_end("run", self.config)
        self.assertIn("message order 17 becomes a dead letter", run.log)
        [letter] = self.dead_letters()
        self.assertEqual(letter["id"], "order 17")
        self.assertRegex(self.tell("dead-letters", "show", self.config, "order 17")[0], r"(?m)^id +order 17$")
        self.assertRegex(self.tell("dead-letters", "ls", self.config)[0], r" order 17 ")

    def test_an_interrupt_says_how_many_are_stored(self):
        for number, status, stored in ((signal.SIGINT, 130, 4), (signal.SIGTERM, 143, 8)):
            process = subprocess.Popen([str(BIN), "enqueue", str(self.config), "--source", "in", "--id-from", "/id"],
                                       cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                       text=True)
            self.addCleanup(process.kill)
            lines = json_lines({"id": f"{number}-{n}", "a": n, "v": n} for n in range(4))
            # The last line is never ended, and would be JSON with one byte more.
            process.stdin.write(lines + '{"id":"half","a":1')
            process.stdin.flush()
            end = time.monotonic() + DEADLINE
            while self.stored() < stored:
                self.assertLess(time.monotonic(), end)
                time.sleep(0.01)  # another process's file tells nobody that it has grown
            process.send_signal(number)
            out, err = process.communicate(timeout=DEADLINE)
            self.assertEqual((out, err, process.returncode), ("4 messages are stored\n", "", status))
            self.assertEqual(self.ready(), stored)

    def stored(self):
        path = self.folder / "queues.db"
        with contextlib.suppress(sqlite3.OperationalError):
            return query(path, "SELECT count(*) FROM sluice_queue_1")[0][0] if path.exists() else 0
        return 0

    def test_an_interrupt_does_not_wait_for_a_full_queue(self):
        database = sqlite3.connect(self.folder / "queues.db")
        self.enqueue(self.lines)
        process = subprocess.Popen([str(BIN), "enqueue", str(self.config), "--source", "in"], cwd=self.folder,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        with contextlib.closing(database):
            database.execute("BEGIN IMMEDIATE")  # nothing can be stored meanwhile
            process.stdin.write(self.lines)
            process.stdin.flush()
            process.stdin.close()
            process.stdin = None
            time.sleep(0.5)  # until it has sent them; sooner changes nothing
            begun = time.monotonic()
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=DEADLINE)
            database.rollback()
        self.assertEqual((out, process.returncode), ("at least 0 messages are stored\n", 130))
        self.assertLess(time.monotonic() - begun, 30)


KEYS = """
name: keys
state_dir: ./state
sources:
  in: { plugin: sqlite, path: ./queues.db, queue: in, until_empty: true }
databases:
  out: { plugin: sqlite, path: ./out.db, setup: "CREATE TABLE IF NOT EXISTS t(key, v INTEGER CHECK(v < 100))" }
pools:
  all:
    source: in
    route: { key: message_key }
    missing_key: dead_letter
    workers: 4
    handler: { plugin: sql, database: out, statement: "INSERT INTO t VALUES(:_key, :v)" }
log: { format: json }
"""


class Keys(SystemTest):
    """What --key says is the message's key, and a pool may route by it."""

    def setUp(self):
        super().setUp()
        self.config = self.write("keys.yaml", KEYS)

    def enqueue(self, lines, *more):
        self.tell("enqueue", self.config, "--source", "in", *more, lines=lines)

    def test_lead_to_the_worker_and_the_handler(self):
        self.enqueue(json_lines({"v": n} for n in range(20)), "--key", "EU")
        self.enqueue(json_lines({"v": n, "k": f"k{n}"} for n in range(20, 40)), "--key-from", "/k", "--header", "key=not mine")
        self.assertEqual(self.run_to_end("run", self.config).final()["acked"], 40)
        rows = query(self.folder / "out.db", "SELECT key, v FROM t")
        self.assertEqual(sorted(rows), sorted([("EU", n) for n in range(20)] + [(f"k{n}", n) for n in range(20, 40)]))
        self.assertEqual([v for key, v in rows if key == "EU"], list(range(20)), "equal keys keep their order")

    def test_are_missing_where_nobody_gave_one(self):
        self.enqueue(json_lines([{"v": 1, "key": "EU"}]))
        self.run_to_end("run", self.config)
        [letter] = self.dead_letters()
        self.assertEqual(letter["error"], "it has no key, and missing_key says dead_letter")
        self.assertNotIn("message_key", letter)

    def test_stay_with_a_dead_letter_and_its_replay(self):
        self.config.write_text(KEYS.replace(", until_empty: true", ""))
        self.enqueue(json_lines([{"v": 100}]), "--key", "EU")
        host = self.start_host(self.config)
        host.wait_for(lambda run: "becomes a dead letter" in run.log, "the dead letter")
        out = self.tell("dead-letters", "replay", self.config, "--all", status=1)[0]  # it dies of the same once more
        self.assertNotEqual(out, "")
        self.stop(host)
        [letter] = self.dead_letters()
        self.assertEqual((letter["message_key"], letter["key"]), ("EU", "EU"))
        self.assertRegex(self.tell("dead-letters", "show", self.config, letter["id"])[0], r"(?m)^message_key +EU$")


class Queues(SystemTest):
    def test_are_named_also_if_they_cannot_tell(self):
        config = self.write("orders.yaml", CONFIG.format(extra=""))
        rows = [json.loads(line) for line in self.tell("queues", config, "--json")[0].splitlines()]
        self.assertEqual([(row["role"], row["name"]) for row in rows][:3],
                         [("source", "orders"), ("source", "held"), ("source", "input")])
        out = self.tell("queues", config)[0]
        self.assertRegex(out, r"(?m)^QUEUE +READY +DELAYED +IN FLIGHT +DEAD +OLDEST +SIZE")
        self.assertRegex(out, r"(?m)^source held +its plugin cannot tell$")
        self.assertFalse((self.folder / "orders.jsonl").exists(), "looking makes nothing")


if __name__ == "__main__":
    unittest.main()
