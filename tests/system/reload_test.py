"""SIGHUP takes the configuration over while the host runs: nothing lost, nothing twice, each key in order; or nothing changes
at all."""
# ctest: sanitize

import collections
import os
import shutil
import signal
import time
import unittest

from order import Attempt, breaches
from support import Ended, FLIGHTS, PLUGINS, SANITIZED, SystemTest, airports_in, airports_of, flights_config, json_lines

TIMES = 12 if SANITIZED else 30


class Reload(SystemTest):
    def reload(self, running):
        """Sends SIGHUP and waits for the line that says how it went; True if the configuration was taken over."""
        seen = len(self.ends(running))
        running.signal(signal.SIGHUP)
        return running.wait_for(lambda run: self.ends(run)[seen:], "the end of a reload")[0].startswith("reloaded: ")

    def ends(self, running):
        return [entry["message"] for entry in running.events()
                if entry["message"].startswith("reloaded: ") or "was not reloaded" in entry["message"]]

    def said(self, running, text):
        return [entry["message"] for entry in running.events() if text in entry["message"]]


class AskedForByAVerb(Reload):
    def test_says_what_has_changed_or_why_nothing_has(self):
        text = """
state_dir: ./state
sources: { load: { plugin: generate, rate: 100 } }
pools: { p: { source: load, workers: 2, handler: { plugin: noop } } }
log: { format: json }
"""
        config = self.write("load.yaml", text)
        self.assertIn("no host runs", self.tell("reload", config, status=5)[1])
        running = self.start_host(config)
        config.write_text(text.replace("workers: 2", "workers: 4"))
        self.assertIn("workers 2 -> 4", self.tell("reload", config)[0])
        # Its file is wrong for the command line as well; the host judges its own, read with its own overrides.
        config.write_text(text.replace("plugin: generate", "plugin: generate, seed: 2"))
        out, err = self.tell("reload", config, status=1)
        self.assertTrue(out, "it says why")
        running.signal(signal.SIGTERM)
        self.assertEqual(running.wait(), 0)


