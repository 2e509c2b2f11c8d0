"""The house rules that a script can hold: width and length of files, size of folders, tests that mirror what they test, names
in documents that still exist, and the formatting of C and C++."""

import os
import pathlib
import re
import shutil
import subprocess
import unittest

ROOT = pathlib.Path(os.environ["SLUICE_ROOT"])
FOLDERS = ("host", "plugin-api", "plugins", "tests")
COLUMNS, LINES, FILES = 128, 400, 40
SOURCES = (".cpp", ".hpp", ".h", ".c")
# A path in backticks, or the name of a source file.
PATH = re.compile(r"`((?:host|plugin-api|plugins|tests|docs)/[\w./*{},-]+|(?:[\w-]+/)*[\w-]+\.(?:hpp|cpp|py))`")


def files(*suffixes):
    return sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*")
                  if path.is_file() and path.suffix in suffixes and "__pycache__" not in path.parts)


def too_wide(name, text):
    return [f"{name}:{number}: {len(line)} columns" for number, line in enumerate(text.split("\n"), 1) if len(line) > COLUMNS]


def too_long(name, text):
    lines = text.count("\n")
    return [f"{name}: {lines} lines: which two things are in it?"] if lines > LINES else []


def too_full(folder, names):
    return [f"{folder}: {len(names)} files: which two subjects are in it?"] if len(names) > FILES else []


def continuing(names):
    """Sources that have no header of their own, and so continue another. A verb of the command line has none."""
    return [name for name in names if name.endswith(".cpp") and not name.startswith("cli/") and name != "main.cpp"
            and name.removesuffix("cpp") + "hpp" not in names]


def mirrors(test, subjects):
    """The file that a test is of: work/worker_circuit_test.cpp is one of work/worker's."""
    stem = test.removesuffix("_test.cpp")
    return any(stem == subject or stem.startswith(subject + "_") for subject in subjects)


def gone(path, text, names):
    """What a document quotes and what is not there. What readers are shown how to write need not be, nor what a run makes."""
    shown = set(re.findall(r"[\w-]+\.(?:hpp|cpp|py)\b",
                           " ".join(re.findall(r"^```.*?^```$|<!--.*?-->|^`[\w-]+\.\w+`$", text, re.M | re.S))))
    for quoted in PATH.findall(text):
        if "*" in quoted or "{" in quoted or "NAME" in quoted or quoted in shown or quoted == "docs/examples/state":
            continue
        if "/" in quoted and any((base / quoted).exists() for base in (ROOT, ROOT / "host", path.parent)):
            continue
        if pathlib.PurePath(quoted).name in names and ("/" not in quoted or any(one.endswith("/" + quoted) for one in names)):
            continue
        yield f"{path.relative_to(ROOT)}: `{quoted}` is not there"


class Files(unittest.TestCase):
    def test_are_no_wider_than_a_screen_and_hold_one_idea(self):
        found = files(*SOURCES, ".cmake", ".py")
        self.assertGreater(len(found), 700)
        wrong = [line for path in found for check in (too_wide, too_long)
                 for line in check(str(path.relative_to(ROOT)), path.read_text())]
        self.assertEqual(wrong, [])

    def test_that_are_too_wide_or_too_long_are_found(self):
        self.assertEqual(too_wide("a", "x" * COLUMNS + "\n" + "x" * (COLUMNS + 1)), [f"a:2: {COLUMNS + 1} columns"])
        self.assertEqual(too_long("a", "\n" * LINES), [])
        self.assertEqual(len(too_long("a", "\n" * (LINES + 1))), 1)

    def test_of_a_folder_are_of_one_subject(self):
        folders = [folder for folder in (ROOT / "host").rglob("*") if folder.is_dir()]
        self.assertGreater(len(folders), 15)
        self.assertEqual([line for folder in folders
                          for line in too_full(folder.relative_to(ROOT), [one for one in folder.iterdir() if one.is_file()])],
                         [])
        self.assertEqual(len(too_full("host/a", range(FILES + 1))), 1)

    def test_of_the_host_continue_no_other(self):
        host = {str(path.relative_to(ROOT / "host")) for path in files(*SOURCES) if ROOT / "host" in path.parents}
        self.assertEqual(continuing(host), [])
        self.assertEqual(continuing({"main.cpp", "cli/run.cpp", "a/b.hpp", "a/b.cpp", "a/b_more.cpp"}), ["a/b_more.cpp"])

    def test_are_formatted(self):
        if shutil.which("clang-format") is None:
            self.skipTest("clang-format is not installed")
        unformatted = subprocess.run(["clang-format", "--dry-run", *map(str, files(*SOURCES))], capture_output=True, text=True)
        if " version 14." not in subprocess.run(["clang-format", "--version"], capture_output=True, text=True).stdout:
            self.skipTest("clang-format 14 is what the sources are formatted with: another version differs in places")
        lines = unformatted.stderr.splitlines()
        self.assertEqual(sorted({said.split(":")[0] for said, line in zip(lines, lines[1:])
                                 if "warning:" in said and not line.startswith("}  // namespace")}), [])


class UnitTests(unittest.TestCase):
    def test_mirror_the_host(self):
        host = {str(path.relative_to(ROOT / "host").with_suffix(""))
                for path in files(*SOURCES) if ROOT / "host" in path.parents}
        tests = [str(path.relative_to(ROOT / "tests/unit")) for path in (ROOT / "tests/unit").rglob("*_test.cpp")]
        self.assertGreater(len(tests), 100)
        self.assertEqual([test for test in sorted(tests) if not test.startswith("plugin-api/") and not mirrors(test, host)], [])

    def test_that_mirror_nothing_are_found(self):
        self.assertTrue(mirrors("work/worker_circuit_test.cpp", {"work/worker"}))
        self.assertFalse(mirrors("unit/worker_circuit_test.cpp", {"work/worker"}))
        self.assertFalse(mirrors("work/workers_test.cpp", {"work/worker"}))


class Documents(unittest.TestCase):
    def test_quote_files_that_are_there(self):
        names = {one.name for folder in (*FOLDERS, "docs") for one in (ROOT / folder).rglob("*")}
        names |= {"/" + str(one.relative_to(ROOT)) for folder in (*FOLDERS, "docs") for one in (ROOT / folder).rglob("*")}
        documents = [*ROOT.glob("*.md"), *(path for folder in (*FOLDERS, "docs") for path in (ROOT / folder).rglob("*.md"))]
        self.assertGreater(len(documents), 30)
        self.assertEqual([line for path in sorted(documents) if path.name != "CHANGELOG.md"
                          for line in gone(path, path.read_text(), names)], [])

    def test_that_quote_what_is_not_there_are_found(self):
        text = "`host/no_such_room/file.hpp` and `no_such_file.cpp`, but `host/main.cpp`, `main.cpp` and `host/*.cpp`"
        found = list(gone(ROOT / "README.md", text, {"main.cpp"}))
        self.assertEqual(len(found), 2, found)


if __name__ == "__main__":
    unittest.main()
