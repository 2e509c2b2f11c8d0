"""The command line and the configuration, from outside: every bad configuration with its exact sentences,
and what is printed."""
# ctest: sanitize

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(os.environ["SLUICE_ROOT"])
SLUICE = os.environ["SLUICE_BIN"]
PLUGINS = os.environ["SLUICE_PLUGINS"]
BAD = ROOT / "tests" / "bad_configurations"
FLIGHTS = ROOT / "docs" / "examples" / "flights.yaml"

GOOD = """
sources:
  flights: { plugin: file, path: flights.jsonl }
pools:
  airports:
    source: flights
    workers: 3
    handler: { plugin: noop }
"""


class InAFolder(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-config-")).resolve()
        self.addCleanup(shutil.rmtree, self.folder)

    def sluice(self, *words, input=None, **environment):
        return subprocess.run([SLUICE, *map(str, words)], cwd=self.folder, input=input, text=True, capture_output=True,
                              timeout=60, env={**os.environ, **environment})

    def write(self, text, name="c.yaml"):
        (self.folder / name).write_text(text)
        return name

    def files(self):
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*"))


class BadConfigurations(InAFolder):
    def setUp(self):
        super().setUp()
        for path in BAD.glob("*.yaml"):
            shutil.copy(path, self.folder)
        self.before = self.files()

    def expected(self, name):
        text = (BAD / name).with_suffix(".expected").read_text()
        return text.replace("{FOLDER}", str(self.folder)).replace("{PLUGINS}", PLUGINS)

    def test_each_gets_its_exact_sentences_from_check(self):
        for name in self.before:
            with self.subTest(name):
                done = self.sluice("check", name)
                self.assertEqual((done.stderr, done.stdout, done.returncode), (self.expected(name), "", 1))
        self.assertEqual(self.files(), self.before)

    def test_each_keeps_run_from_starting_anything(self):
        for name in self.before:
            with self.subTest(name):
                done = self.sluice("run", name)
                self.assertEqual((done.stdout, done.returncode), ("", 1), done.stderr)
                for line in self.expected(name).splitlines():
                    self.assertIn(line, done.stderr)
        self.assertEqual(self.files(), self.before)

    def test_are_at_least_thirty_and_all_say_what_they_are_for(self):
        names = {path.stem for path in BAD.glob("*.yaml")}
        self.assertGreaterEqual(len(names), 30)
        self.assertEqual(names, {path.stem for path in BAD.glob("*.expected")})
        for name in names:
            self.assertRegex(self.expected(name + ".yaml"), rf"^{name}\.yaml:\d+:\d+: ")


class GoodConfigurations(InAFolder):
    def test_are_summed_up_by_check_which_creates_nothing(self):
        name = self.write(GOOD)
        done = self.sluice("check", name)
        self.assertEqual((done.stdout, done.stderr, done.returncode), ("c.yaml: ok: 1 source, 1 pool, 3 workers\n", "", 0))
        self.assertEqual(self.files(), ["c.yaml"])

    def test_the_example_is_one(self):
        done = self.sluice("check", FLIGHTS)
        self.assertEqual((done.stdout, done.returncode), (f"{FLIGHTS}: ok: 1 source, 1 database, 1 pool, 10 workers\n", 0))

    def test_print_shows_defaults_and_reads_back_as_the_same(self):
        first = self.sluice("check", FLIGHTS, "--print")
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertIn("    park_limit: 125\n", first.stdout)
        second = self.sluice("check", self.write(first.stdout), "--print")
        self.assertEqual(second.stdout, first.stdout)

    def test_set_overrides_any_key_and_makes_missing_maps(self):
        name = self.write(GOOD)
        done = self.sluice("check", name, "--print", "--set", "pools.airports.workers=4",
                           "--set=pools.airports.queue.capacity=7", "--set", "log.levels.\"sources.flights\"=debug")
        self.assertIn("workers: 4\n", done.stdout)
        self.assertIn("capacity: 7,", done.stdout)
        self.assertIn("levels:\n    sources.flights: debug\n", done.stdout)
        done = self.sluice("check", name, "--set", "pools.airports.wokers=4")
        self.assertEqual((done.stderr, done.returncode),
                         ("--set pools.airports.wokers: unknown key; did you mean \"workers\"?\n", 1))

    def test_an_option_that_its_plugin_refuses_has_one_place(self):
        name = self.write(GOOD.replace("{ plugin: noop }",
                                       "\n      plugin: sql\n      database: d\n      statement: INSERT INTO t VALUES(:a)\n"
                                       "      params: { a: a }") + "databases: { d: { plugin: sqlite, path: d.db } }\n")
        done = self.sluice("check", name)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r'^c\.yaml:12:\d+: pools\.airports\.handler\.params\.a: .*must begin with "/".*\n$')
        self.assertEqual(done.stderr.count("c.yaml:"), 1, done.stderr)

    def test_a_queue_is_looked_into_without_making_anything(self):
        name = self.write(GOOD.replace("plugin: file, path: flights.jsonl", "plugin: sqlite, path: flights.db"))
        self.assertEqual(self.sluice("check", name).returncode, 0)
        done = self.sluice("queues", name, "--json")
        self.assertEqual((done.stderr, done.returncode), ("", 0))
        for line in map(json.loads, done.stdout.splitlines()):
            self.assertEqual((line["ready"], line["in_flight"], line["dead"]), (0, 0, 0))
        self.assertIn("source flights", self.sluice("queues", name).stdout)
        self.assertEqual(self.sluice("dead-letters", "ls", name).stdout, "There are no dead letters.\n")
        self.assertEqual(self.sluice("dead-letters", "purge", name, "--all").stdout, "0 dead letters removed\n")
        shown = self.sluice("dead-letters", "show", name, "7")
        self.assertEqual(shown.returncode, 1)
        self.assertIn("there is no dead letter 7", shown.stderr)
        self.assertEqual(self.files(), ["c.yaml"])
        self.assertEqual(self.sluice("enqueue", name, "--source", "flights", input="1\n").stdout, "1 message is stored\n")
        self.assertIn('"ready":1', self.sluice("queues", name, "--json").stdout)

    def test_a_target_named_like_a_word_of_yaml_reads_back(self):
        name = self.write(GOOD + "targets: { 'null': { plugin: file, path: out.jsonl } }\ndead_letters: { target: 'null' }\n")
        first = self.sluice("check", name, "--print")
        self.assertEqual(first.returncode, 0, first.stderr)
        second = self.sluice("check", self.write(first.stdout), "--print")
        self.assertEqual((second.stdout, second.stderr), (first.stdout, ""))

    def test_the_environment_is_put_in(self):
        name = self.write(GOOD.replace("workers: 3", "workers: ${SLUICE_TEST_WORKERS:-5}"))
        self.assertIn(" 5 workers\n", self.sluice("check", name).stdout)
        self.assertIn(" 7 workers\n", self.sluice("check", name, SLUICE_TEST_WORKERS="7").stdout)

    def test_come_from_standard_input_too(self):
        done = self.sluice("check", "-", input=GOOD)
        self.assertEqual((done.stdout, done.returncode), ("-: ok: 1 source, 1 pool, 3 workers\n", 0))
        done = self.sluice("check", "-", input=GOOD + "nme: x\n")
        self.assertEqual(done.stderr, "stdin:9:1: nme: unknown key; did you mean \"name\"?\n")

    def test_secrets_never_leave_check(self):
        (self.folder / "setup.sql").write_text("CREATE TABLE IF NOT EXISTS hush(x)\n")
        name = self.write(GOOD + "databases:\n  d: { plugin: sqlite, path: d.db, setup_file: setup.sql }\n")
        done = self.sluice("check", name, "--print")
        self.assertNotIn("hush", done.stdout)
        self.assertIn(f"setup_file: {self.folder}/setup.sql\n", done.stdout)


