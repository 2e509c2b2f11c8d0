"""Kills the program again and again and checks what is left with history.py. As a program: drill.py [KILLS], see `./dev drill`.

A drill is a topology, a seed and a number of kills. It puts messages in, starts the program with a fault that kills it at a
named point or kills it at a random time, starts it again, and so on; at last it lets it finish. The seed decides everything but
the machine's speed.

Where the named points are on the way of a message; the calls of the system are killed before they happen.

    step        before              within                              after
    receive     poll.before         deliver (each message of a poll)    poll.after
    route       poll.after                                              handle.before
    handle      handle.before       ring.* and resume.*, if deferred    handle.after
    commit      commit.before       pwrite, fdatasync, fsync            commit.after
    publish     publish.before      pwrite, fdatasync                   publish.after
    ack         settle.before       settle.after, pwrite, fdatasync     confirm.before, in one file commit.after
    checkpoint  settle.after        pwrite, fdatasync                   rename (of the new position over the old)

A point between poll.after and handle.before would be one in the host itself: messages that are routed and not yet handled are
in flight at every kill at handle.before, for all workers but one.
"""

import collections
import contextlib
import importlib.util
import dataclasses
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import history
from history import History, Run
from topologies import BIN, CALLS, DEADLINE_S, TOPOLOGIES, WITH_CALLS, Failed

RANDOM = "random time"
STALE = "9"  # SLUICE_STALE
SOAK_S = float(os.environ.get("SLUICE_SOAK_S") or 170)
LONG = ["file", "followed", "queue", "one_file", "publishing", "deferring", "reloading", "lanes",
        "together"]  # those of `./dev drill`


