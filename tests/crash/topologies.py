"""What is drilled: a source, a database, a handler, the messages that are put in, and what is left of them at the end."""

import collections
import contextlib
import json
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))

from history import Message  # noqa: E402
from support import ROOT, stored_dead_letters  # noqa: E402

BUILD = pathlib.Path(os.environ.get("SLUICE_BUILD", ROOT / "build"))
BIN = BUILD / "bin/sluice"
FAULTY = BUILD / "crash_plugins"
DEADLINE_S = 120
SLOWER = 6 if os.environ.get("SLUICE_SANITIZE") else 1  # a start alone takes a moment under a sanitizer
ATTEMPTS = 3  # of the pools' retry policy

# Calls of the system: inside a commit, a checkpoint, the storing of a position.
CALLS = {"fsync": 10, "fdatasync": 25, "pwrite": 120, "rename": 6}
WITH_CALLS = {} if os.environ.get("SLUICE_SANITIZE") else {"LD_PRELOAD": str(FAULTY / "calls.so")}

# Points, and how often each is passed at most before the kill; a run that ends earlier is no kill and is not counted.
POINTS = {"poll.before": 6, "deliver": 500, "poll.after": 4, "settle.before": 15, "settle.after": 15, "confirm.before": 8,
          "commit.before": 15, "commit.after": 15, "handle.before": 500, "handle.after": 500}
SETUP = """CREATE TABLE IF NOT EXISTS history(position INTEGER PRIMARY KEY, key TEXT NOT NULL, number INTEGER NOT NULL);
      CREATE TABLE IF NOT EXISTS total(key TEXT PRIMARY KEY, count INTEGER NOT NULL)"""
# What a few messages say of themselves, see plugins/handler.cpp: how many of all, what,
# and after how many attempts they must be dead.
KINDS = ((0.01, "reject", 1), (0.01, "retry:9", ATTEMPTS), (0.02, "retry:1", 0), (0.01, "retry:2", 0))
STATEMENTS = ["INSERT INTO history(key, number) VALUES(:key, :number)",
              "INSERT INTO total VALUES(:key, 1) ON CONFLICT(key) DO UPDATE SET count = count + 1"]


class Failed(Exception):
    """The drill could not be carried out, or the program ended as it never should."""


class Topology:
    """What is drilled: a file into SQLite with deduplicate. Others differ in a few of these."""

    about = "a file into sqlite with deduplicate"
    points = POINTS
    kinds = KINDS
    attempts = ATTEMPTS
    workers = 4
    keys = 40
    batch = 1500  # messages put in at a time
    dead_once = True
    published_once = False
    keeps_attempts = False
    feeds_a_host = False  # messages can be put in while it runs
    endless = False  # it runs until it is told to stop
    asks_why = False  # while it runs, `sluice why` is asked of one key after the other
    environment = {}
    faults = ""  # of every run that is to be killed, besides what kills it
    longest_s = 0.25 * SLOWER  # before a kill at a random time

    def __init__(self, folder, chance):
        self.folder = folder
        self.chance = chance
        self.acknowledged, self.offered = [], []
        self.numbers = collections.Counter()

    def source(self):
        return f"{{ plugin: {FAULTY / 'file.so'}, path: ./in.jsonl, persist_every: 3ms }}"

    def database(self):
        return f"{{ plugin: {FAULTY / 'sqlite.so'}, path: ./effects.db, deduplicate: true, setup: \"{SETUP}\" }}"

    def handler(self):
        return f"{{ plugin: {FAULTY / 'sql.so'}, database: effects, statements: {json.dumps(STATEMENTS)} }}"

    def targets(self):
        return ""

    def configuration(self):
        path = self.folder / "drill.yaml"
        new = self.folder / "drill.yaml.new"
        new.write_text(f"""
name: drill
state_dir: ./state
sources:
  in: {self.source()}
{self.targets()}
databases:
  effects: {self.database()}
pools:
  work:
    source: in
    route: {{ key: /key }}
    workers: {self.workers}
    queue: {{ capacity: 300 }}
    batch: {{ max: 16 }}
    crash_attempts: 1000000
    retry: {{ attempts: {self.attempts}, backoff: 1ms, backoff_max: 4ms }}
    handler: {self.handler()}
statistics: {{ every: 1h }}
log: {{ level: info, format: json }}
""")
        new.rename(path)  # whole at any time: a host may be about to read it
        return path

    def has_shown(self, figures):
        """Whether what it is there for has happened: until then more kills are made."""
        return bool(figures.redelivered)

    # ---- putting in ----

    def make(self, count):
        """Messages of random keys, a few of them of the kinds."""
        made = []
        for _ in range(count):
            key = f"k{self.chance.randrange(self.keys)}"
            drawn = self.chance.random()
            body, dead_after = {"key": key, "number": self.numbers[key]}, 0
            for share, says, attempts in self.kinds:
                if 0 <= drawn < share:
                    body["drill"], dead_after = says, attempts
                drawn -= share
            made.append((Message(key, self.numbers[key], dead_after), json.dumps(body, separators=(",", ":"))))
            self.numbers[key] += 1
        return made

    def feed(self, through_host=False):
        made = self.make(self.batch)
        with open(self.folder / "in.jsonl", "a", encoding="ascii") as lines:
            lines.writelines(body + "\n" for _, body in made)
        self.acknowledged += [message for message, _ in made]

    def disturb(self, process):
        """While it runs and will be killed."""
        if self.feeds_a_host:
            self.feed(through_host=True)

    # ---- looking at what is there ----

    def backlog(self, runs):
        """Whether a run would find something to do for a while."""
        done = len(set().union(*(run.confirmed for run in runs[-200:]))) if runs else 0
        return len(self.acknowledged) - done

    def effects(self):
        if not (self.folder / "effects.db").exists():
            return [], {}  # killed before it was made
        with contextlib.closing(sqlite3.connect(f"file:{self.folder / 'effects.db'}?mode=rw", uri=True)) as database:
            check = database.execute("PRAGMA integrity_check").fetchall()
            if check != [("ok",)]:
                raise Failed(f"the database is damaged: {check}")
            if database.execute("SELECT count(*) FROM sqlite_schema WHERE name IN ('history', 'total')").fetchone() != (2,):
                return [], {}  # killed before `setup`
            return (database.execute("SELECT key, number FROM history ORDER BY position").fetchall(),
                    dict(database.execute("SELECT key, count FROM total")))

    def published(self):
        return None

    def dead(self):
        letters = stored_dead_letters(self.folder / "state")
        bodies = [json.loads(letter["body"]) for letter in letters]
        return [(body["key"], body["number"], letter["attempts"]) for body, letter in zip(bodies, letters)]


