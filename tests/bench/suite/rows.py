"""The rows. Each drives the real binary: 256 bytes of JSON, 10,000 keys, ten workers unless it says otherwise."""
import functools

from . import programs
from .programs import baseline, configuration, installed, sluice
from .row import Figure, Row

LATENCIES = ("p50", "p99", "p999")
SKEW_SHARE = 0.1021  # of the most frequent of 10,000 keys when they are Zipf distributed with exponent 1: 1 / H(10,000)


class Scale:
    """How much work a run does. Tiny: enough to pass every place in the code, for the test run."""

    def __init__(self, tiny):
        self.tiny = tiny

    def messages(self, full):
        return max(200, full // 5000) if self.tiny else full


def generate(messages, **options):
    return {"plugin": "generate", "messages": messages, **options}


def memory(scale, name, about, full, route, busy_ns=0, aim="", **source):
    """generate -> route -> 10 workers -> noop."""
    messages = scale.messages(full)
    key = "known" if route["key"].startswith("header:") else "json"

    def text(count):
        return configuration(generate(count, **source), route, {"plugin": "noop", "busy_ns": busy_ns})

    few = scale.messages(full // 10)  # the slow ways do less of the same work
    others = {}
    busy = {"busy_ns": busy_ns} if busy_ns else {}
    others["mailboxes on one thread"] = lambda: baseline("mailboxes", messages=messages, key=key, executors=1, **busy)
    others["the same, each message copied"] = lambda: baseline("mailboxes", messages=messages, key=key, executors=1, copy=1,
                                                               **busy)
    if busy_ns:
        others["mailboxes on two threads"] = lambda: baseline("mailboxes", messages=messages, key=key, executors=2, **busy)
    others["batched ring per thread"] = lambda: baseline("mailboxes", messages=messages, key=key, executors=10, **busy)
    others["batched ring, 20 us yield"] = lambda: baseline("mailboxes", messages=messages, key=key, executors=10,
                                                           yield_us=20, **busy)
    others["mutex and condition"] = lambda: baseline("mutex_queue", messages=few, key=key, **busy)
    if installed("tbb_queue"):
        others["oneTBB bounded queue"] = lambda: baseline("tbb_queue", messages=few, key=key, **busy)
    if installed("go_pool"):
        go_busy = {"busy": f"{busy_ns}ns"} if busy_ns else {}
        others["Go worker pool"] = lambda: baseline("go_pool", messages=few, key=key, **go_busy)
        others["Go worker pool, each copied"] = lambda: baseline("go_pool", messages=few, key=key, copy="true", **go_busy)
    return Row(name, about, lambda: sluice(text(messages), messages), [Figure("rate", "messages/s", aim)], others, messages,
               lambda: sluice(text(1), 1), text=None if busy_ns else text)


def steady(scale, name, about, route, **source):
    """The same work again and again: nothing may fall behind when the threads share a core, or do not."""
    messages = scale.messages(3_000_000)
    text = configuration(generate(messages, **source), route, {"plugin": "noop"})
    return Row(name, about, lambda: sluice(text, messages, "0,1"), [Figure("rate", "messages/s", ">= 0.8 x")],
               {"on one core": lambda: sluice(text, messages, "0")}, runs=2 if scale.tiny else 10, spread_aim=">= 0.6")


def memory_limit(scale):
    """Queues that would hold a million messages each, workers slower than the source, and 64 MiB for all that is in flight."""
    messages = scale.messages(10_000_000)

    def run(count):
        text = configuration(generate(count), {"key": "/key"}, {"plugin": "noop", "busy_ns": 500}, memory_limit="64MiB",
                             queue={"capacity": 1_000_000, "bytes": "1GiB"})
        return lambda: sluice(text, count)

    return Row("memory_limit", "ten million messages that come faster than they go, memory_limit 64MiB", run(messages),
               [Figure("rss_mib", "MiB", "flat"), Figure("rate", "messages/s")],
               {"a tenth of the messages": run(messages // 10)}, runs=1 if scale.tiny else 3)


def sizes(scale, name, size, full):
    """Bodies of one size, default queues: what the messages in flight make the process take."""
    messages = scale.messages(full)

    def run(workers):
        pool = {"key": "header:key"}
        text = configuration(generate(messages, size=size, key_header="key"), pool, {"plugin": "noop"}, workers=workers)
        return lambda: sluice(text, messages)

    return Row(name, f"bodies of {size}, ten workers", run(10),
               [Figure("rate", "messages/s"), Figure("rss_mib", "MiB", "<= 300")], {"one worker": run(1)},
               runs=1 if scale.tiny else 3)


def order_cost(scale, name, about, route, **source):
    messages = scale.messages(3_000_000)

    def run(by):
        return lambda: sluice(configuration(generate(messages, **source), by, {"plugin": "noop"}), messages)

    return Row(name, about, run(route), [Figure("rate", "messages/s", ">= 0.95 x")],
               {"round_robin": run({"by": "round_robin"})})


SQLITE_SETUP = """
CREATE TABLE IF NOT EXISTS event(key TEXT NOT NULL, seq INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS total(key TEXT PRIMARY KEY, count INTEGER NOT NULL);
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
INSERT OR IGNORE INTO total SELECT printf('k%07d', i), 0 FROM n;
"""


def sqlite(scale, name, about, full, figures, baselines, deduplicate=False, batch=None, **source):
    """generate -> /key -> 10 workers -> sql: one insert and one update per message, synchronous=FULL."""
    messages = scale.messages(full)

    def text(count):
        database = {"plugin": "sqlite", "path": "./bench.db", "deduplicate": deduplicate, "setup": SQLITE_SETUP}
        handler = {"plugin": "sql", "database": "bench",
                   "statements": ["INSERT INTO event VALUES(:key, :seq)",
                                  "UPDATE total SET count = count + 1 WHERE key = :key"]}
        rest = {"batch": {"max": batch}} if batch else {}
        return configuration(generate(count, **source), {"key": "/key"}, handler, databases={"bench": database}, **rest)

    others = {}
    for label, commit, threads, divide in baselines:
        others[label] = functools.partial(baseline, "sqlite_commits", messages=scale.messages(full // divide), commit=commit,
                                          threads=threads, file="FILE")
    return Row(name, about, lambda: sluice(text(messages), messages), figures, others, messages, lambda: sluice(text(1), 1),
               text=None if source else text)


def sqlite_queue(scale, way):
    """In: generate -> header:key -> 10 workers -> forward -> queue. Out: queue -> header:key -> 10 workers -> noop.
    Durable each way."""
    messages = scale.messages(500_000)
    route = {"key": "header:key"}
    queue = {"plugin": "sqlite", "path": "./queue.db"}

    def fill(count):
        return configuration(generate(count, key_header="key"), route,
                             {"plugin": "forward", "target": "queue", "keep_headers": False}, targets={"queue": queue})

    def prepare(folder):
        programs.measured([programs.SLUICE, "run", programs.write_configuration(fill(messages), folder)], folder)

    def run():
        if way == "in":
            return sluice(fill(messages), messages)
        return sluice(configuration({**queue, "until_empty": True}, route, {"plugin": "noop"}), messages, prepare=prepare)

    others = {}
    for commit, divide in ((1000, 1), (1, 250)):
        others[f"one thread, {commit} per commit"] = functools.partial(
            baseline, "sqlite_queue", messages=scale.messages(500_000 // divide), commit=commit, way=way, file="FILE")
    about = "store in a queue, durable" if way == "in" else "receive from a queue and settle, durable"
    return Row(f"sqlite_queue_{way}", about, run, [Figure("rate", "messages/s", ">= 400 k/s"), Figure("settle_p99", "us")],
               others)


def latency(scale, name, about, rate, burst, aims, seconds=2):
    """Paced; from the time a message was due to its handler, and from receive to settle."""
    messages = scale.messages(rate * seconds) // burst * burst
    handler = {"plugin": str(programs.PROGRAMS / "due.so"), "path": "./due.jsonl"}
    text = configuration(generate(messages, rate=rate, burst=burst, stamp=True), {"key": "/key"}, handler)
    options = {"messages": messages, "rate": rate, "burst": burst}
    others = {"mailboxes on one thread": lambda: baseline("mailboxes", executors=1, **options),
              "mutex and condition": lambda: baseline("mutex_queue", **options)}
    if installed("go_pool"):
        others["Go worker pool"] = lambda: baseline("go_pool", **options)
    figures = [Figure(each, "us", aims.get(each, "")) for each in LATENCIES]
    figures += [Figure("settle_p50", "us"), Figure("settle_p99", "us")]
    return Row(name, about, lambda: sluice(text, messages), figures, others)


def files(scale, name, about, handler, aim="", **rest):
    """file -> /key -> 10 workers -> handler, beside one thread that does nothing else."""
    messages = scale.messages(1_000_000)

    def lines(path):
        with open(path, "w", encoding="ascii") as out:
            for sequence in range(messages):
                front = f'{{"key":"k{sequence * 2654435761 % 10_000:07}","seq":{sequence},"pad":"'
                out.write(front + "x" * (254 - len(front)) + '"}\n')

    def prepare(folder):
        lines(folder / "in.jsonl")

    def one_thread():
        with programs.Folder() as folder:
            lines(folder / "in.jsonl")
            out = {"out": folder / "out.jsonl"} if "targets" in rest else {}
            return baseline("file_copy", **{"in": folder / "in.jsonl"}, **out)

    text = configuration({"plugin": "file", "path": "./in.jsonl"}, {"key": "/key"}, handler, **rest)
    return Row(name, about, lambda: sluice(text, messages, prepare=prepare), [Figure("rate", "messages/s", aim)],
               {"one thread": one_thread}, messages)


def file_in(scale):
    return files(scale, "file_in", "file of JSON lines, route /key, noop", {"plugin": "noop"})


def file_to_file(scale):
    return files(scale, "file_to_file", "file of JSON lines, route /key, forward to a file",
                 {"plugin": "forward", "target": "copy"}, ">= 0.8 M/s, <= 48 MiB",
                 targets={"copy": {"plugin": "file", "path": "./out.jsonl"}})


def skew(scale):
    """Keys by Zipf, a handler that sleeps 1 ms: bounded by ten sleepers, and by what one worker can do of the hottest key."""
    messages = scale.messages(20_000)

    def text(**route):
        return configuration(generate(messages, distribution="zipf"), {"key": "/key", **route},
                             {"plugin": "noop", "sleep": "1ms"})

    def hottest_key():
        sample = baseline("sleepers", messages=messages)
        sample.figures["rate"] *= min(1, 1 / (10 * SKEW_SHARE))
        return sample

    return Row("skew", "Zipf 1.0, the handler sleeps 1 ms", lambda: sluice(text(), messages),
               [Figure("rate", "messages/s", ">= 0.9 x")],
               {"bound by the hottest key": hottest_key,
                "keys stay where they are": lambda: sluice(text(rebalance=False), messages)})


def bad_key(scale):
    """One key of 10,000 always fails, three times each message, beside a run in which none does."""
    messages = scale.messages(10_000_000)

    def run(**failing):
        text = configuration(generate(messages), {"key": "/key"}, {"plugin": "noop", **failing},
                             retry={"attempts": 3, "backoff": "1ms", "backoff_max": "1ms"}, park_full="dead_letter")
        return lambda: sluice(text, messages, gives_up=True)

    return Row("bad_key", "one key of 10,000 always fails", run(retry_key="k0000000"),
               [Figure("rate", "messages/s", ">= 0.95 x")], {"no key fails": run()})


def idle(scale):
    text = configuration({"plugin": "generate", "rate": 0.001, "burst": 1}, {"key": "/key"}, {"plugin": "noop"})
    return Row("idle", "ten workers and nothing to do", lambda: programs.idle(text, 0.2 if scale.tiny else 10),
               [Figure("cpu_percent", "% of a core", "< 0.5"), Figure("rss_mib", "MiB", "<= 12")], runs=1 if scale.tiny else 3)


def all_rows(scale):
    json_key, header_key = {"key": "/key"}, {"key": "header:key"}
    rows = [
        memory(scale, "memory_json", "generate, route /key, noop", 5_000_000, json_key, aim=">= 7 M/s, 0.7 x, 15 x Go"),
        memory(scale, "memory_header", "the key is known: route header:key", 5_000_000, header_key, key_header="key",
               aim=">= 20 M/s, 4.5 x Go"),
        memory(scale, "memory_busy", "route /key, handler of 1.2 us of CPU", 1_000_000, json_key, busy_ns=1200,
               aim=">= 1.45 M/s"),
        steady(scale, "steady_json", "memory_json ten times, on two cores and on one", json_key),
        steady(scale, "steady_header", "memory_header ten times, on two cores and on one", header_key, key_header="key"),
        memory_limit(scale),
        sizes(scale, "size_64", "64B", 5_000_000),
        sizes(scale, "size_4k", "4KiB", 500_000),
        sizes(scale, "size_64k", "64KiB", 50_000),
        sizes(scale, "size_256k", "256KiB", 20_000),
        sizes(scale, "size_4m", "4MiB", 2_000),
        order_cost(scale, "order_cost", "route header:key beside round_robin", header_key, key_header="key"),
        order_cost(scale, "order_cost_json", "route /key beside round_robin: the parse counts too", json_key),
        file_in(scale),
        file_to_file(scale),
        sqlite(scale, "sqlite", "insert and update, durable", 500_000,
               [Figure("rate", "messages/s", ">= 220 k/s"), Figure("settle_p99", "us")],
               [("one thread, 1000 per commit", 1000, 1, 1), ("one thread, 100 per commit", 100, 1, 2),
                ("one thread, 1 per commit", 1, 1, 50), ("ten threads, own transactions", 1, 10, 50)]),
        sqlite(scale, "sqlite_deduplicate", "the same with deduplicate", 300_000, [Figure("rate", "messages/s", ">= 150 k/s")],
               [("one thread, 1000 per commit", 1000, 1, 1)], deduplicate=True),
        sqlite(scale, "sqlite_single", "the same with batch.max 1", 50_000, [Figure("rate", "messages/s", ">= 28 k/s")],
               [("one thread, 1 per commit", 1, 1, 5)], batch=1),
        sqlite(scale, "sqlite_paced", "the same at 100,000 per second: receive to settle", 200_000,
               [Figure("settle_p50", "us"), Figure("settle_p99", "us", "<= 10 ms"), Figure("settle_max", "us")], [],
               rate=100_000, burst=10),
        sqlite(scale, "sqlite_single_paced", "batch.max 1 at 10,000 per second: receive to settle", 20_000,
               [Figure("settle_p50", "us"), Figure("settle_p99", "us", "<= 1.5 ms"), Figure("settle_max", "us")], [], batch=1,
               rate=10_000, burst=1),
        sqlite_queue(scale, "in"),
        sqlite_queue(scale, "out"),
        latency(scale, "latency_burst100", "100,000/s in bursts of 100", 100_000, 100, {"p99": "<= 85", "p999": "<= 150"}),
        latency(scale, "latency_burst10", "100,000/s in bursts of 10", 100_000, 10, {"p99": "<= 80"}),
        latency(scale, "latency_single", "1,000/s, single messages", 1_000, 1, {"p50": "<= 6", "p99": "<= 60"}, seconds=5),
        skew(scale),
        bad_key(scale),
        idle(scale),
    ]
    return rows
