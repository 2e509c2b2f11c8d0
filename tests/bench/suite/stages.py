"""Instructions per message by stage of its way, counted by callgrind: steady on any machine, however busy.

Two runs of different length, subtracted and divided by the messages between them, so that start and stop cancel out. A stage is
what its functions cost with all they call; what the compiler has inlined elsewhere counts there.
"""
import os
import re
import shutil
import subprocess

from . import programs

SHORT, LONG = 21_000, 101_000

# Stage, functions whose cost it is, functions below them that are other stages.
STAGES = (
    ("source plugin", ("QueueThunks<.*>::poll(",), ("Intake::Intake(",)),
    ("receive", ("Intake::Intake(",), ()),  # the functions of its sink, made there
    ("route", ("Dispatcher::route(",), ("JsonBody::find(",)),
    ("find the key in JSON", ("JsonBody::find(",), ()),
    ("hand over", ("Dispatcher::push_waiting(", "Backlog::collect("), ()),
    ("handle", ("Worker::handle(",), ("HandlerThunks<.*>::handle(",)),
    ("handler plugin", ("HandlerThunks<.*>::handle(",), ()),
    ("batch and report", ("Worker::run(",), ("Worker::handle(", "Backlog::collect(")),
    ("settle", ("SourceLoop::take_back(", "Settlement::submit("), ()),
)
LINE = re.compile(r"^\s*([\d,]+) \(\s*[\d.]+%\)\s+(.*)$")


def profile(text):
    """Function -> instructions with all it calls; "" -> the whole program."""
    with programs.Folder() as folder:
        out = folder / "callgrind.out"
        done = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", programs.SLUICE, "run",
                               programs.write_configuration(text, folder)],
                              capture_output=True, text=True, timeout=programs.DEADLINE_S, cwd=folder)
        if done.returncode != 0:
            raise programs.Failed(done.stderr[-4000:])
        said = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", str(out)], capture_output=True,
                              text=True, check=True, env={**os.environ, "LC_ALL": "C"}).stdout
    costs = {}
    for line in said.splitlines():
        found = LINE.match(line)
        if found is None:
            continue
        name = "" if "PROGRAM TOTALS" in found[2] else found[2]
        costs[name] = costs.get(name, 0) + int(found[1].replace(",", ""))
    return costs


def cost_of(costs, functions):
    total = 0
    for function in functions:
        pattern = re.compile("[ :]" + re.escape(function).replace(r"<\.\*>", "<.*>"))
        total += sum(cost for name, cost in costs.items() if pattern.search(name) and "'2" not in name)
    return total


def by_stage(row, short=SHORT, long=LONG):
    """Stage -> instructions per message; None where the compiler has left no such function."""
    before, after = profile(row.text(short)), profile(row.text(long))

    def difference(functions):
        return (cost_of(after, functions) - cost_of(before, functions)) / (long - short)

    whole = (after[""] - before[""]) / (long - short)
    stages = {}
    for name, functions, others in STAGES:
        stages[name] = difference(functions) - difference(others) if cost_of(after, functions) else None
    stages["other threads, and the rest"] = whole - sum(cost or 0 for cost in stages.values())
    stages["all"] = whole
    return stages


def run(rows, tiny):
    """Yields the lines of a table, a column a row."""
    if shutil.which("valgrind") is None:
        raise programs.Failed("valgrind is not installed")
    measured = {row.name: by_stage(row, *((100, 1_100) if tiny else ())) for row in rows if row.text is not None}
    yield f"{'instructions per message':<28}" + "".join(f"{name:>20}" for name in measured)
    for stage in [*(name for name, _, _ in STAGES), "other threads, and the rest", "all"]:
        cells = [of[stage] for of in measured.values()]
        yield f"{stage:<28}" + "".join(f"{'-' if cell is None else format(cell, '.0f'):>20}" for cell in cells)
