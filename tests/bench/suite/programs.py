"""Runs the binary with a configuration, or a baseline with options, once, and says what that took."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, field

BUILD = pathlib.Path(os.environ.get("SLUICE_BUILD", ""))
SLUICE = os.environ.get("SLUICE_BIN", "")
PROGRAMS = BUILD / "tests" / "bench"
DEADLINE_S = 600


class Failed(Exception):
    """A run that did not do its work: there is nothing to measure."""


@dataclass
class Sample:
    """One run. `figures`: what it measured by itself, by name; NaN or missing = not measured."""

    figures: dict = field(default_factory=dict)
    wall_s: float = 0.0
    cpu_s: float = 0.0
    rss_kib: int = 0
    instructions: int = -1  # of user space, the start of the program included; -1 = not counted here


def percentiles(buckets, figures):
    """Adds p50, p99 and p999 in microseconds. `buckets`: lowest nanosecond of each -> count."""
    total = sum(buckets.values())
    if total == 0:
        return
    for name, share in (("p50", 0.5), ("p99", 0.99), ("p999", 0.999)):
        seen = 0
        for lowest in sorted(buckets):
            seen += buckets[lowest]
            if seen >= share * total:
                figures[name] = lowest / 1000
                break


def add_buckets(to, buckets):
    for lowest, count in buckets.items():
        to[int(lowest)] = to.get(int(lowest), 0) + count


class Folder:
    """A folder of its own for each run, on the disk that the build is on: a benchmark of commits in memory says nothing."""

    def __enter__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=BUILD))
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


def measured(command, folder, pin=None):
    """Runs a program to its end under `measure`; returns the Sample without figures, and what it wrote."""
    out = folder / "measure.json"
    command = [str(PROGRAMS / "measure"), str(out), *map(str, command)]
    if pin is not None:
        command = ["taskset", "-c", pin, *command]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, cwd=folder)
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return Sample(**json.loads(out.read_text())), done


def baseline(program, pin=None, **options):
    """A program of tests/bench that prints {"messages":…,"seconds":…,"latencies":{…}}. An option FILE gets a new file."""
    dash = "-" if program == "go_pool" else "--"
    with Folder() as folder:
        words = []
        for name, value in options.items():
            word, value = dash + name.replace("_", "-"), str(folder / "file") if value == "FILE" else str(value)
            words += [f"{word}={value}"] if program == "go_pool" else [word, value]
        sample, done = measured([PROGRAMS / program, *words], folder, pin)
    said = json.loads(done.stdout.splitlines()[-1])
    sample.figures["rate"] = said["messages"] / said["seconds"]
    buckets = {}
    add_buckets(buckets, said.get("latencies", {}))
    percentiles(buckets, sample.figures)
    return sample


def installed(program):
    return (PROGRAMS / program).exists()


def configuration(source, route, handler, **rest):
    """The text of a configuration: JSON is YAML. `rest`: keys of the pool, and `databases`, `targets`,
    `memory_limit` of the file."""
    whole = {"name": "bench", "state_dir": "./state", "sources": {"load": source}}
    for key in ("databases", "targets", "memory_limit"):
        if key in rest:
            whole[key] = rest.pop(key)
    whole["pools"] = {"work": {"source": "load", "route": route, "workers": 10, "handler": handler, **rest}}
    whole["statistics"] = {"every": "1h"}
    whole["log"] = {"level": "info", "format": "json"}
    return "\n".join(f"{key}: {json.dumps(value)}" for key, value in whole.items()) + "\n"


def write_configuration(text, folder):
    path = folder / "bench.yaml"
    path.write_text(text)
    return path


def final_statistics(log):
    for line in log.splitlines():
        if '"final_statistics"' in line:
            return json.loads(line)
    raise Failed("the host logged no final statistics:\n" + log[-4000:])


def sluice(text, messages, pin=None, prepare=None, gives_up=False):
    """`sluice run` of a finite source: it must ack all of `messages`, or give them up.
    `prepare` gets the folder before the start."""
    with Folder() as folder:
        if prepare is not None:
            prepare(folder)
        sample, done = measured([SLUICE, "run", write_configuration(text, folder)], folder, pin)
        final = final_statistics(done.stderr + done.stdout)
        if final["acked"] + (final["dead_lettered"] if gives_up else 0) != messages or not final["law_holds"]:
            raise Failed(f"{final['acked']} of {messages} messages were acked: {final}")
        sample.figures["rate"] = final["rate_per_s"]
        sample.figures["rss_mib"] = sample.rss_kib / 1024
        sample.figures["settle_p50"] = final["latency_p50_ns"] / 1000
        sample.figures["settle_p99"] = final["latency_p99_ns"] / 1000
        sample.figures["settle_max"] = final["latency_max_ns"] / 1000
        late = folder / "due.jsonl"
        if late.exists():
            buckets = {}
            for line in late.read_text().splitlines():
                add_buckets(buckets, json.loads(line)["latencies"])
            if sum(buckets.values()) != messages:
                raise Failed(f"{sum(buckets.values())} of {messages} messages were timed")
            percentiles(buckets, sample.figures)
        return sample


def idle(text, seconds):
    """Runs a source that brings nothing for a while: share of a core in percent, and the memory it holds."""
    ticks = os.sysconf("SC_CLK_TCK")
    with Folder() as folder:
        with open(folder / "log", "wb") as log:
            process = subprocess.Popen([SLUICE, "run", write_configuration(text, folder)], stdout=log, stderr=log, cwd=folder)
        stat, status = pathlib.Path(f"/proc/{process.pid}/stat"), pathlib.Path(f"/proc/{process.pid}/status")

        def cpu_s():
            fields = stat.read_text().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / ticks

        try:
            wait_until(lambda: len(os.listdir(f"/proc/{process.pid}/task")) >= 3, "the host to start")
            time.sleep(min(1.0, seconds))  # nothing to wait for: the start has been paid, now time is what is measured
            began, before = time.monotonic(), cpu_s()
            time.sleep(seconds)
            wall, used = time.monotonic() - began, cpu_s() - before
            resident = next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmRSS"))
        finally:
            process.terminate()
            code = process.wait(DEADLINE_S)
        if code != 0:
            raise Failed(f"the idle host ended with {code}:\n{(folder / 'log').read_text()[-4000:]}")
    return Sample({"cpu_percent": 100 * used / wall, "rss_mib": resident / 1024}, wall, used, resident)


def wait_until(condition, what, deadline_s=30):
    end = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > end:
            raise Failed(f"waited {deadline_s} s for {what}")
        time.sleep(0.01)
