"""What the process itself owes: standard descriptors that are closed, a log that nobody reads, limits of the system."""

import os
import pathlib
import resource
import signal
import subprocess
import time
import unittest

from support import BIN, DEADLINE, SANITIZED, SystemTest

CONFIG = """
name: process
state_dir: ./state
sources: {{ in: {{ plugin: file, path: {path} }} }}
pools: {{ p: {{ source: in, workers: 2, handler: {{ plugin: noop{handler} }} }} }}
{more}"""


THREADS = """
name: threads
state_dir: ./state
sources: { lines: { plugin: file, path: ./in.jsonl, follow: true }, numbers: { plugin: generate, rate: 10 } }
databases: { db: { plugin: sqlite, path: ./out.db, setup: "CREATE TABLE IF NOT EXISTS t(n)" } }
targets: { copies-of-what-came: { plugin: file, path: ./out.jsonl } }
pools:
  rows: { source: lines, handler: { plugin: sql, database: db, statement: "INSERT INTO t VALUES(:n)" } }
  copies: { source: numbers, handler: { plugin: forward, target: copies-of-what-came } }
statistics: { every: 50ms }
log: { format: json }
"""


class Threads(SystemTest):
    def test_are_named_by_what_they_do(self):
        self.lines_file("in.jsonl", ({"n": n} for n in range(10)))
        run = self.start_host(self.write("threads.yaml", THREADS))
        for source in ("lines", "numbers"):
            run.wait_for_event("statistics", source=lambda name, source=source: name == source, acked=lambda n: n > 0)
        names = {path.read_text().rstrip("\n") for path in pathlib.Path(f"/proc/{run.pid}/task").glob("*/comm")}
        self.assertEqual(names, {"sluice", "supervisor", "watch", "admin", "src:lines", "src:numbers", "work:rows",
                                 "work:copies", "tgt:copies-of-w", "tgt:dead_letter", "sqlite:write", "file:position"})
        self.stop(run)


class Closed(SystemTest):
    """Standard descriptors that whoever started it has closed."""

    def setUp(self):
        super().setUp()
        self.config = self.write("process.yaml", CONFIG.format(path="./in.jsonl", handler="", more=""))
        self.lines_file("in.jsonl", ({"n": n} for n in range(10)))

    def shell(self, command, status=None, **options):
        done = subprocess.run(["/bin/sh", "-c", command.replace("sluice", str(BIN), 1)], cwd=self.folder, capture_output=True,
                              text=True, timeout=DEADLINE, **options)
        if status is not None:
            self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def test_enqueue_without_standard_input_stores_nothing_and_says_why(self):
        before = (self.folder / "in.jsonl").read_text()
        done = self.shell("sluice enqueue process.yaml --source in <&-", status=1)
        self.assertIn("standard input is closed", done.stderr)
        self.assertEqual((self.folder / "in.jsonl").read_text(), before)

    def test_enqueue_of_a_folder_is_an_error(self):
        done = self.shell("sluice enqueue process.yaml --source in < .", status=1)
        self.assertIn("standard input is a folder", done.stderr)

    def test_enqueue_of_what_cannot_be_read_is_the_same_error_where_a_host_runs(self):
        self.write("process.yaml", CONFIG.format(path="./in.jsonl, follow: true", handler="", more=""))
        self.start_host("process.yaml")
        before = (self.folder / "in.jsonl").read_text()
        for given, why in (("<&-", "standard input is closed"), ("< .", "standard input is a folder")):
            with self.subTest(given):
                done = self.shell(f"exec timeout 20 sluice enqueue process.yaml --source in {given}", status=1)
                self.assertEqual(done.stdout, "0 messages are stored\n")
                self.assertIn(why, done.stderr)
        self.assertEqual((self.folder / "in.jsonl").read_text(), before)

    def test_check_of_what_cannot_be_read_is_an_error(self):
        self.assertIn("standard input is closed", self.shell("sluice check - <&-", status=1).stderr)
        self.assertIn("is a folder", self.shell("sluice check - < .", status=1).stderr)
        self.assertIn("is a folder", self.shell("sluice check .", status=1).stderr)
        self.assertIn("is a folder", self.shell("sluice run .", status=1).stderr)

    def test_unwritten_output_is_a_failure(self):
        self.assertNotEqual(self.shell("sluice check process.yaml >&-").returncode, 0)
        self.assertNotEqual(self.shell("sluice --help >&-").returncode, 0)

    def test_run_writes_no_log_into_its_own_files(self):
        self.shell("sluice run process.yaml <&- >&- 2>&-", status=0)
        self.assertRegex((self.state / "lock").read_text(), r"\A\d+\n\Z")
        for path in self.state.rglob("*"):
            if path.is_file():
                self.assertNotIn(b"received", path.read_bytes(), path)

    def test_a_source_that_reads_it_is_an_error_and_a_signal_is_heard(self):
        self.write("process.yaml", CONFIG.format(path='"-"', handler="", more=""))
        for _ in range(5):
            run = subprocess.Popen(["/bin/sh", "-c", f"exec {BIN} run process.yaml <&-"], cwd=self.folder,
                                   stderr=subprocess.PIPE, text=True)
            try:
                _, said = run.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                run.terminate()
                _, said = run.communicate(timeout=20)
            self.assertIn("standard input", said)


