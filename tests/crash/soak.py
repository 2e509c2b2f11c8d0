"""One host for a while with everything at once, and a count of what is left.

Messages come, are deferred, retried, and rejected until their cause is mended; clients replay dead letters beside each other;
the pools are reloaded with every policy for full queues; other programs lock databases and targets; somebody asks `why` in a
loop; the host is stopped and killed in the middle of it, also while a file is locked, and started again. What takes effect is
published, too, and a second pool processes what the target was sent.

At the end soak_checker.py counts, and the host may use no more descriptors and memory than before.
As a program: soak.py [SECONDS].
"""

import collections
import json
import os
import random
import sys
import threading
import time

from drill import folder_of_its_own
from soak_checker import Account, breaches
from soak_host import Host
from soak_load import BUSY_MS, Load
from soak_stores import FILES, WAIT_S, Stores
from topologies import FAULTY, SETUP, SLOWER, STATEMENTS, Failed

BLOCK, OVERFLOW, TIMEOUT = "block", "{ overflow: 500 }", "{ timeout: 40ms }"
# Only in runs that end by a stop: if a kill keeps it from being stored as a dead letter, nobody knows what was dropped.
DROP = "{ drop: dead_letter }"
# SQLite keeps the descriptors of closed connections for later ones while others are open, and a reload has two sets of workers.
UNUSED = 48
STOPS = ("stop", "stop", "stop", "two signals", "kill", "kill", "kill in a stop")
SEEN = "CREATE TABLE IF NOT EXISTS seen(position INTEGER PRIMARY KEY, key TEXT NOT NULL, number INTEGER NOT NULL)"


