"""`sluice plugins` and `sluice plugins inspect`: what they say, to people and to programs, without running a plugin's code."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

SLUICE = os.environ["SLUICE_BIN"]
PLUGINS = pathlib.Path(os.environ["SLUICE_PLUGINS"])
BAD = pathlib.Path(os.environ["SLUICE_BUILD"]) / "bad_plugins"


class Plugins(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-plugins-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.mark = self.folder / "mark"

    def sluice(self, *words):
        environment = dict(os.environ, SLUICE_MARK=str(self.mark))
        done = subprocess.run([SLUICE, "plugins", *map(str, words)], text=True, capture_output=True, env=environment,
                              timeout=60)
        self.assertFalse(self.mark.exists(), "code of a plugin ran")
        return done

    def copy(self, plugin, name=None):
        return shutil.copy(BAD / f"{plugin}.so", self.folder / f"{name or plugin}.so")

    def test_the_list_shows_what_stands_beside_the_binary(self):
        listed = self.sluice()
        self.assertEqual((listed.returncode, listed.stderr), (0, ""))
        lines = [line.split() for line in listed.stdout.splitlines()]
        self.assertEqual(lines[0], ["KIND", "NAME", "VERSION", "ABI", "FILE"])
        self.assertIn(["queue", "file", "0.1.0", "1.0", str(PLUGINS / "file.so")], lines)
        self.assertIn(["handler", "noop", "0.1.0", "1.0", str(PLUGINS / "noop.so")], lines)

    def test_the_list_shows_other_folders_and_what_is_refused_there_and_why(self):
        self.copy("larger_table")
        garbled = self.copy("garbled_manifest")
        writable = self.copy("good", "writable")
        os.chmod(writable, 0o664)
        listed = self.sluice("--plugin-path", self.folder, "--plugin-path", self.folder / "none")
        self.assertEqual(listed.returncode, 0)
        self.assertRegex(listed.stdout, rf"(?m)^handler +larger_table +1\.0\.0 +1\.7 +{self.folder}/larger_table\.so$")
        self.assertRegex(listed.stdout, rf"(?m)^plugin {garbled} is refused: its manifest is garbled \(")
        self.assertIn(f"plugin {writable} is refused: it may be written by its group; run: chmod g-w '{writable}'\n",
                      listed.stdout)
        self.assertIn(f"Found in {PLUGINS}, {self.folder}, {self.folder}/none\n", listed.stdout)
        self.assertIn(f"Not searched: {self.folder}/none (No such file or directory)\n", listed.stdout)

    def test_a_program_can_read_the_list(self):
        self.copy("good")
        garbled = self.copy("garbled_manifest")
        listed = json.loads(self.sluice("--json", "--plugin-path", self.folder).stdout)
        self.assertEqual(listed["abi"], "1.0")
        self.assertEqual(listed["folders"], [str(PLUGINS), str(self.folder)])
        plugins = {plugin["file"]: plugin for plugin in listed["plugins"]}
        good = plugins[str(self.folder / "good.so")]
        self.assertIsNone(good["refused"])
        self.assertEqual((good["id"], good["version"]), ("org.example.good", "1.0.0"))
        self.assertEqual(good["abi"], {"major": 1, "minor": 0, "minor_needed": 0})
        self.assertEqual(good["components"], [{"kind": "handler", "name": "good", "summary": "", "options": []}])
        self.assertEqual(list(plugins[str(garbled)]), ["file", "refused"])
        self.assertIn("its manifest is garbled", plugins[str(garbled)]["refused"])

    def test_inspect_shows_all_that_a_plugin_says_of_itself(self):
        shown = self.sluice("inspect", PLUGINS / "file.so")
        self.assertEqual((shown.returncode, shown.stderr), (0, ""))
        self.assertRegex(shown.stdout, r"(?m)^plugin  \S*file 0\.1\.0$")
        self.assertIn(f"file    {PLUGINS / 'file.so'}\n", shown.stdout)
        self.assertIn("ABI     built against 1.0, needs 1.0; this host speaks 1.0\n", shown.stdout)
        self.assertIn("queue file (source and target)\n", shown.stdout)
        self.assertRegex(shown.stdout, r"(?m)^  path +path, required\n +\S.*")

    def test_inspect_shows_a_program_the_options_with_their_types_and_defaults(self):
        shown = json.loads(self.sluice("inspect", "--json", PLUGINS / "file.so").stdout)
        queue = shown["components"][0]
        self.assertEqual((queue["kind"], queue["name"], queue["roles"]), ("queue", "file", ["source", "target"]))
        options = {option["name"]: option for option in queue["options"]}
        self.assertEqual((options["path"]["type"], options["path"]["required"]), ("path", True))
        self.assertIn("default", options["max_line"])

    def test_inspect_finds_a_plugin_by_its_name_and_by_that_of_a_component(self):
        by_file = self.sluice("inspect", PLUGINS / "sqlite.so")
        for name in ["sqlite", "org.sluice.sqlite"]:
            with self.subTest(name):
                shown = self.sluice("inspect", name)
                self.assertEqual((shown.stdout, shown.stderr, shown.returncode), (by_file.stdout, "", 0))
        shown = self.sluice("inspect", "good", "--plugin-path", BAD)
        self.assertEqual((shown.stderr, shown.returncode), ("", 0))
        self.assertIn("plugin  org.example.good 1.0.0\n", shown.stdout)
        shown = self.sluice("inspect", "sqllite")
        self.assertEqual((shown.stdout, shown.returncode), ("", 1))
        self.assertEqual(shown.stderr,
                         'sluice: there is no plugin or component "sqllite", and no such file; did you mean "sqlite"?\n')

    def test_a_component_of_a_later_version_is_shown_as_one_that_needs_a_newer_host(self):
        file = self.copy("half_known")
        shown = self.sluice("inspect", file)
        self.assertEqual((shown.returncode, shown.stderr), (0, ""))
        self.assertIn("\nwidget half_known\n  needs a newer host: this one does not know the kind \"widget\"\n", shown.stdout)
        self.assertIn("\nhandler half_known\n  no options\n", shown.stdout)
        widget, handler = json.loads(self.sluice("inspect", "--json", file).stdout)["components"]
        sentence = ('the widget "half_known" needs a newer host: this one does not know the kind "widget"; '
                    "use a newer host, or an older build of the plugin")
        self.assertEqual(widget, {"kind": "widget", "name": "half_known", "summary": "", "needs_newer_host": sentence})
        self.assertNotIn("needs_newer_host", handler)
        listed = self.sluice("--plugin-path", self.folder)
        self.assertRegex(listed.stdout, r"(?m)^widget +half_known +1\.0\.0 ")
        self.assertIn(f"plugin {file}: {sentence}\n", listed.stdout)

    def test_inspect_shows_a_plugin_that_cannot_be_loaded(self):
        for name in ["no_entry", "undefined_symbol", "entry_fails", "create_fails"]:
            with self.subTest(name):
                shown = self.sluice("inspect", BAD / f"{name}.so")
                self.assertEqual((shown.returncode, shown.stderr), (0, ""))
                self.assertIn(f"plugin  org.example.{name} 1.0.0\n", shown.stdout)

    def test_what_makes_no_sense_is_a_usage_error(self):
        for words, said in [
            (["inspect"], 'sluice plugins: "plugins inspect" takes one FILE\n'),
            (["inspect", "a", "b"], 'sluice plugins: "plugins inspect" takes one FILE\n'),
            (["show"], 'sluice plugins: there is no "plugins show"; there is "plugins inspect FILE"\n'),
            (["--jason"], "sluice plugins: unrecognised option '--jason'\n"),
        ]:
            with self.subTest(words=words):
                wrong = self.sluice(*words)
                self.assertEqual((wrong.returncode, wrong.stdout), (2, ""))
                self.assertTrue(wrong.stderr.startswith(said + "usage: sluice plugins "), wrong.stderr)

    def test_help_is_no_error(self):
        helped = self.sluice("--help")
        self.assertEqual((helped.returncode, helped.stderr), (0, ""))
        self.assertTrue(helped.stdout.startswith("usage: sluice plugins "))


if __name__ == "__main__":
    unittest.main()
