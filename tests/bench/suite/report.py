"""The table for people, and the lines for programs."""
import json
import math
import os
import pathlib
import platform
import subprocess

ROOT = pathlib.Path(os.environ.get("SLUICE_ROOT", "."))


def first_line(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout.partition("\n")[0].strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def environment():
    commit = first_line("git", "rev-parse", "--short", "HEAD")
    if commit != "unknown" and first_line("git", "status", "--porcelain", "--untracked-files=no"):
        commit += "+changes"
    cpus = [line.partition(":")[2].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")]
    compiler = "unknown"
    cache = pathlib.Path(os.environ["SLUICE_BUILD"]) / "CMakeCache.txt"
    if cache.exists():
        for line in cache.read_text().splitlines():
            if line.startswith("CMAKE_CXX_COMPILER:"):
                compiler = first_line(line.partition("=")[2], "--version")
    return {"commit": commit, "cpu": f"{len(os.sched_getaffinity(0))} x {cpus[0] if cpus else platform.processor()}",
            "compiler": compiler, "kernel": platform.release(), "load": f"{os.getloadavg()[0]:.1f}"}


def environment_text(where):
    text = "commit {commit}, {cpu}, {compiler}, Linux {kernel}".format(**where)
    if float(where["load"]) > 0.5:
        text += (f"\nload average {where['load']} before the start: others use this machine, "
                 "so times say little and ratios are rough")
    return text


def json_lines(result, where):
    """NaN is no JSON."""
    whole = {**result, **where}
    return json.dumps({key: None if isinstance(value, float) and not math.isfinite(value) else value
                       for key, value in whole.items()})


def number(value):
    if value is None or not math.isfinite(value):
        return "-"
    for limit, divisor, suffix in ((1e6, 1e6, " M"), (1e4, 1e3, " k")):
        if abs(value) >= limit:
            return f"{value / divisor:.3g}{suffix}"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


HEADINGS = ("what", "figure", "low - high", "unit", "cores", "MiB", "instr/msg", "baseline", "its figure", "its cores", "ratio",
            "aim")
WIDTHS = (25, 9, 17, 11, 5, 6, 9, 29, 10, 9, 6, 24)


def table_line(cells):
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, WIDTHS)).rstrip()


def table_head():
    return table_line(HEADINGS) + "\n" + table_line(["-" * width for width in WIDTHS])


def table_rows(results):
    """The first line of a figure says it, those below only compare."""
    said = set()
    for result in results:
        mine = [result["name"], number(result["value"]), f"{number(result['low'])} - {number(result['high'])}", result["unit"],
                f"{result['cores']:.2f}", f"{result['rss_mib']:.1f}", number(result["instructions_a_message"])]
        if result["name"] in said:
            mine = [""] * len(mine)
        said.add(result["name"])
        beside = ["", "", "", ""]
        if result["baseline"]:
            beside = [result["baseline"], number(result["baseline_value"]), f"{result['baseline_cores']:.2f}",
                      f"{result['ratio']:.2f}"]
        yield table_line([*mine, *beside, result["aim"] if mine[0] else ""])
