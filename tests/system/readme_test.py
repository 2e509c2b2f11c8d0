"""README.md tells the truth: its commands are run in a copy of the tree and their output is compared, its configurations are
checked, its handler is compiled and run.

How its commands are written: documents.py. A block that follows a line ending in a name in backquotes, or beginning with one,
is that file.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import documents

ROOT = pathlib.Path(os.environ["SLUICE_ROOT"])
BUILD = pathlib.Path(os.environ["SLUICE_BUILD"])
README = (ROOT / "README.md").read_text()
BLOCKS = [(block[1], block[2], README[:block.start()]) for block in re.finditer(r"^```(\w+)\n(.*?)^```$", README, re.M | re.S)]

NEEDED = ("dev", "docs/examples/flights.yaml", "tests/data/flights-20k.jsonl", "plugin-api/include")
NOT_RUN = {"./dev test"}  # this is run by it


def blocks(language):
    return [text for kind, text, _ in BLOCKS if kind == language]


def files():
    """{name: text} of the blocks that are files."""
    named = {}
    for kind, text, before in BLOCKS:
        line = before.rstrip("\n").rpartition("\n")[2]
        name = re.search(r"^`([\w.-]+\.\w+)`|`([\w.-]+\.\w+)`:?$", line)
        if kind != "console" and name:
            named[name[1] or name[2]] = text
    return named


class Commands(unittest.TestCase):
    def setUp(self):
        self.tree = pathlib.Path(tempfile.mkdtemp(prefix="sluice-readme-"))
        self.addCleanup(shutil.rmtree, self.tree)
        for name in NEEDED:
            (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if (ROOT / name).is_dir() else shutil.copy2)(ROOT / name, self.tree / name)
        (self.tree / "build").symlink_to(BUILD)
        # The program is built already, and a test must neither build nor install.
        tools = self.tree / "tools"
        tools.mkdir()
        for tool, status in (("cmake", 0), ("apt-get", 1)):
            (tools / tool).write_text(f"#!/bin/sh\nexit {status}\n")
            (tools / tool).chmod(0o755)
        self.environment = os.environ | {"PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(self.tree), "LC_ALL": "C.UTF-8"}
        for name, text in files().items():
            (self.tree / name).write_text(text)

    def test_print_what_the_readme_shows(self):
        shown_commands = documents.commands(README)
        self.assertLessEqual(NOT_RUN, {command for command, _ in shown_commands}, "the README has no such command any more")
        shell = documents.Shell(self.tree, self.environment)
        self.addCleanup(shell.close)
        for command, shown in shown_commands:
            if command not in NOT_RUN:
                with self.subTest(command):
                    shell.check(self, command, shown)

    def test_are_told_apart_when_they_print_something_else(self):
        self.assertIsNone(re.fullmatch(documents.pattern(["a … c", "…", "z"]), "a b c\nx\n"))
        self.assertIsNone(re.fullmatch(documents.pattern(["a"]), "a\nb\n"))
        self.assertIsNotNone(re.fullmatch(documents.pattern(["a … c", "…", "z"]), "a b c\nx\ny\nz\n"))


class Configurations(unittest.TestCase):
    def test_show_the_example_as_it_is(self):
        self.assertIn((ROOT / "docs/examples/flights.yaml").read_text(), blocks("yaml"))

    def test_pass_the_check(self):
        with tempfile.TemporaryDirectory(prefix="sluice-readme-") as name:
            folder = pathlib.Path(name)
            for file, text in files().items():
                (folder / file).write_text(text)
            subprocess.run(["g++", "-std=c++20", "-fPIC", "-shared", f"-I{ROOT}/plugin-api/include", "thermometer.cpp", "-o",
                            "thermometer.so"], cwd=folder, check=True)
            for number, text in enumerate(blocks("yaml")):
                with self.subTest(text.partition("\n")[0]):
                    (folder / f"{number}.yaml").write_text(text)
                    done = subprocess.run([BUILD / "bin/sluice", "check", f"{number}.yaml"], cwd=folder, text=True,
                                          capture_output=True)
                    self.assertEqual(done.returncode, 0, done.stderr)


class ExitStatuses(unittest.TestCase):
    """The README, the reference and the program name the same."""

    def rows(self, text):
        return re.findall(r"^\| ([0-9]+) \| ([^|]+?) \|", text, re.M)

    def test_are_those_of_the_program(self):
        program = re.findall(r"constexpr int \w+ = ([0-9]+);", (ROOT / "host/app/exit_status.hpp").read_text())
        self.assertEqual([number for number, _ in self.rows(README)], program)
        self.assertEqual(self.rows((ROOT / "docs/reference/cli.md").read_text()), self.rows(README))


if __name__ == "__main__":
    unittest.main()