class Unread(SystemTest):
    """A log that nobody reads: standard error is a pipe that is full."""

    def full_pipe(self):
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        try:
            while True:
                os.write(writer, b"x" * 4096)
        except BlockingIOError:
            pass
        os.set_blocking(writer, True)
        self.addCleanup(os.close, reader)
        return reader, writer

    def begin(self, more, path="./in.jsonl"):
        config = self.write("process.yaml", CONFIG.format(path=path, handler="", more=more))
        reader, writer = self.full_pipe()
        host = subprocess.Popen([str(BIN), "run", str(config)], cwd=self.folder, stdin=subprocess.PIPE,
                                stdout=subprocess.DEVNULL, stderr=writer)
        os.close(writer)
        self.addCleanup(lambda: host.poll() is None and host.kill())
        self.addCleanup(host.stdin.close)
        return host, reader

    def started(self):
        """It says nothing that could be waited for."""
        end = time.monotonic() + 20
        while not (self.state / "control.sock").exists():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)

    def test_does_not_hold_up_the_work(self):
        self.lines_file("in.jsonl", ({"n": n} for n in range(1000)))
        host, _ = self.begin("log: { level: trace }\nstatistics: { every: 10ms }\n")
        self.assertEqual(host.wait(30), 0)

    def test_does_not_hold_up_a_stop(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            host, _ = self.begin("log: { level: trace }\nstatistics: { every: 10ms }\n", path='"-"')
            host.stdin.write(b"{}\n")
            host.stdin.flush()
            self.started()
            host.send_signal(number)
            self.assertEqual(host.wait(20), 0)

    def test_is_written_once_somebody_reads(self):
        host, reader = self.begin("", path='"-"')
        self.started()
        read = b""
        while b" runs: " not in read:
            piece = os.read(reader, 1 << 16)
            self.assertTrue(piece, "the host has ended")
            read = (read + piece)[-1000:]
        host.stdin.close()
        self.assertEqual(host.wait(20), 0)


class Limits(SystemTest):
    @unittest.skipIf(SANITIZED, "a sanitizer needs more memory than one may limit")
    def test_too_few_threads_are_said_and_hang_nothing(self):
        """Each stack takes 32 MiB of what may be mapped, so that one thread after the other is the first that is refused."""
        def limits(mebibytes):
            resource.setrlimit(resource.RLIMIT_STACK, (32 << 20, 32 << 20))
            resource.setrlimit(resource.RLIMIT_AS, (mebibytes << 20, mebibytes << 20))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

        config = self.write("threads.yaml", THREADS.replace("follow: true", "follow: false").replace("rate: 10", "messages: 5"))
        self.lines_file("in.jsonl", ({"n": n} for n in range(10)))
        refused, mebibytes = 0, 100
        while (done := subprocess.run([BIN, "run", config], cwd=self.folder, capture_output=True, text=True, timeout=DEADLINE,
                                      check=False, preexec_fn=lambda: limits(mebibytes))).returncode != 0:
            self.assertEqual(done.returncode, 5, f"{mebibytes} MiB: {done.stderr}")
            self.assertRegex(done.stderr, "cannot be started|no thread can be started|cannot allocate memory|no memory left",
                             f"{mebibytes} MiB")
            refused += 1
            mebibytes += 20
            self.assertLess(mebibytes, 2000)
        self.assertGreater(refused, 5)

    def test_a_file_that_may_not_grow_is_an_error_by_name(self):
        self.lines_file("in.jsonl", ({"n": n, "text": "x" * 10_000} for n in range(300)))
        config = self.write("process.yaml", f"""
state_dir: ./state
sources: {{ in: {{ plugin: file, path: ./in.jsonl }} }}
targets: {{ out: {{ plugin: file, path: ./out.jsonl }} }}
pools: {{ p: {{ source: in, handler: {{ plugin: forward, target: out }} }} }}
shutdown: {{ deadline: 200ms }}
""")
        def small_files():
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))  # the host's own files have room
        host = subprocess.Popen([str(BIN), "run", str(config)], cwd=self.folder, stderr=subprocess.PIPE, text=True,
                                preexec_fn=small_files)
        self.addCleanup(lambda: host.poll() is None and host.kill())
        said = ""
        for line in host.stderr:
            said += line
            if "File too large" in line and host.poll() is None:
                host.terminate()
        self.assertIn("File too large", said)
        self.assertIn(host.wait(20), (0, 3, 5), said)

    def test_the_number_of_open_files_is_raised(self):
        self.lines_file("in.jsonl", ({"n": n} for n in range(10)))
        config = self.write("process.yaml", CONFIG.format(path="./in.jsonl", handler="", more=""))
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        few = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (10, hard))
        done = subprocess.run([str(BIN), "run", str(config)], cwd=self.folder, capture_output=True, text=True, preexec_fn=few,
                              timeout=DEADLINE)
        self.assertEqual(done.returncode, 0, done.stderr)

    @unittest.skipIf(SANITIZED, "the sanitizer needs descriptors of its own")
    def test_too_few_open_files_are_named(self):
        self.lines_file("in.jsonl", ({"n": n} for n in range(10)))
        config = self.write("process.yaml", CONFIG.format(path="./in.jsonl", handler="", more=""))
        few = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12))
        host = subprocess.Popen([str(BIN), "run", str(config)], cwd=self.folder, stderr=subprocess.PIPE, text=True,
                                preexec_fn=few)
        self.addCleanup(lambda: host.poll() is None and host.kill())
        try:
            _, said = host.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            host.terminate()
            _, said = host.communicate(timeout=20)
        self.assertRegex(said, r"no more than 12 files open")


if __name__ == "__main__":
    unittest.main()