class Soak:
    def __init__(self, folder, seed, stop_every):
        self.folder, self.stop_every = folder, stop_every
        self.chance = random.Random(seed)
        self.ends_by = self.chance.choice(STOPS)  # the present run
        self.may_drop = self.ends_by == "stop"
        self.writing = threading.Lock()  # of the configuration
        self.samples = []  # (seconds, descriptors, bytes)
        self.worn = self.fresh = (0, 0)  # descriptors and bytes of a host that has worked, and of one that has not
        self.stores = Stores(folder)
        self.host = Host(folder, {"SLUICE_FAULTY_PUBLISH": "out", "SLUICE_FAULTY_MENDED": str(folder / "mended")}, self.stores)
        self.load = Load(folder, seed, self.host, self.stores, self.configure)
        (folder / "in.jsonl").touch()

    def configure(self, chance):
        def pool(source, *policies):
            return f"""
    source: {source}
    route: {{ key: /key }}
    workers: {chance.randint(1, 6)}
    queue: {{ capacity: {chance.choice((20, 200))}, when_full: {chance.choice(policies)} }}
    batch: {{ max: {chance.choice((1, 8, 16))} }}
    crash_attempts: 1000000"""

        def sqlite(path, more):
            return f"{{ plugin: {FAULTY / 'sqlite.so'}, path: ./{path}, busy_timeout: {BUSY_MS}ms, {more} }}"

        drilled = f"""
    retry: {{ attempts: 3, backoff: 1ms, backoff_max: 5ms }}
    handler:
      {{ plugin: {FAULTY / 'sql.so'}, database: effects, timeout: {2 * SLOWER}s, statements: {json.dumps(STATEMENTS)} }}"""
        with self.writing:
            drop = (DROP,) if self.may_drop else ()
            new = self.folder / "soak.yaml.new"
            new.write_text(f"""
name: soak
state_dir: ./state
sources:
  queue: {sqlite("queue.db", "queue: in")}
  file: {{ plugin: {FAULTY / 'file.so'}, path: ./in.jsonl, follow: true, persist_every: 5ms }}
  out: {sqlite("out.db", "queue: out")}
targets:
  out: {sqlite("out.db", "queue: out, max_messages: 3000, deduplicate: true")}
databases:
  effects: {sqlite("effects.db", f'deduplicate: true, setup: "{SETUP}"')}
  seen: {sqlite("out.db", f'setup: "{SEEN}"')}
pools:
  queue:{pool("queue", BLOCK, OVERFLOW, TIMEOUT, TIMEOUT, *drop)}{drilled}
  file:{pool("file", BLOCK, BLOCK, OVERFLOW, OVERFLOW, *drop)}{drilled}
  out:{pool("out", BLOCK, OVERFLOW)}
    handler: {{ plugin: sql, database: seen, statement: "INSERT INTO seen(key, number) VALUES(:key, :number)" }}
shutdown: {{ deadline: {20 * SLOWER}s }}
statistics: {{ every: 1s }}
log: {{ level: info, format: json }}
""")
            new.rename(self.folder / "soak.yaml")  # whole at any time: a host may be about to read it

    def expect(self, sentence):
        """None, or what went wrong."""
        if sentence is not None:
            self.load.fail(sentence)

    def run(self, seconds):
        """Itself, with what was found in load.failures."""
        self.configure(self.chance)
        try:
            if failure := self.host.start():
                raise Failed(failure)
            self.stores.note_letters()
            self.load.start()
            try:
                self.disturb(seconds)
            finally:
                self.load.stop()
            self.settle()
            self.end()
        finally:
            self.host.kill()
        return self

    def disturb(self, seconds):
        begun = time.monotonic()
        next_stop = self.stop_every
        # No stops in the last third: it is one long run, whose memory is looked at.
        while (passed := time.monotonic() - begun) < seconds and not self.load.failures:
            if passed >= next_stop and passed < seconds * 2 / 3:
                self.stop_and_start()
                next_stop = time.monotonic() - begun + self.chance.uniform(0.5, 1.5) * self.stop_every
            self.samples.append((passed, *self.host.usage()))
            if self.host.process.poll() is not None:
                self.load.fail(f"run {self.host.runs} ended by itself with {self.host.process.returncode}: {self.host.tail()}")
            time.sleep(0.25)  # between two samples
        self.may_drop = True

    def stop_and_start(self):
        """Half of the time while another program holds a file."""
        how, seconds = self.ends_by, self.chance.choice((0, self.chance.uniform(0.2, 3)))
        self.load.count(f"ended by: {how}")
        ended = threading.Event()
        holder = threading.Thread(target=self.load.hold, args=(self.chance.choice(FILES), seconds, ended))
        holder.start()
        self.expect(self.host.stop(how, self.chance))
        ended.set()
        holder.join()
        self.ends_by = self.chance.choice(STOPS)
        self.may_drop = self.ends_by == "stop"
        self.configure(self.chance)
        if not self.load.failures:
            self.expect(self.host.start())

    def settle(self):
        """Until all that was put in has taken effect and has come out of the target; then the host must have nothing to do."""
        self.may_drop = False
        self.configure(self.chance)
        self.load.tell("reload", "soak.yaml")
        wanted, seen, since = len(self.load.acknowledged), None, time.monotonic()
        while not self.load.failures:
            now = (*self.stores.counts(), self.stores.left())
            if min(now[:2]) >= wanted and not any(now[2].values()):
                break
            if now != seen:
                seen, since = now, time.monotonic()
            elif self.host.process.poll() is not None or time.monotonic() - since > WAIT_S:
                status = self.host.process.returncode
                return self.load.fail(f"stands still at {now} of {wanted}, status {status}: {self.host.tail()}")
            self.load.replay("--all")
        if SLOWER == 1 and not self.load.failures:
            before = self.host.cpu_s()
            time.sleep(2)  # what it uses in that time is the question
            if (used := self.host.cpu_s() - before) > 0.4:
                self.load.fail(f"a host that had nothing to do used {used:.2f} s of CPU in 2 s")

    def end(self):
        """A stop, and one more run, which must find nothing and takes as much of the machine as the last."""
        if self.load.failures:
            return
        self.configure(self.chance)
        reloaded = self.load.tell("reload", "soak.yaml")
        if reloaded.returncode != 0:
            return self.load.fail(f"a host that had nothing to do did not reload: {reloaded.stderr}")
        self.worn = self.host.usage()
        self.expect(self.host.stop("stop", self.chance) or self.host.start())
        if self.load.failures:
            return
        self.fresh = self.host.usage()
        self.expect(self.host.stop("stop", self.chance))
        received = {final["source"]: final["received"] for final in self.host.ends[-1].finals if final["received"]}
        if received:
            self.load.fail(f"the last run received what had been settled: {received}")

    def breaches(self):
        if self.load.failures:  # what comes behind them would only be their echo
            return self.load.failures
        return [*breaches(Account(self.load.acknowledged, self.stores.effects(), self.stores.totals(), self.stores.published(),
                                  self.stores.letters() | self.stores.rejected(), self.stores.left(), self.host.ends)),
                *self.growth()]

    def most(self, first, last):
        """Descriptors and MiB, at most, in a part of the time, given in shares of the whole."""
        end = self.samples[-1][0]
        chosen = [one for one in self.samples if first * end <= one[0] <= last * end] or self.samples
        return max(one[1] for one in chosen), max(one[2] for one in chosen) >> 20

    def growth(self):
        """A leak of descriptors shows in a host that has nothing to do any more, one of memory in a long run under equal load.
        A sanitizer keeps memory of its own."""
        if self.worn[0] > self.fresh[0] + UNUSED:
            yield f"a host that had worked had {self.worn[0]} descriptors, a fresh one {self.fresh[0]}"
        middle, last = self.most(0.7, 0.85)[1], self.most(0.85, 1)[1]
        if SLOWER == 1 and last > 1.25 * middle + 32:
            yield f"memory grew from {middle} to {last} MiB"

    def report(self):
        middle, last = self.most(0.7, 0.85), self.most(0.85, 1)
        said = collections.Counter(text for level in ("warn", "error") for text in self.host.said(level))
        return "\n".join([
            f"messages       {len(self.load.acknowledged)}, {len(self.stores.letters())} of them dead letters at least once",
            f"runs           {self.host.runs}, {self.host.reloads()} reloads",
            *(f"  {count:<12} {what}" for what, count in sorted(self.load.tally.items())),
            f"descriptors    at most {middle[0]}, then {last[0]}; in the end {self.worn[0]}, of a fresh host {self.fresh[0]}",
            f"memory in MiB  at most {middle[1]}, then {last[1]}; in the end {self.worn[1] >> 20}, of a fresh host "
            f"{self.fresh[1] >> 20}",
            *(f"  {count:<12} {what}" for what, count in said.most_common()),
        ])


def soak(seconds, seed, stop_every=3.0):
    """The report; Failed with all breaches."""
    with folder_of_its_own() as folder:
        one = Soak(folder, seed, stop_every).run(seconds)
        if found := one.breaches():
            raise Failed(f"{len(found)} breaches; SLUICE_DRILL_SEED={seed}:\n" + "\n".join(found[:20]))
        return one.report()


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 170.0
    seed = os.environ.get("SLUICE_DRILL_SEED") or str(random.SystemRandom().randrange(10**9))
    print(f"soak: {seconds:.0f} s, SLUICE_DRILL_SEED={seed}", flush=True)
    try:
        print(soak(seconds, seed), flush=True)
    except Failed as failure:
        sys.exit(str(failure))


if __name__ == "__main__":
    main()
