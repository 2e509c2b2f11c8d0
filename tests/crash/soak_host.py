"""The host of a soak: started, stopped in every way, looked at from outside. Each run becomes an End for the count."""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import time

from soak_checker import End
from soak_stores import WAIT_S
from topologies import BIN, SLOWER

HELD = "another host holds it"  # a verb that found no host and does its work itself


class Host:
    def __init__(self, folder, environment, stores):
        self.folder, self.environment, self.stores = folder, environment, stores
        self.process = None
        self.runs = 0
        self.ends = []
        self.waits = 0  # starts that a verb held up
        self.signals = threading.Lock()  # guards is_up, so that a SIGHUP comes while there is something to reload and not after
        self.is_up = False

    def log(self, run=None):
        return (self.folder / f"log.{run or self.runs}").read_text(errors="replace")

    def tail(self):
        return f"the log of run {self.runs} ends with\n{self.log()[-3000:]}"

    def start(self):
        """Until it serves. A sentence about what went wrong, or None."""
        self.runs += 1
        self.before = self.stores.counts()
        record = {"SLUICE_FAULTY_LOG": f"{self.folder}/record.{self.runs}"}  # see plugins/faults.hpp
        end = time.monotonic() + WAIT_S
        while True:
            with open(self.folder / f"log.{self.runs}", "wb") as log:
                self.process = subprocess.Popen([str(BIN), "run", "soak.yaml"], cwd=self.folder, stdin=subprocess.DEVNULL,
                                                env=os.environ | self.environment | record, stdout=log, stderr=log)
            while self.process.poll() is None and " runs: " not in self.log() and time.monotonic() < end:
                time.sleep(0.01)  # a file tells nobody that it has grown
            if self.process.poll() is None and " runs: " in self.log():
                with self.signals:
                    self.is_up = True
                return None
            if self.process.poll() is None or HELD not in self.log() or time.monotonic() > end:
                return f"run {self.runs} did not start, status {self.process.poll()}: {self.tail()}"
            self.waits += 1

    def hang_up(self):
        """SIGHUP, if it is up. False: it is not."""
        with self.signals:
            if self.is_up:
                self.process.send_signal(signal.SIGHUP)
            return self.is_up

    def stop(self, how, chance):
        """Ends it in one of the ways of soak_checker.End. A sentence about what went wrong, or None."""
        with self.signals:
            self.is_up = False
            self.process.send_signal(signal.SIGKILL if how == "kill" else signal.SIGTERM)
        if how in ("two signals", "kill in a stop"):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(chance.uniform(0, 0.3 * SLOWER))
            self.process.send_signal(signal.SIGTERM if how == "two signals" else signal.SIGKILL)
        try:
            status = self.process.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            return f"run {self.runs} did not end after {how}: {self.tail()}"
        effects, published = (after - before for after, before in zip(self.stores.counts(), self.before))
        finals = [json.loads(line) for line in self.log().splitlines() if '"final_statistics"' in line and line.endswith("}")]
        self.ends.append(End(self.runs, how, status, finals, effects, published))
        return None

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def usage(self):
        """Descriptors, and resident memory in bytes. (0, 0): it is no more."""
        with contextlib.suppress(OSError):
            proc = pathlib.Path(f"/proc/{self.process.pid}")
            pages = int((proc / "statm").read_text().split()[1])
            return len(os.listdir(proc / "fd")), pages * os.sysconf("SC_PAGE_SIZE")
        return 0, 0

    def cpu_s(self):
        """Of all its threads, since its start."""
        words = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def said(self, level):
        """What all runs have logged at a level, up to what differs each time."""
        for run in range(1, self.runs + 1):
            for line in self.log(run).splitlines():
                if f'"level":"{level}"' in line and line.endswith("}"):
                    yield re.sub(r"\S*[0-9]\S*", "…", json.loads(line)["message"])[:100]

    def reloads(self):
        return sum(self.log(run).count('"reloaded: ') for run in range(1, self.runs + 1))
