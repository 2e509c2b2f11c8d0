"""docs/examples: each configuration passes the check, and the commands of their page print what it shows."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import documents

ROOT = pathlib.Path(os.environ["SLUICE_ROOT"])
BUILD = pathlib.Path(os.environ["SLUICE_BUILD"])
EXAMPLES = ROOT / "docs/examples"
PAGE = (EXAMPLES / "README.md").read_text()


class Examples(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-examples-"))
        self.addCleanup(shutil.rmtree, self.folder)
        for path in EXAMPLES.glob("*.yaml"):
            shutil.copy2(path, self.folder)

    def test_print_what_their_page_shows(self):
        shell = documents.Shell(self.folder, documents.environment(BUILD))
        self.addCleanup(shell.close)
        found = documents.commands(PAGE)
        self.assertGreater(len(found), 20)
        for command, shown in found:
            with self.subTest(command):
                shell.check(self, command, shown)

    def test_are_all_on_their_page_and_pass_the_check(self):
        names = sorted(path.name for path in EXAMPLES.glob("*.yaml"))
        self.assertEqual([name for name in names if name not in PAGE], [])
        for name in names:
            with self.subTest(name):
                done = subprocess.run([BUILD / "bin/sluice", "check", name], cwd=EXAMPLES, text=True, capture_output=True)
                self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