class NothingDeduplicates(Topology):
    about = "a file into sqlite without deduplicate: not exactly once, which the checker must find"

    def database(self):
        return super().database().replace("deduplicate: true", "deduplicate: false")


class Queue(Topology):
    about = "a durable queue into sqlite with deduplicate, in another file"
    keeps_attempts = True
    feeds_a_host = True
    batch = 1000
    enqueue_more = ()  # options

    def source(self):
        return f"{{ plugin: {FAULTY / 'sqlite.so'}, path: ./queue.db, queue: in, until_empty: true }}"

    def feed(self, through_host=False):
        """`sluice enqueue`: what it says is stored is acknowledged. If the host dies meanwhile,
        the rest may be there or not."""
        made = self.make(self.batch)
        lines = "".join(body + "\n" for _, body in made)
        done = subprocess.run([str(BIN), "enqueue", str(self.folder / "drill.yaml"), "--source", "in", *self.enqueue_more],
                              cwd=self.folder, input=lines, capture_output=True, text=True, timeout=DEADLINE_S,
                              env=os.environ | self.environment)
        found = re.match(r"(\d+) messages? (?:is|are) stored", done.stdout)
        stored = int(found[1]) if found else 0
        if (done.returncode == 0) != (stored == len(made)) or (done.returncode != 0 and not through_host):
            raise Failed(f"enqueue ended with {done.returncode}: {done.stdout}{done.stderr}")
        self.acknowledged += [message for message, _ in made[:stored]]
        self.offered += [message for message, _ in made[stored:]]


class OneFile(Queue):
    about = "queue and database in one file: effects and ack are one transaction, nothing deduplicates"

    def source(self):
        return super().source().replace("./queue.db", "./effects.db")

    def database(self):
        return super().database().replace("deduplicate: true", "deduplicate: false")


class Publishing(Queue):
    about = "a durable queue into sqlite with deduplicate, each message published to another durable queue, which knows ids"
    published_once = True
    points = POINTS | {"publish.before": 15, "publish.after": 15}
    environment = {"SLUICE_FAULTY_PUBLISH": "out"}

    def targets(self):
        return (f"targets:\n  out: {{ plugin: {FAULTY / 'sqlite.so'}, path: ./out.db, queue: out, max_bytes: 0, "
                "deduplicate: true }")

    def published(self):
        with contextlib.closing(sqlite3.connect(f"file:{self.folder / 'out.db'}?mode=rw", uri=True)) as database:
            bodies = [json.loads(body) for body, in database.execute("SELECT body FROM sluice_queue_1 ORDER BY number")]
        return [(body["key"], body["number"]) for body in bodies]


