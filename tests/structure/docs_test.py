"""The documents hang together: links lead to files and headings that exist, and the tests that they name are there."""

import os
import pathlib
import re
import unittest

ROOT = pathlib.Path(os.environ["SLUICE_ROOT"])
CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.M | re.S)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def documents():
    folders = ("docs", "host", "plugin-api", "plugins", "tests")
    return sorted([*ROOT.glob("*.md"), *(path for folder in folders for path in (ROOT / folder).rglob("*.md"))])


def anchors(text):
    """As they are made of headings by those who show Markdown."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(path, text):
    for link in LINK.findall(CODE.sub("", text)):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        if not target.exists():
            yield f"{path.relative_to(ROOT)}: {link} leads nowhere"
        elif anchor and anchor not in anchors(target.read_text() if name else text):
            yield f"{path.relative_to(ROOT)}: {link}: there is no such heading"


def stale_labels(path, text):
    """What a link calls a file of the host is where it leads: [`dispatch/slot_moves`](../../host/dispatch/slot_moves.cpp)."""
    for label, link in re.findall(r"\[`([^`\n]*/[^`\n]*)`\]\(([^)\s#]+)\)", text):
        if pathlib.PurePath(link).suffix in (".hpp", ".cpp") and not link.rsplit(".", 1)[0].endswith(label.rsplit(".", 1)[0]):
            yield f"{path.relative_to(ROOT)}: `{label}` is called so and leads to {link}"


def tests_in_tree():
    """`Suite.Sentence` of GoogleTest, `file_test.Class.test_sentence` of Python."""
    found = set()
    for folder in ("tests", "plugins"):
        for path in (ROOT / folder).rglob("*_test.cpp"):
            found |= {f"{suite}.{name}"
                      for suite, name in re.findall(r"^TEST(?:_[FP])?\((\w+),\s*(\w+)\)", path.read_text(), re.M)}
    for path in (ROOT / "tests").glob("*/*_test.py"):
        part = None
        for kind, name in re.findall(r"^(class|    def) (\w+)", path.read_text(), re.M):
            if kind == "class":
                part = name
            elif name.startswith("test_"):
                found.add(f"{path.stem}.{part}.{name}")
    return found


class Documents(unittest.TestCase):
    def test_link_to_what_exists(self):
        found = documents()
        self.assertGreater(len(found), 10)
        self.assertEqual([link for path in found for link in broken_links(path, path.read_text())], [])

    def test_that_link_to_nothing_are_found(self):
        self.assertEqual(len(list(broken_links(ROOT / "README.md", "[a](no/such.md) [b](#none) [c](docs/README.md#none)"))), 3)

    def test_call_files_what_they_are_called(self):
        found = documents()
        self.assertEqual([link for path in found for link in stale_labels(path, path.read_text())], [])
        place = "../../host/dispatch/slot_moves.cpp"
        wrong = f"[`work/slot_moves`]({place}) [`dispatch/slot_moves`]({place}) [port](a/port.hpp)"
        self.assertEqual(len(list(stale_labels(ROOT / "README.md", wrong))), 1)

    def test_of_decisions_have_numbers_of_their_own(self):
        numbers = [path.name[:4] for path in (ROOT / "docs/adr").glob("*.md")]
        self.assertEqual(sorted(numbers), sorted(set(numbers)))


class Guarantees(unittest.TestCase):
    def test_name_tests_that_exist(self):
        rows = re.findall(r"^\|(.*)\|$", (ROOT / "docs/guarantees.md").read_text(), re.M)
        rows = [row.split("|") for row in rows if not set(row) <= set("-|: ")]
        self.assertGreater(len(rows), 10)
        there = tests_in_tree()
        self.assertGreater(len(there), 100)
        for row in rows:
            named = re.findall(r"`([\w.]+)`", row[-1])
            if row[-1].strip() in ("test", "shown by"):
                continue
            with self.subTest(row[0].strip()):
                self.assertTrue(named, "a guarantee without a test")
                self.assertEqual([name for name in named if name not in there], [])


if __name__ == "__main__":
    unittest.main()
