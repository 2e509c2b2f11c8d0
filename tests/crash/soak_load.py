"""What the host of a soak has to bear, all at once: messages, reloads, replays, questions, locks, causes that are mended."""

import collections
import contextlib
import json
import random
import socket
import sqlite3
import subprocess
import threading
import time

from soak_stores import FILES, WAIT_S
from topologies import BIN, SLOWER

BUSY_MS = 40  # how long the host waits for a lock; most are held for longer
KEYS = 60  # of each that puts messages in
KINDS = ((0.05, "reject"), (0.02, "retry:1"), (0.02, "later:5"), (0.01, "later:150"))  # see plugins/handler.cpp
BATCH = 400 // SLOWER
BACKLOG = 4000 // SLOWER  # messages without effect; no more are put in until there are fewer


class Load:
    """`configure` writes another configuration."""

    def __init__(self, folder, seed, host, stores, configure):
        self.folder, self.seed, self.host, self.stores, self.configure = folder, seed, host, stores, configure
        self.numbers = collections.Counter()
        self.over = threading.Event()
        self.threads = []
        self.lock = threading.Lock()
        # guarded by lock
        self.acknowledged = set()
        self.tally = collections.Counter()
        self.failures = []

    def start(self):
        for do, least, most in (
                (self.put_into_first, 0, 0.2), (self.put_into_second, 0, 0.2), (self.append_to_file, 0.02, 0.3),
                (self.reload, 0.1, 1), (self.ask_why, 0, 0.02), (self.mend_or_break, 0.5, 2), (self.lock_a_file, 0.05, 0.4),
                (self.replay_all, 0.05, 0.5), (self.replay_some, 0.05, 0.5), (self.replay_places, 0.05, 0.5)):
            self.threads.append(threading.Thread(target=self.again_and_again, args=(do, least, most), name=do.__name__))
            self.threads[-1].start()

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join()
        (self.folder / "mended").touch()

    def again_and_again(self, do, least, most):
        chance = random.Random(f"{self.seed}-{do.__name__}")
        try:
            while not self.over.wait(chance.uniform(least, most)) and not self.failures:
                do(chance)
        except Exception as error:  # noqa: BLE001: a thread's end must be seen
            self.fail(f"{do.__name__}: {error!r}")

    def fail(self, sentence):
        with self.lock:
            self.failures.append(sentence)

    def count(self, what, more=1):
        with self.lock:
            self.tally[what] += more

    def tell(self, *arguments, lines=None):
        """A verb must end. That a host starts, stops or is killed at that moment is no failure."""
        try:
            return subprocess.run([str(BIN), *arguments], cwd=self.folder, input=lines, capture_output=True, text=True,
                                  timeout=WAIT_S)
        except subprocess.TimeoutExpired:
            self.fail(f"`{' '.join(arguments)}` did not end")
            return subprocess.CompletedProcess(arguments, None, "", "")

    # ---- messages ----

    def make(self, prefix, chance):
        """Their names, and their lines."""
        made = []
        for _ in range(chance.randint(1, BATCH)):
            key = f"{prefix}{chance.randrange(KEYS)}"
            drawn, says = chance.random(), {}
            for share, kind in KINDS:
                if 0 <= drawn < share:
                    says = {"drill": kind}
                drawn -= share
            made.append({"id": f"{key}/{self.numbers[key]}", "key": key, "number": self.numbers[key]} | says)
            self.numbers[key] += 1
        lines = "".join(json.dumps(body, separators=(",", ":")) + "\n" for body in made)
        return {(body["key"], body["number"]) for body in made}, lines

    def has_room(self):
        return len(self.acknowledged) - self.stores.counts()[0] < BACKLOG

    def acknowledge(self, made):
        with self.lock:
            self.acknowledged |= made

    def put_into_first(self, chance):
        self.put_into_queue("q", chance)

    def put_into_second(self, chance):
        self.put_into_queue("r", chance)

    def put_into_queue(self, prefix, chance):
        if not self.has_room():
            return
        made, lines = self.make(prefix, chance)
        end = time.monotonic() + WAIT_S
        # Until it is stored, whatever becomes of the host: what is put in again is known by its id.
        while self.tell("enqueue", "soak.yaml", "--source", "queue", "--id-from", "/id", lines=lines).returncode != 0:
            self.count("enqueue: tried again")
            if time.monotonic() > end:
                return self.fail(f"nothing could be enqueued for {WAIT_S} s")
        self.acknowledge(made)

    def append_to_file(self, chance):
        if not self.has_room():
            return
        made, lines = self.make("f", chance)
        with open(self.folder / "in.jsonl", "a", encoding="ascii") as file:
            file.write(lines)
        self.acknowledge(made)

    # ---- whoever operates it ----

    def reload(self, chance):
        self.configure(chance)
        if chance.random() < 0.3 and self.host.hang_up():
            return
        self.count(f"reload: status {self.tell('reload', 'soak.yaml').returncode}")

    def ask_why(self, chance):
        """Over the control socket, as `sluice why` does."""
        key = chance.choice("qrf") + str(chance.randrange(KEYS))
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(WAIT_S)
                client.connect(str(self.folder / "state/control.sock"))
                client.sendall(json.dumps({"verb": "why", "key": key}).encode() + b"\n")
                answer = b"".join(iter(lambda: client.recv(65536), b""))
        except TimeoutError:
            self.fail(f"why is key {key} where it is: no answer")
        except OSError:
            pass  # the socket is not there yet, or not any more
        else:
            self.count("why: answers", b'"worker"' in answer)

    def replay_all(self, _):
        self.replay("--all")

    def replay_some(self, chance):
        self.replay("--source", chance.choice(("queue", "file")))

    def replay_places(self, chance):
        told = self.tell("dead-letters", "ls", "soak.yaml", "--json").stdout
        places = [json.loads(line)["place"] for line in told.splitlines() if line.startswith('{"place"') and line.endswith("}")]
        if places:
            self.replay(*chance.sample(places, min(len(places), 50)))

    def replay(self, *which):
        """What is said to be done must have taken effect by then."""
        told = self.tell("dead-letters", "replay", "soak.yaml", *which, "--json").stdout
        became = [json.loads(line) for line in told.splitlines() if line.startswith('{"place"') and line.endswith("}")]
        for one in became:
            self.count(f"replay: {one['became']}")
        done = ",".join(one["place"] for one in became if one["became"] == "done")
        if done and (missing := self.stores.letters(f"WHERE place IN ({done})") - set(self.stores.effects())):
            self.fail(f"replays are said to be done and have not taken effect: {sorted(missing)[:5]}")

    def mend_or_break(self, _):
        mended = self.folder / "mended"
        if mended.exists():
            mended.unlink()
        else:
            mended.touch()

    # ---- other programs ----

    def lock_a_file(self, chance):
        seconds = chance.uniform(0, 6 * BUSY_MS / 1000) if chance.random() < 0.9 else 1.5  # then circuits open
        self.hold(chance.choice(FILES), seconds, self.over)

    def hold(self, name, seconds, until):
        """Locks a file until then."""
        if not (self.folder / name).exists():
            return
        with contextlib.closing(sqlite3.connect(self.folder / name, timeout=0.5, isolation_level=None)) as database:
            with contextlib.suppress(sqlite3.OperationalError):
                database.execute("BEGIN IMMEDIATE")
                until.wait(seconds)
                database.execute("ROLLBACK")
                self.count("locks")
