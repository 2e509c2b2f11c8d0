"""`sluice tune`: prints what other settings bring, and leaves everything as it was."""
# ctest: timeout=600

import hashlib
import json
import re
import subprocess
import unittest

from support import BIN, DEADLINE, FLIGHTS, SystemTest, flights_config, query


def snapshot(folder):
    """Every file below, by its content; locks hold the number of the last process."""
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.endswith("-lock")}


class Tune(SystemTest):
    def tune(self, *arguments, status=0):
        done = subprocess.run([str(BIN), "tune", *map(str, arguments)], cwd=self.folder, capture_output=True, text=True,
                              timeout=DEADLINE)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def rows(self, done):
        return [line for line in done.stdout.splitlines() if re.match(r" +\d+ +\d+ +\d+ ", line)]

    QUICK = ("--workers", "1,4", "--batch", "16,64", "--queue", "100,1000", "--messages", "2000", "--seconds", "5")

    def test_prints_a_table_recommends_one_setting_and_changes_nothing(self):
        config = self.write("flights.yaml", flights_config(FLIGHTS))
        self.run_to_end("run", config)
        before = snapshot(self.folder)
        self.assertIn("flights.db", before)
        table = query(self.folder / "flights.db", "SELECT * FROM airport ORDER BY code")
        done = self.tune(config, *self.QUICK)
        self.assertEqual(snapshot(self.folder), before)
        self.assertEqual(query(self.folder / "flights.db", "SELECT * FROM airport ORDER BY code"), table)
        self.assertIn("keeps nothing", done.stderr)
        self.assertGreaterEqual(len(self.rows(done)), 4, done.stdout)
        self.assertRegex(done.stdout, r"recommended: workers: \d+, batch: \{ max: \d+ \}, queue: \{ capacity: \d+ \}")
        self.assertRegex(done.stdout, r"queue: messages arrive at .* and are processed at ")
        # The position is where it was, too.
        self.assertEqual(self.run_to_end("run", config).final()["received"], 0)

    def test_prints_json_a_line_a_trial(self):
        config = self.write("flights.yaml", flights_config(FLIGHTS))
        done = self.tune(config, *self.QUICK, "--json", "--arrival", "1e9", "--burst", "2s")
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual({line["event"] for line in lines[:-1]}, {"trial"})
        self.assertEqual({(line["workers"]) for line in lines[:-1]}, {1, 4})
        for line in lines:
            self.assertGreater(line["rate_per_s"], 0)
            self.assertGreaterEqual(line["latency_p99_ns"], line["latency_p50_ns"])
            self.assertGreaterEqual(line["messages"], 2_000)
        last = lines[-1]
        self.assertEqual(last["event"], "recommended")
        self.assertAlmostEqual(last["waiting"], (1e9 - last["rate_per_s"]) * 2, delta=2)
        self.assertEqual(last["queue_for_burst"], 1 << 20)

    def test_gives_back_what_a_durable_queue_has_delivered(self):
        config = self.write("queue.yaml", """
state_dir: ./state
sources: { jobs: { plugin: sqlite, path: ./jobs.db, queue: jobs } }
targets: { out: { plugin: file, path: ./out.jsonl } }
pools: { p: { source: jobs, route: { key: id }, handler: { plugin: forward, target: out } } }
""")
        self.tell("enqueue", config, "--source", "jobs", lines="".join(f'{{"n":{n}}}\n' for n in range(500)))
        self.tune(config, "--workers", "1,2", "--batch", "64", "--queue", "1000", "--messages", "400", "--seconds", "0.3")
        self.assertFalse((self.folder / "out.jsonl").exists(), "nothing is published")
        out, _ = self.tell("queues", config, "--json")
        jobs = next(json.loads(line) for line in out.splitlines() if '"jobs"' in line)
        self.assertEqual(jobs["ready"], 500, out)

    def test_runs_no_handler_that_may_do_more_than_the_host_can_take_back(self):
        config = self.write("trace.yaml", """
state_dir: ./state
sources: { load: { plugin: generate, messages: 300 } }
pools: { p: { source: load, handler: { plugin: trace, path: ./calls.jsonl } } }
""")
        done = self.tune(config, status=1)
        self.assertIn('pools.p.handler: the handler "trace" does not say', done.stderr)
        self.assertIn("--run-handlers", done.stderr)
        self.assertFalse((self.folder / "calls.jsonl").exists())
        self.tune(config, "--run-handlers", "--workers", "1", "--batch", "8", "--queue", "100")
        calls = len((self.folder / "calls.jsonl").read_text().splitlines())
        self.assertIn(calls, range(300, 1_501, 300), "up to five passes")
        self.assertFalse((self.folder / "state").exists())

    def test_ends_in_time_with_a_source_that_never_ends_and_slow_handlers(self):
        config = self.write("slow.yaml", """
state_dir: ./state
sources: { load: { plugin: generate } }
pools: { p: { source: load, workers: 2, handler: { plugin: noop, sleep: 5ms } } }
""")
        done = self.tune(config, "--seconds", "0.3", "--workers", "2,8", "--batch", "4", "--queue", "10,100", "--json")
        trials = [json.loads(line) for line in done.stdout.splitlines()][:-1]
        rates = {}
        for trial in trials:
            rates.setdefault(trial["workers"], trial["rate_per_s"])
        self.assertGreater(rates[8], 2 * rates[2], trials)

    def test_takes_a_sample_in_place_of_the_source(self):
        config = self.write("stdin.yaml", """
state_dir: ./state
sources: { lines: { plugin: file, path: "-" } }
pools: { p: { source: lines, handler: { plugin: noop } } }
""")
        self.assertIn("record it and name the file with --sample", self.tune(config, status=1).stderr)
        self.lines_file("sample.jsonl", [{"n": n} for n in range(200)])
        done = self.tune(config, "--sample", "sample.jsonl", "--workers", "1", "--json")
        self.assertEqual({json.loads(line)["messages"] for line in done.stdout.splitlines()}, {200})

    def test_says_what_is_wrong_with_how_it_is_called(self):
        config = self.write("two.yaml", """
sources: { load: { plugin: generate, messages: 10 } }
pools:
  a: { source: load, when: { /seq: "1" }, handler: { plugin: noop } }
  b: { source: load, handler: { plugin: noop } }
""")
        self.assertIn("name the one to tune with --pool", self.tune(config, status=1).stderr)
        self.assertIn('there is no pool "c"', self.tune(config, "--pool", "c", status=1).stderr)
        for wrong in (("--workers", "0"), ("--batch", "1,"), ("--queue", "x"), ("--burst", "2"), ("--seconds", "0"),
                      ("--arrival", "-1")):
            self.assertIn("see `sluice tune --help`", self.tune(config, "--pool", "b", *wrong, status=2).stderr)
        self.assertIn("there is no such file", self.tune(config, "--pool", "b", "--sample", "gone.jsonl", status=1).stderr)


if __name__ == "__main__":
    unittest.main()
