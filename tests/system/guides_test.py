"""The guides do what they say: their files are written out, built against the installed package, tested and run.

A fenced block that follows a line ending in a name in backquotes is that file; `sh` blocks are commands.
"""

import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(os.environ["SLUICE_ROOT"])
BUILD = pathlib.Path(os.environ["SLUICE_BUILD"])
SLUICE = BUILD / "bin/sluice"
GUIDE = ROOT / "docs/guides/writing-a-handler.md"
README = ROOT / "plugin-api/README.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)


def run(command, folder):
    environment = os.environ | {"PATH": f"{prefix}/bin:{os.environ['PATH']}", "CMAKE_PREFIX_PATH": str(prefix),
                                "PKG_CONFIG_PATH": str(prefix / "share/pkgconfig")}
    done = subprocess.run(["/bin/sh", "-ec", command], cwd=folder, env=environment, text=True, capture_output=True)
    if done.returncode != 0:
        raise AssertionError(f"{command}\nstatus {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def write_out(document, folder):
    """Writes the files of a document, and answers their names and the commands."""
    text = document.read_text()
    names, commands = [], []
    for block in BLOCK.finditer(text):
        language, content = block.groups()
        if language == "sh":
            commands += content.splitlines()
            continue
        name = re.search(r"`([\w.-]+)`:?\n\n$", text[:block.start()])
        assert name, f"{document}: a block of {language} has no name: {content[:60]}"
        names.append(name[1])
        (folder / name[1]).write_text(content)
    return names, commands


def setUpModule():
    global scratch, prefix
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="sluice-guides-"))
    unittest.addModuleCleanup(shutil.rmtree, scratch)
    prefix = scratch / "prefix"
    subprocess.run(["cmake", "--install", BUILD, "--prefix", prefix], check=True, capture_output=True)


class Guides(unittest.TestCase):
    def folder(self, name):
        made = scratch / name
        made.mkdir()
        return made

    def test_the_handler_of_the_guide_is_built_tested_and_run_as_the_guide_says(self):
        # A careless one, as some distributions have it: the host refuses what others may write, so the build takes that away.
        self.addCleanup(os.umask, os.umask(0o002))
        folder = self.folder("guide")
        names, commands = write_out(GUIDE, folder)
        self.assertIn("thermometer.yaml", names)
        self.assertEqual(len(commands), 4)
        for command in commands:
            output = run(command, folder)
            if command.startswith("ctest"):
                self.assertIn("100% tests passed", output)
                self.assertNotIn("No tests were found", output)
        self.assertTrue((folder / "thermometer.so").is_file())
        if not (SLUICE.exists() and (prefix / "lib/sluice/plugins/sqlite.so").exists()):
            self.skipTest("the host or the sqlite plugin is not built")
        run("sluice check thermometer.yaml", folder)
        self.assertFalse((folder / "state/house.db").exists(), "check connects to nothing")
        run("sluice run thermometer.yaml", folder)
        with sqlite3.connect(folder / "state/house.db") as house:
            self.assertEqual(house.execute("SELECT degrees FROM reading ORDER BY degrees").fetchall(), [(21.5,), (35.0,)])
        self.assertEqual((folder / "alarms.jsonl").read_text().splitlines(), ["35"])
        dead = [path.read_text(errors="replace") for path in (folder / "state").rglob("*") if path.is_file()]
        self.assertTrue([text for text in dead if "the body is not a number" in text], "the dead letter says why")

    def test_the_snippets_of_the_plugin_api_compile(self):
        folder = self.folder("readme")
        names, commands = write_out(README, folder)
        self.assertEqual(sorted(names), ["manifest.c", "upper.cpp"])
        run("gcc -std=c99 -Wall -Wextra -Wpedantic -Werror -c manifest.c $(pkg-config --cflags sluice-plugin-api)", folder)
        for command in commands:
            if command.startswith("sluice") and not SLUICE.exists():
                continue
            output = run(command, folder)
            if "inspect" in command:
                self.assertIn("Publishes each message in capitals.", output)


if __name__ == "__main__":
    unittest.main()
