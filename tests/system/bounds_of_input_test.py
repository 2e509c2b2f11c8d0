"""Small input takes little memory and little time: configurations, and requests on the control socket."""

import json
import os
import pathlib
import socket
import subprocess
import time
import unittest

from support import BIN, SystemTest, json_lines

MEMORY = 256 << 20  # bytes; the same input took 0.8 to 8 GB
SECONDS = 15

GOOD = """
sources:
  flights: { plugin: file, path: flights.jsonl }
pools:
  airports: { source: flights, handler: { plugin: noop } }
"""


def deep_keys():
    text = ""
    for level in range(40):
        text += " " * level + "k" * 900 + ":\n"
    return text + " " * 40 + "- [" + "1, " * 70_000 + "1]\n"


CONFIGURATIONS = {
    "a long alias, often": "a: &a " + "x" * 20_000 + "\nb:\n" + "- *a\n" * 40_000,
    "a long key, often": "".join(f"? &a{n} {'k' * 1000}{n}\n: x\n" for n in range(2)) + "b: {" + ", ".join(
        f"k{n}: 1" for n in range(40_000)) + "}\n",
    "a long key with entries": "k" * 20_000 + ":\n" + "".join(f"  e{n}: 1\n" for n in range(40_000)),
    "long keys, deep": deep_keys(),
    "a long key through an alias, often": "a: &a " + "k" * 100_000 + "\nb: {" + ", ".join(
        "*a : 1" for _ in range(50_000)) + "}\n",
    "brackets": "[" * (4 << 20),
    "braces": "{" * (4 << 20),
    "brackets and blanks": "[ " * (2 << 20),
    "brackets below a key": "a: " + "[" * ((4 << 20) - 3),
    "lists in lists": "- " * (2 << 20),
    "questions": "? " * (2 << 20),
    "quotes": "[" + '""' * ((2 << 20) - 1),
    "entries": "[" + "a," * ((2 << 20) - 1),
    "pools that are wrong": "sources: { flights: { plugin: file, path: flights.jsonl } }\npools:\n" + "".join(
        f"  p{n}: x\n" for n in range(49_900)),
    "sources that are wrong": "sources:\n" + "".join(f"  p{n}: x\n" for n in range(49_900)) + "pools: { p: { source: p1 } }\n",
    "options that do not exist": GOOD.replace("path: flights.jsonl",
                                              "path: x, " + ", ".join(f"o{n}: 1" for n in range(45_000))),
    "levels that do not exist": GOOD + "log: { levels: {" + ", ".join(f"o{n}: info" for n in range(45_000)) + "} }\n",
    "conditions that are wrong": GOOD.replace("source: flights",
                                              "source: flights, when: {" + ", ".join(f"o{n}: 1" for n in range(45_000)) + "}"),
}


class SmallFiles(SystemTest):
    def check(self, text):
        """Exit status, standard error, bytes, seconds."""
        config = self.write("c.yaml", text)
        with open(self.folder / "errors", "w+") as errors:
            begun = time.monotonic()
            process = subprocess.Popen([str(BIN), "check", str(config)], cwd=self.folder, stdout=subprocess.DEVNULL,
                                       stderr=errors)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            seconds = time.monotonic() - begun
            errors.seek(0)
            return process.returncode, errors.read(), usage.ru_maxrss * 1024, seconds

    def test_take_little_memory_and_time_whatever_they_hold(self):
        for name, text in CONFIGURATIONS.items():
            with self.subTest(name):
                self.assertLessEqual(len(text), 4 << 20)
                status, errors, memory, seconds = self.check(text)
                self.assertEqual(status, 1, errors[-2000:])
                self.assertTrue(errors.startswith(str(self.folder / "c.yaml") + ":"), errors[:300])
                self.assertLess(len(errors), 1 << 20)
                self.assertLess(memory, MEMORY, errors[:300])
                self.assertLess(seconds, SECONDS, errors[:300])


