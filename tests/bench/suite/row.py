"""A row of the table: what is measured, in which figures, beside which baselines."""
import math
import statistics
import sys
from dataclasses import dataclass, field

from . import programs


@dataclass
class Figure:
    name: str  # in Sample.figures
    unit: str
    aim: str = ""  # as docs/reference/benchmarks.md has it


@dataclass
class Row:
    name: str
    about: str
    subject: callable  # () -> Sample, of the real binary
    figures: list = field(default_factory=lambda: [Figure("rate", "messages/s")])
    baselines: dict = field(default_factory=dict)  # name -> () -> Sample; their figures have the same names
    messages: int = 0  # of one run of the subject
    start: callable = None  # () -> Sample with next to no messages: its instructions are not those of messages
    runs: int = 0  # 0 = as asked for
    spread_aim: str = ""  # of the slowest run beside the fastest; empty = that is not a figure of this row
    text: callable = None  # (messages) -> the configuration, for --stages


@dataclass
class Measured:
    """What all runs of one variant of a row said."""

    samples: list

    def values(self, figure):
        return [sample.figures[figure] for sample in self.samples if figure in sample.figures]

    def median(self, figure):
        values = self.values(figure)
        return statistics.median(values) if values else math.nan

    def spread(self, figure):
        values = self.values(figure)
        return (min(values), max(values)) if values else (math.nan, math.nan)

    def cores(self):
        return statistics.median(sample.cpu_s / sample.wall_s if sample.wall_s else 0.0 for sample in self.samples)

    def rss_mib(self):
        return statistics.median(sample.rss_kib / 1024 for sample in self.samples)

    def instructions(self):
        return statistics.median(sample.instructions for sample in self.samples)


def measure(row, runs):
    """All variants in turn, again and again, so that a change of the machine's mood meets all of them.
    Medians are taken later."""
    variants = {"": row.subject, **row.baselines}
    samples = {name: [] for name in variants}
    for _ in range(row.runs or runs):
        for name, variant in variants.items():
            samples[name].append(variant())
    return {name: Measured(of) for name, of in samples.items()}


def instructions_a_message(row, measured):
    """NaN where the machine does not count instructions, or the row has no start to subtract."""
    if row.start is None or measured[""].instructions() < 0:
        return math.nan
    return (measured[""].instructions() - row.start().instructions) / row.messages


def results(row, measured, instructions):
    """One a figure and baseline: the lines of --json."""
    subject = measured[""]
    for figure in row.figures:
        low, high = subject.spread(figure.name)
        result = {
            "name": row.name if figure.name == "rate" else f"{row.name}.{figure.name}",
            "value": subject.median(figure.name), "unit": figure.unit, "baseline": None, "baseline_value": None, "ratio": None,
            "low": low, "high": high, "runs": len(subject.samples), "cores": subject.cores(), "rss_mib": subject.rss_mib(),
            "instructions_a_message": instructions, "aim": figure.aim,
        }
        beside = [name for name in measured if name and measured[name].values(figure.name)]
        if not beside:
            yield result
        for name in beside:
            value = measured[name].median(figure.name)
            yield {**result, "baseline": name, "baseline_value": value, "ratio": result["value"] / value if value else math.nan,
                   "baseline_cores": measured[name].cores(), "baseline_rss_mib": measured[name].rss_mib()}
    if row.spread_aim:
        low, high = subject.spread(row.figures[0].name)
        yield {**result, "name": f"{row.name}.slowest_run", "value": low / high if high else math.nan, "unit": "of fastest",
               "low": low, "high": high, "aim": row.spread_aim}


def run(row, runs):
    try:
        measured = measure(row, runs)
        return list(results(row, measured, instructions_a_message(row, measured)))
    except programs.Failed as failure:
        print(f"{row.name}: {failure}", file=sys.stderr)
        return None