class Followed(Topology):
    about = "a file that is followed and rotated while it is read and while the host is down, into sqlite with deduplicate"
    feeds_a_host = True
    endless = True
    batch = 600

    def source(self):
        return super().source().replace("persist_every", "follow: true, persist_every")

    def feed(self, through_host=False):
        # By renaming: copying and cutting within moments of a kill may deliver lines twice, as the plugin's README says.
        path = self.folder / "in.jsonl"
        if self.chance.random() < 0.5 and path.exists():
            path.rename(self.folder / f"in.jsonl.{len(self.acknowledged)}")
        super().feed()


class Reloading(Queue):
    about = "a durable queue into sqlite with deduplicate, while the number of workers changes by SIGHUP and by `sluice reload`"
    endless = True
    batch = 600
    faults = "handle.before 1+ delay:1"  # so that there is work under way
    longest_s = 0.4 * SLOWER

    def source(self):
        return super().source().replace(", until_empty: true", "")

    def disturb(self, process):
        if self.chance.random() < 0.3:
            self.feed(through_host=True)
        while process.poll() is None:
            self.workers = self.chance.randint(1, 8)
            self.configuration()
            if self.chance.random() < 0.3:
                process.send_signal(signal.SIGHUP)
            subprocess.run([str(BIN), "reload", "drill.yaml"], cwd=self.folder, capture_output=True, timeout=DEADLINE_S)

    def has_shown(self, figures):
        return super().has_shown(figures) and figures.reloads > 0


class Deferring(Topology):
    about = "a file into sqlite with deduplicate; a part of the messages is deferred, some of them for longer than they may be"
    kinds = (*KINDS, (0.1, "later:1", 0), (0.1, "later:15", 0), (0.01, "later:600", 0))
    points = {"ring.before": 15, "ring.after": 15, "resume.before": 15, "resume.after": 15, "handle.after": 200,
              "commit.before": 10, "commit.after": 10, "settle.after": 10}
    batch = 400
    asks_why = True  # of messages that are resumed, while others look at what waits for them

    def handler(self):
        return super().handler().replace(" }", ", timeout: 300ms }")

    def has_shown(self, figures):
        return super().has_shown(figures) and figures.stale > 0 and figures.answers > 0


class Leaking(Topology):
    about = "a file into sqlite with deduplicate; no message is given up for what the machine lacks"
    kinds = ()
    attempts = 1000


class Lanes(Topology):
    about = "a broker that takes lanes away all the time, some of them at once, into sqlite with deduplicate"
    dead_once = False  # a message whose dead letter was stored as its lane was lost is delivered again, and dies again
    longest_s = 0.4 * SLOWER

    def source(self):
        return f"{{ plugin: {FAULTY / 'lanes.so'}, path: ./in.jsonl, lanes: 8, churn: 2ms, lease: 500ms }}"


class Together(Queue):
    about = "a durable queue into sqlite with deduplicate, by a handler that takes many messages in one call"
    kinds = (*KINDS, (0.005, "spoil", 0))
    points = {"poll.before": 6, "deliver": 500, "together.before": 30, "together.each": 500, "together.after": 30,
              "handle.after": 30, "commit.before": 15, "commit.after": 15, "settle.before": 15, "settle.after": 15}
    environment = {"SLUICE_FAULTY_TOGETHER": "1"}


class Replayed(Topology):
    about = ("a file that is followed, into sqlite with deduplicate; "
             "many messages are rejected until their handler is mended, some for ever")
    kinds = ((0.3, "reject", 1), (0.05, "never", 1))
    endless = True

    def source(self):
        return super().source().replace("persist_every", "follow: true, persist_every")


class Mended(Replayed):
    """What is rejected depends on the run: with SLUICE_FAULTY_MENDED nothing is."""

    about = ("a file that is followed, into sqlite with deduplicate; "
             "half of the messages are rejected while the cause is not mended")
    kinds = ((0.5, "reject", 1),)
    batch = 800


class MendedQueue(Queue):
    about = "a durable queue into sqlite with deduplicate; half of the messages are rejected while the cause is not mended"
    kinds = Mended.kinds
    endless = True
    batch = 800

    def source(self):
        return super().source().replace(", until_empty: true", "")


class MendedIds(MendedQueue):
    about = "the same, under ids of the sender's own"
    enqueue_more = ("--id-from", "/id")

    def make(self, count):
        return [(message, json.dumps(json.loads(body) | {"id": message.name}, separators=(",", ":")))
                for message, body in super().make(count)]


TOPOLOGIES = {"deferring": Deferring, "file": Topology, "file_twice": NothingDeduplicates, "followed": Followed,
              "lanes": Lanes, "leaking": Leaking, "mended": Mended, "mended_ids": MendedIds, "mended_queue": MendedQueue,
              "one_file": OneFile, "publishing": Publishing, "queue": Queue, "reloading": Reloading, "replayed": Replayed,
              "together": Together}