CONFIG = """
name: asked
state_dir: ./state
sources:
  orders: { plugin: sqlite, path: ./orders.db }
pools:
  orders: { source: orders, handler: { plugin: trace, path: ./calls.jsonl, verdict: /v } }
log: { format: json }
"""


class Requests(SystemTest):
    def setUp(self):
        super().setUp()
        self.config = self.write("asked.yaml", CONFIG)
        self.tell("enqueue", self.config, "--source", "orders", lines=json_lines([{"v": "reject"}] * 3))
        self.host = self.start_host(self.config)

    def ask(self, request):
        """The last line of the answer to a request, bytes or an object."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(30)
            client.connect(str(self.state / "control.sock"))
            client.sendall((request if isinstance(request, bytes) else json.dumps(request).encode()) + b"\n")
            client.shutdown(socket.SHUT_WR)
            answer = b""
            while part := client.recv(1 << 16):
                answer += part
        return json.loads(answer.splitlines()[-1])

    def memory(self):
        status = pathlib.Path(f"/proc/{self.host.pid}/status").read_text()
        return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmRSS:"))

    def test_whose_members_have_the_wrong_type_are_refused_by_name(self):
        self.host.wait_for(lambda run: len(self.dead_letters()) == 3, "three dead letters")
        purge = {"verb": "dead-letters", "do": "purge"}
        enqueue = {"verb": "enqueue", "source": "orders"}
        for request, name in [({**purge, "older_than_ms": "30d"}, "older_than_ms"),
                              ({**purge, "older_than_ms": 1e300}, "older_than_ms"),
                              ({**purge, "older_than_ms": None}, "older_than_ms"),
                              ({**purge, "older_than_ms": -1}, "older_than_ms"), ({**purge, "key": 5}, "key"),
                              ({**purge, "source": ["a"]}, "source"), ({**purge, "names": "all"}, "names"),
                              ({**purge, "names": [5]}, "names"), ({**purge, "oder_than_ms": 5}, "oder_than_ms"),
                              ({"verb": "dead-letters", "do": 5}, "do"), ({**purge, "whole": "yes"}, "whole"),
                              ({**enqueue, "delay_ms": "5"}, "delay_ms"), ({**enqueue, "delay_ms": True}, "delay_ms"),
                              ({**enqueue, "delay_ms": 1e300}, "delay_ms"), ({**enqueue, "delay_ms": 1.5}, "delay_ms"),
                              ({**enqueue, "headers": "a=b"}, "headers"), ({**enqueue, "headers": [["a", "b"]]}, "headers"),
                              ({**enqueue, "id_from": 5}, "id_from"), ({**enqueue, "source": 5}, "source"),
                              ({**enqueue, "key": None}, "key"), ({"verb": "why", "key": 5}, "key"),
                              ({"verb": "why", "key": "a", "pool": 1}, "pool"), ({"verb": "queues", "name": "x"}, "name"),
                              ({"verb": "reload", "now": True}, "now"),
                              (b'{"verb":"dead-letters","do":"purge","key":"a","key":"b"}', "key")]:
            with self.subTest(request):
                answer = self.ask(request)
                self.assertEqual(answer["exit"], 2, answer)
                self.assertIn(f'"{name}"', answer["error"])
        self.assertEqual(len(self.dead_letters()), 3, "nothing is purged")
        self.stop(self.host)

    def test_of_a_megabyte_take_little_memory(self):
        before = self.memory()
        size = (1 << 20) - 200
        for part in b"[],", b"1,", b'"",', b"{},", b"[", b'{"a":', b'"a":1,':
            wrong = b'{"verb":"queues","x":' + (b"[" if not part.endswith(b":") else b"") + part * (size // len(part)) + b"1]}"
            answer = self.ask(wrong)
            self.assertEqual(answer["exit"], 2, answer)
        self.assertLess(self.memory() - before, 48 << 20)
        self.stop(self.host)


if __name__ == "__main__":
    unittest.main()
