"""Holds the map in host/README.md true: each folder stands in it, and includes only what its row allows."""

import os
import pathlib
import re
import unittest

HOST = pathlib.Path(os.environ["SLUICE_ROOT"]) / "host"
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def read_map():
    """{folder: folders it may include}"""
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\|([^|]*)\|$", (HOST / "README.md").read_text(), re.MULTILINE)
    return {folder: set(re.findall(r"`(\w+)`", allowed)) for folder, allowed in rows}


def folders_on_disk():
    return {path.name for path in HOST.iterdir() if path.is_dir()}


def breaches(allowed, folder, text):
    """What `text`, a source of `folder`, includes though the map does not allow it."""
    for included in INCLUDE.findall(text):
        target = included.split("/")[0]
        if target not in {"sluice", folder} | allowed[folder]:
            yield f'host/{folder} may not include "{included}": see the map in host/README.md'


class HostMap(unittest.TestCase):
    def test_names_the_folders_that_exist(self):
        missing = folders_on_disk() - read_map().keys()
        self.assertEqual(missing, set(), "give these folders of host/ a row in host/README.md")
        if (HOST / "main.cpp").exists():
            gone = read_map().keys() - folders_on_disk()
            self.assertEqual(gone, set(), "host/README.md lists folders that do not exist: remove their rows")

    def test_runs_down_only(self):
        rest = read_map()
        while rest:
            lowest = {folder for folder, allowed in rest.items() if not allowed & rest.keys()}
            self.assertTrue(lowest, f"these folders may include each other in a circle: {sorted(rest)}")
            rest = {folder: allowed for folder, allowed in rest.items() if folder not in lowest}

    def test_is_kept_by_every_file(self):
        allowed = read_map()
        found = [f"{path.relative_to(HOST)}: {breach}" for path in sorted(HOST.glob("*/**/*.[ch]pp"))
                 for breach in breaches(allowed, path.relative_to(HOST).parts[0], path.read_text())]
        self.assertEqual(found, [])

    def test_is_broken_by_an_include_upwards_or_of_something_unknown(self):
        allowed = {"work": {"queue"}, "queue": set()}
        found = lambda folder, line: list(breaches(allowed, folder, line))
        self.assertEqual(found("work", '#include "queue/a.hpp"\n#include "work/b.hpp"\n#include "sluice/abi.h"'), [])
        self.assertEqual(len(found("queue", '#include "work/a.hpp"')), 1)
        self.assertEqual(len(found("work", '#  include "neighbour.hpp"')), 1)


if __name__ == "__main__":
    unittest.main()
