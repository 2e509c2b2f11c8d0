"""What the files of a soak hold, looked at from outside while a host may be using them."""

import contextlib
import json
import sqlite3
import time

from topologies import DEADLINE_S, SLOWER

REJECT = 3  # SLUICE_REJECT
WAIT_S = DEADLINE_S * (3 if SLOWER > 1 else 1)  # for whatever must happen by itself
EFFECTS, QUEUE, OUT, LETTERS = FILES = ("effects.db", "queue.db", "out.db", "state/dead-letters.db")
# Whatever becomes a dead letter is written down in the transaction that stores it.
NOTE_LETTERS = """CREATE TABLE sluice_ever_dead(place INTEGER PRIMARY KEY, record TEXT NOT NULL);
CREATE TRIGGER sluice_note_dead AFTER INSERT ON sluice_queue_{number} BEGIN
    INSERT INTO sluice_ever_dead VALUES(NEW.number, NEW.body);
END"""


class Stores:
    def __init__(self, folder):
        self.folder = folder

    def rows(self, name, statement):
        """None of them if the file or the table is not there yet."""
        path, end = self.folder / name, time.monotonic() + WAIT_S
        while True:
            try:
                with contextlib.closing(sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=WAIT_S)) as database:
                    return database.execute(statement).fetchall()
            except sqlite3.OperationalError as error:
                if "no such table" in str(error) or "unable to open" in str(error):
                    return []
                if time.monotonic() > end:
                    raise
                time.sleep(0.01)  # a host that ends has it for itself

    def note_letters(self):
        """From now on, before the first of them."""
        [[number]] = self.rows(LETTERS, "SELECT number FROM sluice_queue")
        with contextlib.closing(sqlite3.connect(self.folder / LETTERS, timeout=WAIT_S)) as database:
            database.executescript(NOTE_LETTERS.format(number=number))

    def letters(self, where=""):
        """Messages that were dead letters at any time."""
        rows = self.rows(LETTERS, f"SELECT json_extract(record, '$.body') FROM sluice_ever_dead {where}")
        return {(body["key"], body["number"]) for body in (json.loads(row[0]) for row in rows)}

    def rejected(self):
        """What a handler has rejected in any run: a kill or a stop may come before it is stored as a dead letter."""
        at, offsets = 0, {}  # of the lines of the file, which end the ids of its messages
        for line in (self.folder / "in.jsonl").read_text().splitlines(keepends=True):
            offsets[at] = line
            at += len(line)
        found = set()
        for path in self.folder.glob("record.*"):
            for _, _, event, identity, *rest in (line.split() for line in path.read_text().splitlines() if line.endswith(" .")):
                if event != "h" or int(rest[1]) != REJECT:
                    continue
                if "/" in identity:
                    key, _, number = identity.partition("/")
                    found.add((key, int(number)))
                else:
                    body = json.loads(offsets[int(identity.rpartition(":")[2])])
                    found.add((body["key"], body["number"]))
        return found

    def effects(self):
        return self.rows(EFFECTS, "SELECT key, number FROM history ORDER BY position")

    def totals(self):
        return dict(self.rows(EFFECTS, "SELECT key, count FROM total"))

    def published(self):
        return self.rows(OUT, "SELECT key, number FROM seen ORDER BY position")

    def counts(self):
        """How many have taken effect, and how many of them have come out of the target."""
        return tuple(sum(row[0] or 0 for row in self.rows(name, f"SELECT max(position) FROM {table}"))
                     for name, table in ((EFFECTS, "history"), (OUT, "seen")))

    def left(self):
        """How many messages wait."""
        return {name: sum(row[0] for row in self.rows(name, "SELECT messages FROM sluice_queue"))
                for name in (QUEUE, OUT, LETTERS)}