@dataclasses.dataclass
class Figures:
    kills: collections.Counter = dataclasses.field(default_factory=collections.Counter)  # by point
    kills_in_flight: int = 0  # of these, with messages delivered and not confirmed
    messages: int = 0
    dead: int = 0
    reloads: int = 0
    answers: int = 0  # to `sluice why`
    stale: int = 0  # deferred messages that were ended when they had ended already
    redelivered: list = dataclasses.field(default_factory=list)  # a kill each: (how many came again, how many were unconfirmed)
    recovery_ms: list = dataclasses.field(default_factory=list)
    breaches: list = dataclasses.field(default_factory=list)

    def add(self, other):
        self.kills += other.kills
        for name in ("kills_in_flight", "messages", "dead", "reloads", "answers", "stale"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("redelivered", "recovery_ms", "breaches"):
            getattr(self, name).extend(getattr(other, name))


class Drill:
    """Runs one topology through its kills. `folder` is its own."""

    def __init__(self, topology, seed, kills, folder):
        self.chance = random.Random(f"{topology}-{seed}")
        self.folder = folder
        self.topology = TOPOLOGIES[topology](folder, self.chance)
        self.wanted = kills
        self.figures = Figures()
        self.runs = []
        self.config = self.topology.configuration()
        self.number = 0

    # ---- one process ----

    def start(self, faults="", environment=None, **options):
        self.number += 1
        self.record = self.folder / f"record.{self.number}"
        variables = {"SLUICE_FAULTS": faults, "SLUICE_FAULTY_LOG": str(self.record)}
        with open(self.folder / f"log.{self.number}", "wb") as log:
            self.started_ns = time.monotonic_ns()
            process = subprocess.Popen([str(BIN), "run", str(self.config)], cwd=self.folder,
                                       env=os.environ | self.topology.environment | variables | (environment or {}),
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log, **options)
        if self.topology.asks_why:
            threading.Thread(target=self.ask_why, args=(process,)).start()
        return process

    def ask_why(self, process):
        """Over the control socket, as `sluice why` does, until the process has ended."""
        key = 0
        while process.returncode is None:
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:  # it is not there yet, or not any more
                client.settimeout(5)
                client.connect(str(self.folder / "state/control.sock"))
                key = (key + 1) % self.topology.keys
                client.sendall(json.dumps({"verb": "why", "key": f"k{key}"}).encode() + b"\n")
                self.figures.answers += b'"worker"' in b"".join(iter(lambda: client.recv(65536), b""))
                continue
            time.sleep(0.002)

    def log(self):
        return (self.folder / f"log.{self.number}").read_text(errors="replace")

    def recorded(self):
        """The whole lines of the record, see plugins/faults.hpp."""
        lines = self.record.read_text().splitlines() if self.record.exists() else []
        return [line.removesuffix(" .") for line in lines if line.endswith(" .")]

    def ended(self, process):
        """Its status; whatever hangs is a failure."""
        try:
            return process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Failed(f"run {self.number} still ran after {DEADLINE_S} s:\n{self.log()[-3000:]}") from None

    def note(self, killed=False, stopped=False):
        """Reads the record of the process that has ended."""
        run = Run(killed=killed, stopped=stopped, started_ns=self.started_ns)
        of_tag = {}
        for line in self.recorded():
            at, _, event, *words = line.split(" ")
            if event == "r":
                run.received.append((words[0], int(words[2])))
                of_tag[words[1]] = words[0]
                run.first_ns = run.first_ns or int(at)
            elif event == "c":
                run.confirmed.add(of_tag[words[0]])
            elif event == "h":
                run.handled.append((words[0], int(words[1]), int(words[2])))
            elif event == "s":
                self.figures.stale += words[0] == STALE
        for line in self.log().splitlines():
            if '"final_statistics"' in line and json.loads(line)["source"] == "in":
                run.final = json.loads(line)
            self.figures.reloads += '"reloaded: ' in line
        self.note_redeliveries(run)
        self.runs.append(run)
        return run

    def note_redeliveries(self, run):
        if not self.runs or not self.runs[-1].killed:
            return
        open_before = self.open_ids()
        again = {identity for identity, _ in run.received} & open_before
        if again or run.received:
            self.figures.redelivered.append((len(again), len(open_before)))
        if open_before and run.first_ns:
            self.figures.recovery_ms.append((run.first_ns - run.started_ns) / 1e6)

    def open_ids(self):
        """Delivered in any run and confirmed in none."""
        received, confirmed = set(), set()
        for run in self.runs:
            received |= {identity for identity, _ in run.received}
            confirmed |= run.confirmed
        return received - confirmed

    # ---- the drill ----

    def fed(self):
        self.topology.feed()
        return self

    def wait_for_record(self, process, found, what):
        """Waits until found(the lines of its record) is true."""
        end = time.monotonic() + DEADLINE_S
        while not found(self.recorded()):
            if process.poll() is not None or time.monotonic() > end:
                process.kill()
                process.wait()
                raise Failed(f"{what}: did not happen\n{self.log()[-3000:]}")
            time.sleep(0.002)  # a file tells nobody that it has grown

    def wait_for_log(self, process, *texts):
        """Until one of the texts stands in the log of the running process."""
        end = time.monotonic() + DEADLINE_S
        while not any(text in self.log() for text in texts):
            if process.poll() is not None or time.monotonic() > end:
                process.kill()
                process.wait()
                raise Failed(f"none of {texts} in the log:\n{self.log()[-3000:]}")
            time.sleep(0.002)

    def comes_up(self, process):
        """Waits until it serves its control socket. False: it has ended before."""
        while process.poll() is None:
            if " runs: " in self.log() or '"runs: ' in self.log():
                return True
            time.sleep(0.002)
        return False

    def kill_once(self, point):
        """True if the process was killed; False if it had done all its work before."""
        faults = self.topology.faults
        if point != RANDOM:
            faults += f"; {point} {self.chance.randint(1, (self.topology.points | CALLS)[point])} kill"
        process = self.start(faults, environment=WITH_CALLS if point in CALLS else None)
        if point == RANDOM or self.topology.endless:
            # A moment of its own each time, the start included: this is no waiting for something.
            moment = threading.Timer(self.chance.uniform(0.005, self.topology.longest_s), process.kill)
            moment.start()
            if self.chance.random() < 0.7 and self.comes_up(process):
                self.topology.disturb(process)
            process.wait(DEADLINE_S)
            moment.cancel()
        status = self.ended(process)
        killed = status == -signal.SIGKILL
        if not killed and status != 0:
            raise Failed(f"run {self.number} ended with status {status}:\n{self.log()[-3000:]}")
        run = self.note(killed=killed)
        if killed:
            self.figures.kills[point] += 1
            self.figures.kills_in_flight += bool(run.unconfirmed())
        return killed

    def run(self):
        self.topology.feed()
        points = [*self.topology.points, RANDOM, RANDOM, RANDOM]
        if WITH_CALLS:
            points += CALLS
        self.chance.shuffle(points)
        tries = 0
        # A kill while nothing is in flight, say during a slow start, shows little: at least half of those wanted must hit more.
        while (self.figures.kills.total() < self.wanted or self.figures.kills_in_flight < self.wanted // 2
               or (self.wanted != 0 and not self.topology.has_shown(self.figures))):
            tries += 1
            if tries > 5 * self.wanted + 50:
                raise Failed(f"{self.figures.kills.total()} of {self.wanted} kills, "
                             f"{self.figures.kills_in_flight} with messages in flight, "
                             f"{'' if self.topology.has_shown(self.figures) else 'and what it is there for has not happened, '}"
                             f"at {dict(self.figures.kills)}")
            if not self.kill_once(points[tries % len(points)]):
                self.topology.feed()
            elif self.topology.backlog(self.runs) < self.topology.batch / 2:
                self.topology.feed()
        self.finish()
        return self.figures

    def finish(self):
        """A run without faults to the end, and another that must find nothing; then the history is checked."""
        for expected in (None, 0):
            process = self.start()
            if self.topology.endless:
                self.stop_when_done(process)
            if self.ended(process) != 0:
                raise Failed(f"the last run failed:\n{self.log()[-3000:]}")
            run = self.note(stopped=self.topology.endless)
            if expected is not None and len(run.received) != expected:
                self.figures.breaches.append(f"{len(run.received)} messages came when all had been settled")
        effects, totals = self.topology.effects()
        dead = self.topology.dead()
        self.figures.messages = len(self.topology.acknowledged)
        self.figures.dead = len({(key, number) for key, number, _ in dead})
        self.figures.breaches += history.breaches(History(
            self.topology.acknowledged, self.topology.offered, effects, totals, dead, self.topology.published(), self.runs,
            dead_once=self.topology.dead_once, published_once=self.topology.published_once,
            keeps_attempts=self.topology.keeps_attempts))

    @staticmethod
    def unsettled(lines):
        """Tags that were delivered and not confirmed, in the record of one process."""
        open_tags = set()
        for line in lines:
            _, _, event, *words = line.split(" ")
            if event == "r":
                open_tags.add(words[1])
            elif event == "c":
                open_tags.discard(words[0])
        return open_tags

    def stop_when_done(self, process):
        """Once every message has ended, and those that have not been settled before a kill have come again and are: what the
        source has confirmed does not tell, a kill may have come before it was recorded."""
        end = time.monotonic() + DEADLINE_S
        rests_since, lines_before = time.monotonic(), None
        while self.comes_up(process):
            ended = {tuple(row) for row in self.topology.effects()[0]} | {
                (key, number) for key, number, _ in self.topology.dead()}
            lines = self.recorded()
            if lines != lines_before or self.unsettled(lines):
                rests_since, lines_before = time.monotonic(), lines
            if len(ended) >= len(self.topology.acknowledged) and time.monotonic() - rests_since > 0.3:
                break
            if time.monotonic() > end:
                break  # the checker says what is missing
            time.sleep(0.02)
        process.terminate()


@contextlib.contextmanager
def folder_of_its_own():
    """Kept after a failure if SLUICE_DRILL_KEEP is set, so that one can look."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="sluice-drill-"))
    try:
        yield path
    except BaseException:
        if os.environ.get("SLUICE_DRILL_KEEP"):
            print(f"what the drill left is in {path}", file=sys.stderr)
            raise
        shutil.rmtree(path, ignore_errors=True)
        raise
    shutil.rmtree(path, ignore_errors=True)


def drill(topology, seed, kills):
    with folder_of_its_own() as folder:
        figures = Drill(topology, seed, kills, folder).run()
        if figures.breaches:
            shown = "\n".join(figures.breaches[:20])
            raise Failed(f"{len(figures.breaches)} breaches in {topology}; "
                         f"with SLUICE_DRILL_SEED={seed} and {kills} kills it runs again:\n{shown}")
        return figures


def report(figures, seconds):
    recovery = figures.recovery_ms or [0]
    worst = max(figures.redelivered, default=(0, 0))
    return "\n".join([
        f"kills                {figures.kills.total()} in {seconds:.0f} s, {figures.kills_in_flight} with messages in flight",
        f"  at                 {', '.join(f'{point} {count}' for point, count in sorted(figures.kills.items()))}",
        f"messages             {figures.messages}, {figures.dead} of them dead letters as they should be",
        f"lost                 {sum('is lost' in each for each in figures.breaches)}",
        f"twice in effect      {sum('took effect' in each and 'times' in each for each in figures.breaches)}",
        f"out of order         {sum('took effect after' in each for each in figures.breaches)}",
        "other breaches       "
        f"{len([each for each in figures.breaches if 'took effect' not in each and 'is lost' not in each])}",
        f"came again           {sum(count for count, _ in figures.redelivered)}; "
        f"most after one kill {worst[0]}, with {worst[1]} unconfirmed",
        f"first message after  median {statistics.median(recovery):.0f} ms, most {max(recovery):.0f} ms from the restart, "
        "where messages had been in flight",
    ])


def main():
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    seed = os.environ.get("SLUICE_DRILL_SEED") or str(random.SystemRandom().randrange(10**9))
    total, failed, begun = Figures(), [], time.monotonic()
    share = -(-kills // len(LONG))
    for name in LONG:
        print(f"{name}: {TOPOLOGIES[name].about}; {share} kills, SLUICE_DRILL_SEED={seed}", flush=True)
        # Short ones, so that the histories stay small.
        for part in range(-(-share // 50)):
            try:
                total.add(drill(name, f"{seed}-{part}", min(50, share - 50 * part)))
            except Failed as failure:
                failed.append(failure)
                print(failure, file=sys.stderr, flush=True)
    print(report(total, time.monotonic() - begun))
    failed += verdicts_that_change(share, seed) + everything_at_once(seed)
    sys.exit(1 if failed else 0)


def verdicts_that_change(kills, seed):
    # By its place: the system tests have a file of that name, too. It imports this one.
    spec = importlib.util.spec_from_file_location("verdicts_that_change", pathlib.Path(__file__).with_name("verdicts_test.py"))
    verdicts_test = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(verdicts_test)
    verdicts_test.KILLS, verdicts_test.SEED = min(kills, 100), seed
    print(f"verdicts that change: {verdicts_test.KILLS} kills each, SLUICE_DRILL_SEED={seed}", flush=True)
    result = unittest.TextTestRunner(verbosity=2).run(unittest.defaultTestLoader.loadTestsFromTestCase(verdicts_test.Verdicts))
    return result.failures + result.errors


def everything_at_once(seed):
    import soak  # the same

    print(f"everything at once: {SOAK_S:.0f} s, SLUICE_DRILL_SEED={seed}", flush=True)
    try:
        print(soak.soak(SOAK_S, seed), flush=True)
        return []
    except Failed as failure:
        print(failure, file=sys.stderr, flush=True)
        return [failure]


if __name__ == "__main__":
    main()