class UnderLoad(Reload):
    def test_the_flights_are_exact_while_the_workers_change_again_and_again(self):
        copies = 3 if SANITIZED else 15  # long enough for all reloads on any machine
        path = self.write("flights.jsonl", FLIGHTS.read_text() * copies)
        text = flights_config(path) + "statistics: { every: 20ms }\n"
        small_queues = "workers: 10\n    queue: { capacity: 50 }\n    batch: { max: 4 }"
        config = self.write("flights.yaml", text.replace("workers: 10", small_queues))
        start = config.read_text()
        running = self.start("run", config)
        applied = 0
        for turn in range(TIMES):
            running.wait_for_event("statistics", received=lambda count: count > turn * 10_000 * copies // TIMES)
            config.write_text(start.replace("workers: 10", f"workers: {(3, 20, 10)[turn % 3]}"))
            try:
                applied += self.reload(running)
            except Ended:  # the rest of the file was quicker
                break
        self.assertEqual(running.wait(), 0, running.tail)
        self.assertGreaterEqual(applied, TIMES // 2)
        final = running.final()
        total = 20_000 * copies
        self.assertEqual((final["received"], final["acked"], final["released"]), (total, total, 0),
                         "nothing was delivered twice")
        self.assertEqual(airports_in(self.folder / "flights.db"), airports_of(path))

    def test_each_key_stays_in_order_through_retries_and_resizing(self):
        messages, keys = 6_000, 40
        def text(workers, sleep_max):
            return f"""
state_dir: ./state
sources: {{ load: {{ plugin: generate, messages: {messages}, keys: {keys}, rate: {400 if SANITIZED else 3000} }} }}
pools:
  tracing:
    source: load
    route: {{ key: /key }}
    workers: {workers}
    queue: {{ capacity: 40 }}
    batch: {{ max: 8 }}
    retry: {{ attempts: 1000, backoff: 2ms, backoff_max: 2ms }}
    handler: {{ plugin: trace, path: ./calls.jsonl, sleep_max: {sleep_max}, fail_percent: 5 }}
statistics: {{ every: 20ms }}
log: {{ level: info, format: json }}
"""
        config = self.write("trace.yaml", text(10, "3ms"))
        running = self.start("run", config)
        applied = 0
        for turn in range(TIMES):
            running.wait_for_event("statistics", acked=lambda count: count > turn * messages // (2 * TIMES))
            config.write_text(text((3, 20, 10)[turn % 3], ("2ms", "3ms")[turn % 2]))
            applied += self.reload(running)
        self.assertEqual(applied, TIMES, running.tail)
        self.assertEqual(running.wait(), 0, running.tail)
        final = running.final()
        self.assertEqual((final["received"], final["acked"], final["released"]), (messages, messages, 0))

        calls = self.read_lines("calls.jsonl")
        numbers = {}  # of each message within its key, from the order of the source
        count = collections.Counter()
        for sequence, key in sorted({(int(call["id"].split(":")[1]), call["key"]) for call in calls}):
            numbers[sequence] = count[key]
            count[key] += 1
        attempts = [Attempt(call["key"], numbers[int(call["id"].split(":")[1])], call["attempt"], call["worker"],
                            call["start_ns"], call["end_ns"], call["verdict"] == "done") for call in calls]
        self.assertEqual(breaches(attempts, count), [])
        self.assertEqual(sum(call["verdict"] == "retry" for call in calls), final["retried"],
                         "counts of replaced workers are kept")
        retried = [entry["retried"] for entry in running.events("statistics")]
        self.assertEqual(retried, sorted(retried), "they never go back")


class Policies(Reload):
    def config(self, pools, extra="", source="{ plugin: generate, rate: 400, keys: 8 }"):
        return self.write("host.yaml", f"""
state_dir: ./state
sources: {{ load: {source} }}
pools:
{pools}
statistics: {{ every: 20ms }}
log: {{ level: info, format: json }}
{extra}""")

    POOL = "  all: { source: load, route: { key: /key }, workers: 2, handler: { plugin: noop } }"

    def started(self, *arguments, **options):
        running = self.start("run", self.config(*arguments, **options))
        running.wait_for_event("statistics", received=lambda count: count > 0)
        return running

    def nothing_lost(self, running):
        """Stops it: what it received, it has settled or given back. Sources that a reload has to meet end only then."""
        final = self.stop(running).final()
        self.assertGreater(final["acked"], 0)
        self.assertEqual(final["received"], final["acked"] + final["released"])

    def test_says_what_has_changed(self):
        running = self.started(self.POOL)
        self.assertTrue(self.reload(running))
        self.assertEqual(self.ends(running), ["reloaded: nothing has changed"])
        self.config(self.POOL.replace("workers: 2", "workers: 5, batch: { max: 8 }"), "shutdown: { deadline: 5s }\n")
        self.assertTrue(self.reload(running))
        self.assertEqual(self.ends(running)[1],
                         "reloaded: pools.all: workers 2 -> 5, batch.max 64 -> 8; shutdown: deadline 30s -> 5s")
        self.nothing_lost(running)

    def test_levels_of_the_log_and_the_interval_of_the_statistics_change_at_once(self):
        running = self.started(self.POOL, source="{ plugin: generate, rate: 100 }")
        path = self.folder / "host.yaml"
        path.write_text(path.read_text().replace("level: info", "level: debug").replace("20ms", "10ms"))
        self.assertTrue(self.reload(running))
        running.wait_for_event("worker_statistics")
        self.assertEqual(self.ends(running), ["reloaded: statistics: every 20ms -> 10ms; log: level info -> debug"])
        self.stop(running)

    def test_takes_over_both_stages_while_the_queue_between_them_is_full(self):
        def write(workers):
            return self.write("host.yaml", f"""
state_dir: ./state
sources:
  load: {{ plugin: generate, keys: 8 }}
  next: {{ plugin: sqlite, path: ./next.db }}
targets:
  next: {{ plugin: sqlite, path: ./next.db, max_messages: 10 }}
pools:
  first:
    source: load
    route: {{ key: /key }}
    workers: {workers}
    batch: {{ max: 2 }}
    handler: {{ plugin: forward, target: next }}
  second: {{ source: next, route: {{ key: /key }}, workers: {workers}, handler: {{ plugin: noop, sleep: 2ms }} }}
statistics: {{ every: 20ms }}
log: {{ level: info, format: json }}
""")

        running = self.start("run", write(2))
        running.wait_for_event("statistics", source=lambda name: name == "next", acked=lambda count: count > 20)
        for workers in (3, 2, 4):
            write(workers)
            self.assertTrue(self.reload(running), "what waits for room in the queue had none")
        self.stop(running)

    def test_an_invalid_file_changes_nothing_and_says_why(self):
        running = self.started(self.POOL)
        self.config(self.POOL.replace("workers: 2", "wokers: 5").replace("plugin: noop", "plugin: nop"))
        self.assertFalse(self.reload(running))
        errors = [entry["message"] for entry in running.events() if entry["level"] == "error"]
        self.assertTrue(any("pools.all.wokers: unknown key" in error for error in errors), errors)
        self.assertTrue(any('there is no handler "nop"' in error for error in errors), errors)
        self.config(self.POOL.replace("plugin: noop", "plugin: sql, database: nowhere, statement: x"))
        self.assertFalse(self.reload(running))
        self.assertTrue(self.said(running, "nowhere"))
        self.nothing_lost(running)

    def test_what_needs_a_restart_is_refused_by_name(self):
        running = self.started(self.POOL, source="{ plugin: generate, rate: 2000 }")
        path = self.folder / "host.yaml"
        text = path.read_text().replace("rate: 2000", "rate: 3000").replace("./state", "./other")
        path.write_text(text.replace("workers: 2", "workers: 3"))
        self.assertFalse(self.reload(running))
        self.assertEqual(self.said(running, "sources.load.rate needs a restart"),
                         ["sources.load.rate needs a restart (2000 -> 3000)"])
        self.assertEqual(len(self.said(running, "state_dir needs a restart")), 1)
        self.assertFalse(self.said(running, "workers"), "one that could be taken over is not named, and not taken over")
        self.nothing_lost(running)

    def test_other_ways_drain_the_source_first(self):
        trace = "plugin: trace, path: ./calls.jsonl, sleep_max: 2ms"
        first = f"  a: {{ source: load, route: {{ key: /key }}, workers: 3, handler: {{ {trace} }} }}"
        source = "{ plugin: generate, rate: 4000, keys: 10 }"
        running = self.started(first, source=source)
        low = (f"  low: {{ source: load, when: {{ /key: k0000001 }}, workers: 2, route: {{ key: id }}, "
               f"handler: {{ {trace} }} }}\n")
        self.config(low + first, source=source)
        self.assertTrue(self.reload(running))
        self.assertEqual(self.ends(running), ["reloaded: pools.low: new"])
        self.config(first, source=source)
        self.assertTrue(self.reload(running))
        given_back = [entry["released"] for entry in running.events("statistics") if entry["released"]]
        self.assertEqual(given_back, [], "they waited for it")
        self.nothing_lost(running)
        calls = self.read_lines("calls.jsonl")
        seen = collections.defaultdict(list)
        for call in sorted(calls, key=lambda one: one["start_ns"]):
            if call["key"].startswith("k"):
                seen[call["key"]].append(int(call["id"].split(":")[1]))
        self.assertGreaterEqual(len(seen), 9)
        self.assertTrue(all(numbers == sorted(set(numbers)) for numbers in seen.values()), "in order, and none twice")

    def test_a_handler_that_hangs_lets_the_reload_be_given_up(self):
        self.lines_file("lines.jsonl", [{"k": number % 4, "n": number} for number in range(40)])
        pool = ("  all: { source: load, route: { key: /k }, workers: 2, batch: { max: 1 }, "
                "handler: { plugin: noop, sleep: SLEEP } }")
        source = "{ plugin: file, path: ./lines.jsonl }"
        config = self.config(pool.replace("SLEEP", "1500ms"), "shutdown: { deadline: 300ms }\n", source=source)
        running = self.start("run", config)
        running.wait_for_event("statistics", received=lambda count: count == 40)
        self.config(pool.replace("SLEEP", "1ms"), "shutdown: { deadline: 300ms }\n", source=source)
        self.assertFalse(self.reload(running))
        self.assertTrue(self.said(running, "came back within 300ms (shutdown.deadline)"))
        self.assertTrue(self.said(running, "has been in its handler for"))
        self.assertTrue(self.said(running, "has messages in its old pools"))
        self.assertNotIn("has not ended", running.log)
        # The old pool goes on, and at the next try with more time the new one takes over.
        running.wait_for_event("statistics", acked=lambda count: count >= 2)
        path = self.folder / "host.yaml"
        path.write_text(path.read_text().replace("300ms", "20s").replace("sleep: 1ms", "sleep: 1500ms"))
        self.assertTrue(self.reload(running))
        path.write_text(path.read_text().replace("sleep: 1500ms", "sleep: 1ms"))
        self.assertTrue(self.reload(running))
        self.assertEqual(running.wait(), 0)
        final = running.final()
        self.assertEqual((final["received"], final["acked"], final["released"]), (40, 40, 0))

    def test_takes_over_while_one_pool_is_far_slower_than_another_and_full_queues_give_back(self):
        # The quick pool's queues give back all the time, so that there is always something that the source has not confirmed
        # yet; those of the slow one keep messages whose time is over by the time that its workers have come back.
        source = "{ plugin: sqlite, path: ./queue.db }"
        pool = ("  {name}: {{ source: load, {when}route: {{ key: /key }}, workers: {workers}, "
                "queue: {{ capacity: 20, when_full: {{ timeout: {timeout} }} }}, "
                "handler: {{ plugin: noop, sleep: {sleep} }} }}\n")

        def pools(workers):
            return (pool.format(name="slow", when="when: { /p: slow }, ", workers=workers, timeout="500ms", sleep="500ms") +
                    pool.format(name="quick", when="", workers=workers, timeout="1ms", sleep="1ms"))
        config = self.config(pools(2), "shutdown: { deadline: 10s }\n", source=source)
        lines = [{"p": ("slow", "quick")[n % 2], "key": f"k{n % 1000}", "n": n} for n in range(30_000)]
        self.tell("enqueue", config, "--source", "load", lines=json_lines(lines))
        running = self.start("run", config)
        running.wait_for_event("statistics", acked=lambda count: count > 40, released=lambda count: count > 40)
        for turn in range(3):
            self.config(pools(3 - turn % 2), "shutdown: { deadline: 10s }\n", source=source)
            begun = time.monotonic()
            self.assertTrue(self.reload(running), running.tail)
            self.assertLess(time.monotonic() - begun, 5, "a call of half a second, not the deadline")
        self.stop(running)

    def test_a_plugin_file_that_was_replaced_needs_a_restart(self):
        plugins = self.folder / "plugins"
        plugins.mkdir(mode=0o755)
        shutil.copy(PLUGINS / "noop.so", plugins / "mine.so")
        pool = self.POOL.replace("plugin: noop", "plugin: ./plugins/mine.so")
        running = self.started(pool, source="{ plugin: generate, rate: 100 }")
        shutil.copy(PLUGINS / "noop.so", plugins / "new.so")
        os.rename(plugins / "new.so", plugins / "mine.so")
        self.assertFalse(self.reload(running))
        self.assertTrue(self.said(running, "pools.all.handler needs a restart: "))
        self.stop(running)

    def test_a_stop_during_a_reload_stops(self):
        pool = ("  all: { source: load, route: { key: /key }, workers: 2, batch: { max: 1 }, "
                "handler: { plugin: noop, sleep: SLEEP } }")
        source = "{ plugin: generate, rate: 200 }"
        running = self.start("run", self.config(pool.replace("SLEEP", "700ms"), source=source))
        running.wait_for_event("statistics", received=lambda count: count > 20)
        self.config(pool.replace("SLEEP", "1ms"), source=source)
        running.signal(signal.SIGHUP)
        running.wait_for(lambda run: self.said(run, "reloads "), "the begin of the reload")
        self.stop(running)
        self.assertGreater(running.final()["released"], 0)

    def test_no_configuration_can_be_read_again_from_standard_input(self):
        config = self.config(self.POOL, source="{ plugin: generate, rate: 100 }")
        with open(config, encoding="utf-8") as text:
            running = self.start("run", "-", stdin=text)
        running.wait_for_event("statistics", received=lambda count: count > 0)
        self.assertFalse(self.reload(running))
        self.assertTrue(self.said(running, "standard input"))
        self.stop(running)


if __name__ == "__main__":
    unittest.main()