class CommandLine(InAFolder):
    def test_without_a_word_shows_short_help_and_is_a_usage_error(self):
        done = self.sluice()
        self.assertEqual((done.stdout, done.returncode), ("", 2))
        self.assertIn("usage: sluice VERB", done.stderr)

    def test_help_names_every_verb_and_every_verb_has_its_own(self):
        done = self.sluice("--help")
        self.assertEqual((done.stderr, done.returncode), ("", 0))
        for verb in "run", "check", "plugins":
            self.assertRegex(done.stdout, rf"(?m)^  {verb} ")
            help = self.sluice(verb, "--help")
            self.assertEqual((help.stderr, help.returncode), ("", 0))
            self.assertTrue(help.stdout.startswith(f"usage: sluice {verb} "), help.stdout)

    def test_help_of_dead_letters_lists_the_options_of_each_command(self):
        help = self.sluice("dead-letters", "--help")
        self.assertEqual((help.stderr, help.returncode), ("", 0))
        for option in "--source", "--key", "--json", "--no-wait", "--all", "--older-than", "--yes", "--set":
            self.assertRegex(help.stdout, rf"(?m)^ *(All take )?{option} ", option)

    def test_version_has_the_range_of_the_plugin_abi(self):
        done = self.sluice("--version")
        self.assertRegex(done.stdout, r"^sluice \d+\.\d+\.\d+ \(plugin ABI 1\.\d+( to 1\.\d+)?\)\n$")
        self.assertEqual(done.returncode, 0)

    def test_wrong_use_exits_with_2_and_says_what_is_right(self):
        name = self.write(GOOD)
        for words, sentence in [
            (["chek", name], 'sluice: there is no verb "chek"; did you mean "check"?\n'),
            (["--versoin"], 'sluice: there is no option "--versoin"; did you mean "--version"?\n'),
            (["check"], "sluice check: name the configuration file; see `sluice check --help`\n"),
            (["run"], "sluice run: name the configuration file; see `sluice run --help`\n"),
            (["check", name, name], "sluice check: takes one configuration file; see `sluice check --help`\n"),
            (["check", name, "--prnt"],
             "sluice check: unrecognised option '--prnt', did you mean --print?; see `sluice check --help`\n"),
            (["check", name, "--set", "name"],
             "sluice check: --set name has no value, write --set KEY=VALUE; see `sluice check --help`\n"),
        ]:
            with self.subTest(words):
                done = self.sluice(*words)
                self.assertEqual((done.stderr, done.stdout, done.returncode), (sentence, "", 2))

    def test_a_file_that_is_not_there_is_a_bad_configuration(self):
        for verb in "check", "run":
            done = self.sluice(verb, "gone.yaml")
            self.assertEqual((done.stderr, done.returncode), ("gone.yaml: cannot be read: No such file or directory\n", 1))

    def test_output_that_nobody_got_is_no_success(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([SLUICE, "--version"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual((done.stderr, done.returncode), ("sluice: cannot write the output: No space left on device\n", 5))

    def test_answers_that_nobody_got_are_no_success_either(self):
        name = self.write(GOOD)
        for words in (["queues", name], ["queues", name, "--json"], ["dead-letters", "ls", name],
                      ["dead-letters", "purge", name, "--all", "--yes"]):
            with self.subTest(words), open("/dev/full", "w") as full:
                done = subprocess.run([SLUICE, *map(str, words)], cwd=self.folder, stdout=full, stderr=subprocess.PIPE,
                                      text=True, timeout=60)
                self.assertEqual((done.stderr, done.returncode),
                                 ("sluice: cannot write the output: No space left on device\n", 5))


if __name__ == "__main__":
    unittest.main()
