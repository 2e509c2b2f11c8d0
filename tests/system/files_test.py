"""Files, FIFOs and standard output under a running host: renamed, removed, switched, not readable, without a reader."""

import json
import os
import pathlib
import resource
import shutil
import signal
import stat
import subprocess
import time
import unittest

from support import BIN, DEADLINE, SystemTest, json_lines, query

ASTRAY = pathlib.Path(os.environ["SLUICE_BUILD"]) / "bad_plugins/astray.so"

FORWARD = """
name: files
state_dir: ./state
sources: {{ in: {{ plugin: file, {source}, persist_every: 10ms }} }}
targets: {{ out: {{ plugin: file, path: {target} }} }}
pools: {{ copy: {{ source: in, workers: 1, handler: {{ plugin: forward, target: out }} }} }}
statistics: {{ every: 20ms }}
log: {{ level: info, format: json }}
"""

INSERT = """
name: files
state_dir: ./state
sources: {{ in: {{ plugin: file, path: {path} }} }}
databases: {{ db: {{ plugin: sqlite, path: ./out.db, deduplicate: true, setup: "CREATE TABLE IF NOT EXISTS t(a, v)" }} }}
pools: {{ rows: {{ source: in, handler: {{ plugin: sql, database: db, statement: "INSERT INTO t VALUES(:a, :v)" }} }} }}
log: {{ level: info, format: json }}
"""


class Files(SystemTest):
    def setUp(self):
        super().setUp()
        self.written = 0

    def forward(self, source="path: ./in.jsonl, follow: true", target="./out.jsonl"):
        return self.write("files.yaml", FORWARD.format(source=source, target=target))

    def append(self, count=1, name="in.jsonl"):
        with open(self.folder / name, "a", encoding="ascii") as lines:
            lines.write(json_lines({"n": number} for number in range(self.written, self.written + count)))
        self.written += count

    def wait_until_all_is_acked(self, running):
        running.wait_for_event("statistics", acked=lambda n: n == self.written)

    def wait_until(self, holds, what):
        end = time.monotonic() + DEADLINE
        while not holds():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.01)

    def numbers(self, *names):
        return [record["n"] for name in names for record in self.read_lines(name)]


class Targets(Files):
    def test_that_are_renamed_or_removed_go_on_in_the_file_that_has_the_name(self):
        self.append(10)
        running = self.start("run", self.forward())
        self.wait_until_all_is_acked(running)
        (self.folder / "out.jsonl").rename(self.folder / "out.1")
        self.append(10)
        self.wait_until_all_is_acked(running)
        (self.folder / "out.jsonl").rename(self.folder / "out.2")
        running.signal(signal.SIGHUP)  # as a rotation does it; nothing is published now
        self.wait_until((self.folder / "out.jsonl").exists, "that the target is opened again")
        (self.folder / "out.jsonl").unlink()
        self.append(10)
        self.wait_until_all_is_acked(running)
        self.stop(running).final()
        self.assertEqual(self.numbers("out.1", "out.2", "out.jsonl"), list(range(30)))

    def test_of_a_folder_that_is_removed_wait_for_it(self):
        (self.folder / "results").mkdir()
        self.append(5)
        running = self.start("run", self.forward(target="./results/out.jsonl"))
        self.wait_until_all_is_acked(running)
        shutil.rmtree(self.folder / "results")
        self.append(5)
        running.wait_for(lambda run: "its folder is missing" in run.log, "that the folder is missed")
        (self.folder / "results").mkdir()
        self.wait_until_all_is_acked(running)
        self.stop(running).final()
        self.assertEqual(self.numbers("results/out.jsonl"), list(range(5, 10)))

    def test_and_positions_cannot_be_read_by_other_users(self):
        before = os.umask(0)
        self.addCleanup(os.umask, before)
        self.append(5)
        self.run_to_end("run", self.forward(source="path: ./in.jsonl"))
        modes = {name: stat.S_IMODE((self.folder / name).stat().st_mode)
                 for name in ("out.jsonl", "state/sources.in", "state/sources.in/position")}
        self.assertEqual(modes, {"out.jsonl": 0o640, "state/sources.in": 0o750, "state/sources.in/position": 0o640})

    def test_that_are_their_own_source_are_refused_under_whatever_name(self):
        self.append(5)
        (self.folder / "soft").symlink_to("in.jsonl")
        os.link(self.folder / "in.jsonl", self.folder / "hard")
        (self.folder / "sub").mkdir()
        for name in ("./in.jsonl", "./soft", "./hard", "./sub/../in.jsonl", str(self.folder / "in.jsonl")):
            for source in ("path: ./in.jsonl", "path: ./in.jsonl, follow: true"):
                with self.subTest(name=name, source=source):
                    config = self.forward(source=source, target=name)
                    for command in ("check", "run"):
                        tail = self.run_to_end(command, config, status=1)
                        self.assertIn("files.yaml:5:", tail.log)
                        self.assertIn("targets.out: is the file that sources.in reads, and what is read there comes back to it "
                                      "(by pools.copy): that would never end", tail.log)
        self.assertEqual(self.numbers("in.jsonl"), list(range(5)))
        self.assertFalse((self.folder / "state/sources.in/position").exists())

    def test_may_be_the_source_of_another_pool_unless_its_messages_come_back(self):
        self.append(5)
        stages = """
name: files
state_dir: ./state
sources:
  first: { plugin: file, path: ./in.jsonl }
  second: { plugin: file, path: ./middle.jsonl, follow: true }
targets:
  middle: { plugin: file, path: ./middle.jsonl }
  last: { plugin: file, path: LAST }
pools:
  one: { source: first, handler: { plugin: forward, target: middle } }
  two: { source: second, handler: { plugin: forward, target: last } }
"""
        good = self.write("stages.yaml", stages.replace("LAST", "./out.jsonl"))
        self.run_to_end("check", good)
        running = self.start("run", good)
        self.wait_until(lambda: (self.folder / "out.jsonl").exists() and len(self.numbers("out.jsonl")) == 5, "both stages")
        self.stop(running)
        bad = self.write("circle.yaml", stages.replace("LAST", "./in.jsonl"))
        self.assertIn("targets.last: is the file that sources.first reads, and what is read there comes back to it "
                      "(by pools.one and pools.two)", self.run_to_end("check", bad, status=1).log)

    def test_that_are_asked_for_only_at_the_start_are_refused_before_anything_is_read(self):
        self.append(5)
        text = self.forward(target="./in.jsonl").read_text()
        forward = "{ plugin: forward, target: out }"
        bad = self.write("late.yaml", text.replace(forward, f"{{ plugin: {ASTRAY}, target: out }}"))
        why = "targets.out: is the file that sources.in reads, and what is read there comes back to it (by pools.copy)"
        self.run_to_end("check", bad)  # it does not start handlers
        run = self.run_to_end("run", bad, status=1)
        self.assertIn(why, run.log)
        self.assertNotIn(" runs: ", run.log)
        self.assertFalse((self.folder / "state/sources.in/position").exists())

        running = self.start_host(self.write("late.yaml", text.replace(forward, "{ plugin: noop }")))
        self.wait_until_all_is_acked(running)
        bad.write_text(text.replace(forward, f"{{ plugin: {ASTRAY}, target: out }}"))
        self.assertIn(why, self.tell("reload", "late.yaml", status=1)[0])
        self.append(5)
        self.wait_until_all_is_acked(running)
        self.assertIn("the host goes on with the one it has", running.log)
        self.stop(running).final()
        self.assertEqual(self.numbers("in.jsonl"), list(range(10)))

    def test_that_somebody_else_writes_to_end_what_he_has_torn(self):
        self.append(1)
        running = self.start("run", self.forward())
        self.wait_until_all_is_acked(running)
        with open(self.folder / "out.jsonl", "a", encoding="ascii") as theirs:
            theirs.write('{"torn":')
        self.append(1)
        self.wait_until_all_is_acked(running)
        self.append(1)
        self.wait_until_all_is_acked(running)
        self.stop(running)
        self.assertEqual((self.folder / "out.jsonl").read_text(), '{"n": 0}\n{"torn":\n{"n": 1}\n{"n": 2}\n')

    def test_that_are_a_fifo_take_nothing_without_a_reader(self):
        os.mkfifo(self.folder / "fifo")
        self.append(100)
        running = self.start("run", self.forward(target="./fifo"))
        running.wait_for(lambda run: "cannot be published to" in run.log, "that it says what it waits for")
        self.assertIn("nobody reads the FIFO", running.log)
        self.assertEqual(running.events("statistics")[-1]["acked"], 0)
        with open(self.folder / "fifo", encoding="ascii") as reader:
            lines = [reader.readline() for _ in range(100)]
            self.wait_until_all_is_acked(running)
        self.append(5)
        running.wait_for(lambda run: "has left" in run.log or run.log.count("nobody reads the FIFO") > 1,
                         "that the reader is missed")
        with open(self.folder / "fifo", encoding="ascii") as reader:
            lines += [reader.readline() for _ in range(5)]
        self.assertEqual(lines, json_lines({"n": number} for number in range(105)).splitlines(keepends=True))
        self.wait_until_all_is_acked(running)
        self.stop(running).final()

    def test_that_are_standard_output_end_the_host_when_its_reader_leaves(self):
        self.lines_file("many.jsonl", ({"n": number} for number in range(100_000)))
        config = self.forward(source='path: "-"', target='"-"')
        with open(self.folder / "many.jsonl", "rb") as lines:
            process = subprocess.Popen([BIN, "run", config], cwd=self.folder, stdin=lines, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE)
            self.addCleanup(process.kill)
            self.assertEqual(process.stdout.readline(), b'{"n": 0}\n')
            process.stdout.close()
            log = process.stderr.read()
            process.stderr.close()
            self.assertEqual(process.wait(DEADLINE), 5)
        self.assertIn(b"standard output has no reader any more", log)

    def test_that_are_a_full_standard_output_leave_no_part_of_a_line(self):
        limit = 1 << 20  # what the host keeps itself is smaller
        before = '{"n": "before"}\n' * (limit // 16 - 100)
        (self.folder / "out").write_text(before)
        self.append(2000)
        config = self.forward(source="path: ./in.jsonl", target='"-"')

        def no_larger_files():
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        with open(self.folder / "out", "ab") as output:
            process = subprocess.Popen([BIN, "run", config], cwd=self.folder, stdout=output, stderr=subprocess.PIPE, text=True,
                                       preexec_fn=no_larger_files)
        self.addCleanup(process.kill)
        said = ""
        for line in process.stderr:
            said += line
            if "targets.out" in line and "File too large" in line:
                break
        process.kill()
        process.wait()
        process.stderr.close()
        self.assertIn("File too large", said)
        written = (self.folder / "out").read_text()[len(before):]
        self.assertEqual([json.loads(line)["n"] for line in written.splitlines()], list(range(written.count("\n"))))
        self.assertEqual(written[written.rfind("\n") + 1:], "", "no part of a line")


class Sources(Files):
    def test_of_a_folder_that_is_removed_and_made_again_go_on(self):
        (self.folder / "logs").mkdir()
        self.append(5, "logs/in.jsonl")
        running = self.start("run", self.forward(source="path: ./logs/in.jsonl, follow: true"))
        for _ in range(3):
            self.wait_until_all_is_acked(running)
            shutil.rmtree(self.folder / "logs")
            (self.folder / "logs").mkdir()
            self.append(5, "logs/in.jsonl")
        self.wait_until_all_is_acked(running)
        self.stop(running).final()
        self.assertEqual(self.numbers("out.jsonl"), list(range(20)))

    def test_behind_a_link_that_is_switched_go_on(self):
        for name in ("first", "second"):
            (self.folder / name).mkdir()
        (self.folder / "current").symlink_to("first")
        self.append(5, "first/in.jsonl")
        running = self.start("run", self.forward(source="path: ./current/in.jsonl, follow: true"))
        self.wait_until_all_is_acked(running)
        (self.folder / "next").symlink_to("second")
        (self.folder / "next").rename(self.folder / "current")
        self.append(5, "second/in.jsonl")
        self.wait_until_all_is_acked(running)
        self.stop(running).final()
        self.assertEqual(self.numbers("out.jsonl"), list(range(10)))

    def test_whose_folder_is_not_there_yet_are_waited_for(self):
        running = self.start("run", self.forward(source="path: ./logs/in.jsonl, follow: true"))
        running.wait_for(lambda run: "waiting for it" in run.log, "that the folder is waited for")
        (self.folder / "logs").mkdir()
        self.append(5, "logs/in.jsonl")
        self.wait_until_all_is_acked(running)
        self.stop(running).final()

    def test_that_may_not_be_read_for_a_while_are_waited_for(self):
        self.append(5)
        config = self.forward()
        log = self.folder / "log"
        # Root without the capabilities that let it read everything (capabilities(7)).
        humble = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
        with open(log, "wb") as errors:
            host = subprocess.Popen([*humble, BIN, "run", config], cwd=self.folder, stderr=errors)
        self.addCleanup(host.kill)
        self.wait_until(lambda: (self.folder / "out.jsonl").exists() and len(self.numbers("out.jsonl")) == 5, "the first lines")
        (self.folder / "in.jsonl").rename(self.folder / "in.jsonl.1")
        before = os.umask(0o777)
        try:
            self.append(5)
        finally:
            os.umask(before)
        self.wait_until(lambda: "Permission denied; let this user read it; waiting for it" in log.read_text(), "the warning")
        os.chmod(self.folder / "in.jsonl", 0o644)
        self.wait_until(lambda: len(self.numbers("out.jsonl")) == 10, "the lines behind")
        host.send_signal(signal.SIGTERM)
        self.assertEqual(host.wait(DEADLINE), 0, log.read_text())
        self.assertEqual(log.read_text().count("Permission denied"), 1)

    def test_end_by_name_when_their_position_is_taken_away(self):
        self.append(5)
        running = self.start("run", self.forward())
        self.wait_until_all_is_acked(running)
        (self.folder / "state/sources.in").rename(self.folder / "elsewhere")
        self.append(5)
        self.assertEqual(running.wait(), 5, running.tail)
        self.assertIn("sources.in was removed or replaced while this host kept its position there", running.log)

    def test_with_a_byte_order_mark_lose_no_line(self):
        (self.folder / "in.jsonl").write_bytes(b'\xef\xbb\xbf{"a":1,"v":1}\r\n{"a":2,"v":2}')
        self.run_to_end("run", self.write("insert.yaml", INSERT.format(path="./in.jsonl")))
        self.assertEqual(query(self.folder / "out.db", "SELECT a, v FROM t ORDER BY a"), [(1, 1), (2, 2)])

    def test_that_are_the_fifo_of_the_target_are_refused(self):
        os.mkfifo(self.folder / "pipe")
        refused = self.run_to_end("check", self.forward(source="path: ./pipe", target="./pipe"), status=1)
        self.assertIn("comes back to it", refused.log + refused.stdout)

    def test_that_can_be_no_file_are_refused_by_check(self):
        for path, why in ((".", "is a folder"), ("./in/", "is a folder"), ("~/in.jsonl", "the ~ of"),
                          ("s3://bucket/in", "is a URL"), ("./{a,b}.jsonl", "looks like a pattern")):
            with self.subTest(path):
                config = self.write("files.yaml", FORWARD.format(source=f'path: "{path}", follow: true', target="./out.jsonl"))
                refused = self.run_to_end("check", config, status=1)
                self.assertIn(why, refused.log + refused.stdout)

    def test_that_no_lines_can_be_read_from_are_named(self):
        config = self.write("insert.yaml", INSERT.format(path="./in.jsonl"))
        for what, content in (("gzip", b"\x1f\x8b\x08\x00\x00\x00\x00\x00"), ("zstd", b"\x28\xb5\x2f\xfd\x04\x00"),
                              ("UTF-16", '{"a":1}\n'.encode("utf-16")), ("UTF-32", '{"a":1}\n'.encode("utf-32"))):
            with self.subTest(what=what):
                (self.folder / "in.jsonl").write_bytes(content)
                self.assertIn(what, self.run_to_end("run", config, status=1).log)
                stdin = self.write("stdin.yaml", INSERT.format(path='"-"').replace("deduplicate: true", "deduplicate: false"))
                with open(self.folder / "in.jsonl", "rb") as lines:
                    running = self.start("run", stdin, stdin=lines)
                    self.assertEqual(running.wait(), 5)
                    self.assertIn(what, running.log)

    def test_are_known_again_when_their_device_has_another_number(self):
        """An overlay gets a new number each time it is mounted, if its old one is taken meanwhile."""
        config = self.write("insert.yaml", INSERT.format(path="./disk/merged/in.jsonl"))
        self.lines_file("lines.jsonl", ({"a": number, "v": number} for number in range(1000)))
        (self.folder / "disk").mkdir()
        script = f"""
            set -e
            mount -t tmpfs none disk 2>/dev/null || exit 77
            mkdir disk/lower disk/upper disk/work disk/merged disk/other
            mount -t overlay -o lowerdir=disk/lower,upperdir=disk/upper,workdir=disk/work none disk/merged\
 2>/dev/null || exit 77
            cp lines.jsonl disk/merged/in.jsonl
            stat -c %d:%i disk/merged/in.jsonl
            {BIN} run {config}
            umount disk/merged
            mount -t tmpfs none disk/other
            mount -t overlay -o lowerdir=disk/lower,upperdir=disk/upper,workdir=disk/work none disk/merged
            stat -c %d:%i disk/merged/in.jsonl
            echo '{{"a": 1000, "v": 1000}}' >> disk/merged/in.jsonl
            {BIN} run {config}"""
        done = subprocess.run(["unshare", "-m", "sh", "-c", script], cwd=self.folder, capture_output=True, text=True,
                              timeout=DEADLINE)
        if done.returncode in (1, 77) and "sluice" not in done.stderr:
            self.skipTest("file systems cannot be mounted here: " + done.stderr)
        self.assertEqual(done.returncode, 0, done.stderr)
        first, second = done.stdout.split()
        self.assertNotEqual(first.split(":")[0], second.split(":")[0])
        self.assertEqual(first.split(":")[1], second.split(":")[1])
        self.assertEqual(query(self.folder / "out.db", "SELECT count(*) FROM t"), [(1001,)], done.stderr)


    def test_that_grow_without_a_word_of_the_kernel_are_read_on(self):
        """As on a network file system that another machine writes to: here past an overlay, which hears nothing of it."""
        config = self.forward(source="path: ./disk/merged/in.jsonl, follow: true")
        script = f"""
            mount -t tmpfs none disk 2>/dev/null || exit 77
            mkdir disk/lower disk/upper disk/work disk/merged
            echo '{{"n": 0}}' > disk/upper/in.jsonl
            mount -t overlay -o lowerdir=disk/lower,upperdir=disk/upper,workdir=disk/work none disk/merged\
 2>/dev/null || exit 77
            {BIN} run {config} & host=$!
            wait_for() {{ tries=0; until [ "$(cat out.jsonl 2>/dev/null | wc -l)" = $1 ] || [ $tries = 300 ];\
 do sleep 0.1; tries=$((tries + 1)); done; }}
            wait_for 1
            echo '{{"n": 1}}' >> disk/upper/in.jsonl
            wait_for 2
            kill $host
            wait $host"""
        (self.folder / "disk").mkdir()
        done = subprocess.run(["unshare", "-m", "sh", "-c", script], cwd=self.folder, capture_output=True, text=True,
                              timeout=DEADLINE)
        if done.returncode in (1, 77) and "files runs" not in done.stderr:
            self.skipTest("file systems cannot be mounted here: " + done.stderr)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.numbers("out.jsonl"), [0, 1], done.stderr)


if __name__ == "__main__":
    unittest.main()
