"""Every bad plugin through the binary: the exact sentence, status 1, nothing started, and no code of a refused plugin run.

Each plugin of tests/bad_plugins creates the file named by SLUICE_MARK as soon as any of its code runs, even a constructor.
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import unittest

from support import stored_dead_letters

SLUICE = os.environ["SLUICE_BIN"]
BAD = pathlib.Path(os.environ["SLUICE_BUILD"]) / "bad_plugins"
MACRO = "build it again with the plugin macro of the SDK"

# What is wrong with a file before any of its code may run; {file} is its path.
BEFORE_LOADING = {
    "no_manifest": "it has no section .sluice.manifest, so it is not a Sluice plugin or was stripped of it; "
    "build it with the plugin macro of the SDK",
    "garbled_manifest": "its manifest is garbled (manifest: The JSON document has an improper structure: "
    f"missing or superfluous commas, braces, missing keys, etc.); {MACRO}",
    "two_manifests": "its manifest is garbled (something follows its text: two manifests in one file, or a wrong text_size); "
    f"{MACRO}",
    "wrong_major": "it is built for plugin ABI 2.2 to 2.4 and this host speaks 1.0; "
    "use a build of the plugin for ABI 1, or a host that speaks ABI 2",
    "newer_minor": "it needs plugin ABI 1.3 to 1.5 and this host speaks 1.0; "
    "update the host, or use an older build of the plugin",
}


# What shows when it is loaded: its entry and init have run, nothing else has.
AT_LOADING = {
    "no_entry": "it does not export sluice_plugin_entry_v1; define it and build the plugin with sluice_add_plugin()",
    "undefined_symbol": "it cannot be loaded ({file}: undefined symbol: sluice_bad_nobody_has_this); "
    "build it for this machine, or install what it needs",
    "entry_fails": "it refused this host (unsupported: this machine has no frobnicator); correct what it complains about",
    "entry_throws": "it refused this host (contract: an exception left the plugin: thrown by the entry); "
    "correct what it complains about",
    "init_fails": "its init failed (unavailable: the licence server is unreachable); correct what it complains about",
}

# As well, and the author's mistake.
BROKEN = {
    "null_module": "its module is NULL",
    "wrong_minor": "it chose to speak ABI minor 9 where the lower of both sides is 0",
    "small_module": "its sluice_module says struct_size 40, but the mandatory members alone take 64",
    "null_component": "its component 0 is NULL",
    "small_component": "its sluice_component 0 says struct_size 24, but the mandatory members alone take 32",
    "null_table": 'handler "null_table": its table is NULL',
    "small_table": 'handler "small_table": its sluice_handler says struct_size 40, but the mandatory members alone take 48',
    "no_handle": 'handler "no_handle": its sluice_handler has no handle, which is mandatory',
    "disagrees_id": "its manifest and its module disagree: the id is org.example.disagrees_id in the manifest "
    "and org.example.other in the module",
    "disagrees_version": "its manifest and its module disagree: the version is 1.0.0 in the manifest and 2.0.0 in the module",
    "disagrees_count": "its manifest and its module disagree: the number of components is 1 in the manifest "
    "and 2 in the module",
    "disagrees_kind": 'its manifest and its module disagree: component 0 is the handler "disagrees_kind" in the manifest '
    'and the kind 77 "disagrees_kind" in the module',
    "disagrees_name": 'its manifest and its module disagree: component 0 is the handler "disagrees_name" in the manifest '
    'and the handler "somebody [31melse" in the module',
}
for name, why in BROKEN.items():
    AT_LOADING[name] = f"{why}; this is a mistake in the plugin org.example.{name}, ask its author for a build that corrects it"

# Databases and sources that are refused once they are created.
MISTAKE = "this is a mistake in the plugin org.example.{name}, ask its author for a build that corrects it"
DATABASES = {
    "no_restart": 'databases.d: plugin {file} is refused: database "no_restart": its sluice_database has no restart, '
    f"which is mandatory; {MISTAKE}",
    "deduplicates_without_record": 'databases.d: plugin {file} is refused: database "deduplicates_without_record": it says '
    f"SLUICE_DATABASE_DEDUPLICATES, but its sluice_database has no record_once; {MISTAKE}",
    "database_throws_early": "databases.d: contract: an exception left the plugin: nothing at all",
}
SOURCES = {
    "keeps_order_of_nothing": 'sources.in: plugin {file} is refused: queue "keeps_order_of_nothing": it says '
    f"SLUICE_QUEUE_RELEASE_KEEPS_ORDER without SLUICE_QUEUE_TAKES_BACK; {MISTAKE}",
    "source_throws_early": "sources.in: contract: an exception left the plugin: nothing at all",
}

CONFIGURATION = """\
name: bad
state_dir: ./state
sources: {{ in: {{ plugin: file, path: ./in.jsonl }} }}
targets: {{ out: {{ plugin: file, path: ./out.jsonl }} }}
pools:
  p:
    source: in
    workers: 2
    route: {{ by: round_robin }}
    retry: {{ attempts: 2, backoff: 1ms, backoff_max: 1ms }}
    handler:
      plugin: {plugin}
statistics: {{ every: 100ms }}
shutdown: {{ deadline: 200ms }}
"""


class WithBinary(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-bad-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.mark = self.folder / "mark"
        self.environment = dict(os.environ, SLUICE_MARK=str(self.mark))

    def sluice(self, *words):
        return subprocess.run([SLUICE, *map(str, words)], text=True, capture_output=True, env=self.environment, timeout=60)

    def configuration(self, plugin, bodies=("{}",)):
        (self.folder / "in.jsonl").write_text("".join(body + "\n" for body in bodies))
        file = self.folder / "host.yaml"
        file.write_text(CONFIGURATION.format(plugin=plugin))
        return file

    def nothing_started(self, plugin, complaint):
        """check and run both say `complaint`, about the place where the plugin is named, and that is all that happens."""
        configuration = self.configuration(plugin)
        said = rf"{re.escape(str(configuration))}:\d+:\d+: pools\.p\.handler(\.plugin)?: {re.escape(complaint)}\n"
        checked = self.sluice("check", configuration)
        self.assertEqual((checked.returncode, checked.stdout), (1, ""))
        self.assertRegex(checked.stderr, rf"\A{said}\Z")
        ran = self.sluice("run", configuration)
        self.assertEqual((ran.returncode, ran.stdout), (1, ""))
        self.assertRegex(ran.stderr, rf"\A(\S+ error host: )?{said}\Z")
        self.assertFalse((self.folder / "state").exists())
        self.assertFalse((self.folder / "out.jsonl").exists())


class Refused(WithBinary):
    def refused(self, file, why):
        """However it is asked for: the sentence, status 1, and not one instruction of it."""
        sentence = f"plugin {file} is refused: {why}"
        inspected = self.sluice("plugins", "inspect", file)
        self.assertEqual(inspected.returncode, 1)
        self.assertEqual(inspected.stderr, f"sluice: {sentence}\n")
        self.nothing_started(file, sentence)
        self.assertFalse(self.mark.exists(), "code of a refused plugin ran")

    def file(self, name, content=b""):
        path = self.folder / name
        path.write_bytes(content)
        return path

    def copy(self, plugin, name):
        return pathlib.Path(shutil.copy(BAD / f"{plugin}.so", self.folder / name))

    def test_what_its_bytes_say_is_refused_before_it_is_loaded(self):
        for name, why in BEFORE_LOADING.items():
            with self.subTest(name):
                self.refused(BAD / f"{name}.so", why)

    def test_what_is_no_shared_library_is_refused(self):
        self.refused(self.file("empty.so"), "it is empty; build or copy it again")
        self.refused(self.file("text.so", b"#!/bin/sh\n"),
                     "it is not an ELF file; give the path of a shared library built with sluice_add_plugin()")
        folder = self.folder / "folder.so"
        folder.mkdir()
        self.refused(folder, "it is a directory; give the path of a shared library")
        self.refused(self.folder / "none.so", "it cannot be reached (No such file or directory); check the path")
        link = self.folder / "link.so"
        link.symlink_to("gone.so")
        self.refused(link, "it is a symbolic link to gone.so, which cannot be reached (No such file or directory); "
                     "correct or remove the link")

    def test_a_library_cut_off_anywhere_is_refused(self):
        content = (BAD / "good.so").read_bytes()
        for size in range(512, len(content), 512):
            with self.subTest(size=size):
                file = self.file("cut.so", content[:size])
                inspected = self.sluice("plugins", "inspect", file)
                self.assertEqual(inspected.returncode, 1)
                self.assertRegex(inspected.stderr,
                                 rf"^sluice: plugin {file} is refused: it is cut off or damaged \(.+\); "
                                 r"build or copy it again\n$")
        self.assertFalse(self.mark.exists())

    def test_what_others_may_write_is_refused(self):
        file = self.copy("good", "writable.so")
        os.chmod(file, 0o664)
        self.refused(file, f"it may be written by its group; run: chmod g-w '{file}'")
        os.chmod(file, 0o666)
        self.refused(file, f"it may be written by its group and everyone else; run: chmod go-w '{file}'")
        os.chmod(file, 0o644)
        os.chmod(self.folder, 0o770)
        self.refused(file, f"its directory {self.folder} may be written by its group; run: chmod g-w '{self.folder}'")

    def test_a_component_of_a_kind_that_is_not_known_is_named_and_its_file_is_not_garbled(self):
        file = BAD / "unknown_kind.so"
        why = ('the widget "unknown_kind" needs a newer host: this one does not know the kind "widget"; '
               "use a newer host, or an older build of the plugin")
        inspected = self.sluice("plugins", "inspect", file)
        self.assertEqual((inspected.returncode, inspected.stderr), (0, ""))
        self.assertIn("widget unknown_kind\n", inspected.stdout)
        self.assertIn('needs a newer host: this one does not know the kind "widget"\n', inspected.stdout)
        self.nothing_started(file, f"plugin {file} is refused: {why}")
        self.assertFalse(self.mark.exists(), "code of it ran")

    def test_the_mark_shows_when_code_runs(self):
        self.assertEqual(self.sluice("check", self.configuration(BAD / "good.so")).returncode, 0)
        self.assertTrue(self.mark.exists(), "the other tests of this file could not fail")

    def test_what_shows_at_loading_is_refused_and_nothing_is_started(self):
        for name, why in AT_LOADING.items():
            with self.subTest(name):
                file = BAD / f"{name}.so"
                self.nothing_started(file, f"plugin {file} is refused: {why.format(file=file)}")

    def test_every_bad_plugin_that_is_built_is_tried_here(self):
        tried = {*BEFORE_LOADING, *AT_LOADING, "create_fails", "create_throws", "source_without_poll"}
        tried |= {"unknown_kind", "half_known"}
        tried |= {"good", "larger_table", "throws", "unknown_verdict", "hangs", "keeps_view", "keeps_ticket", "crashes",
                  "astray"}
        tried |= {*DATABASES, *SOURCES, "database_throws", "source_throws", "outage", "defers_and_reads", "keeps_context"}
        tried |= {"partitioned"}  # in forward_test.py
        self.assertEqual(tried, {file.stem for file in BAD.glob("*.so")})

    def test_a_source_that_cannot_be_received_from_is_refused(self):
        file = BAD / "source_without_poll.so"
        configuration = self.configuration(BAD / "good.so")
        configuration.write_text(configuration.read_text().replace("{ plugin: file, path: ./in.jsonl }",
                                                                   f"{{ plugin: {file} }}"))
        checked = self.sluice("check", configuration)
        self.assertEqual(checked.returncode, 1)
        self.assertIn(
            f'sources.in: plugin {file} is refused: queue "source_without_poll": its sluice_queue has no capabilities, '
            "which is mandatory; "
            "this is a mistake in the plugin org.example.source_without_poll, ask its author for a build that corrects it\n",
            checked.stderr)

    def test_a_database_or_source_that_cannot_do_what_it_says_is_refused(self):
        for kind, plugins in (("databases", DATABASES), ("sources", SOURCES)):
            for name, why in plugins.items():
                with self.subTest(name):
                    file = BAD / f"{name}.so"
                    configuration = self.configuration(BAD / "good.so")
                    text = configuration.read_text()
                    configuration.write_text(text.replace("{ plugin: file, path: ./in.jsonl }", f"{{ plugin: {file} }}")
                                             if kind == "sources" else text + f"databases: {{ d: {{ plugin: {file} }} }}\n")
                    for verb in ("check", "run"):
                        refused = self.sluice(verb, configuration)
                        self.assertEqual((refused.returncode, refused.stdout), (1, ""), refused.stderr)
                        self.assertIn(why.format(file=file, name=name) + "\n", refused.stderr)

    def test_a_plugin_whose_create_fails_or_throws_starts_nothing(self):
        self.nothing_started(BAD / "create_fails.so", "invalid: there is no moon on Mondays")
        self.nothing_started(BAD / "create_throws.so", "contract: an exception left the plugin: thrown by create")


class Misbehaving(WithBinary):
    """Handlers that break the rules while they work: the host and the other messages do not suffer."""

    def totals(self, log):
        """The last line of the statistics, as numbers by name."""
        line = [line for line in log.splitlines() if " received " in line and " = acked " in line][-1]
        return {name: int(number) for name, number in re.findall(r"(\w+) (\d+)\b", line)}

    def run_to_the_end(self, plugin, bodies):
        ran = self.sluice("run", self.configuration(BAD / f"{plugin}.so", bodies))
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return ran.stderr

    def test_an_exception_that_leaves_handle_is_a_retry_with_its_text(self):
        log = self.run_to_the_end("throws", ["{}", '{"throw":1}', "{}", '{"junk":1}', "{}", '{"throw":2}'])
        totals = self.totals(log)
        self.assertEqual((totals["received"], totals["acked"], totals["retried"]), (6, 6, 3))
        # A pool says it once in ten seconds at most, and how many it left out.
        self.assertRegex(log, r" warn +pools\.p\.handler.*broke a rule at message .*an exception left the handler: [^()]*\n")

    def test_an_unknown_verdict_is_a_retry_and_in_the_end_a_dead_letter_with_the_number(self):
        log = self.run_to_the_end("unknown_verdict", ["{}"] * 5)
        totals = self.totals(log)
        self.assertEqual((totals["received"], totals["dead_lettered"], totals["retried"]), (5, 5, 5))
        dead = stored_dead_letters(self.folder / "state")
        self.assertEqual([letter["error"] for letter in dead], ["the handler answered with the unknown verdict 4711"] * 5)

    def test_a_view_that_is_kept_harms_no_message(self):
        totals = self.totals(self.run_to_the_end("keeps_view", ["{}"] * 20))
        self.assertEqual((totals["received"], totals["acked"]), (20, 20))

    def test_a_ticket_that_is_kept_is_stale_and_publishes_nothing(self):
        totals = self.totals(self.run_to_the_end("keeps_ticket", ["{}"] * 20))
        self.assertEqual((totals["received"], totals["acked"]), (20, 20))
        self.assertEqual((self.folder / "out.jsonl").read_text(), "")

    def test_an_outage_that_a_handler_reports_counts_for_nothing_and_is_said(self):
        log = self.run_to_the_end("outage", ["{}"] * 5 + ['{"conflict":1}'] * 5)
        totals = self.totals(log)
        self.assertEqual((totals["received"], totals["acked"], totals["dead_lettered"], totals["retried"]), (10, 10, 0, 0), log)
        self.assertIn("does not count as an attempt", log)
        self.assertIn("http://shop.example answers 503", log)

    def test_a_deferred_message_whose_handler_may_still_read_it_stays_as_it_is(self):
        self.environment["SLUICE_DEBUG_MESSAGES"] = "1"
        configuration = self.configuration(BAD / "defers_and_reads.so", [f'{{"n":{n},"text":"{"x" * 50}"}}' for n in range(50)])
        configuration.write_text(configuration.read_text().replace("    handler:\n", "    handler:\n      timeout: 20ms\n"))
        ran = self.sluice("run", configuration)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        totals = self.totals(ran.stderr)
        self.assertEqual((totals["received"], totals["acked"]), (50, 50), ran.stderr)
        self.assertIn("has no `cancel`, and does not say that it keeps no views", ran.stderr)

    def test_a_context_that_is_kept_is_refused_and_reads_no_message_that_has_gone(self):
        self.environment["SLUICE_DEBUG_MESSAGES"] = "1"
        totals = self.totals(self.run_to_the_end("keeps_context", ["{}"] * 2000))
        self.assertEqual((totals["received"], totals["acked"]), (2000, 2000))
        self.assertEqual((self.folder / "out.jsonl").read_text(), "")

    def test_a_database_that_throws_is_to_blame_and_not_the_handler(self):
        configuration = self.configuration("sql", ["{}"] * 20)
        configuration.write_text(configuration.read_text() + "      database: d\n      statement: DELETE FROM t\n"
                                 f"databases: {{ d: {{ plugin: {BAD / 'database_throws.so'} }} }}\n")
        text = configuration.read_text().replace("statistics: { every: 100ms }\nshutdown: { deadline: 200ms }\n", "")
        configuration.write_text(text)
        ran = self.sluice("run", configuration)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        totals = self.totals(ran.stderr)
        self.assertEqual((totals["received"], totals["acked"], totals["retried"]), (20, 20, 0), ran.stderr)
        self.assertIn("an exception left the plugin", ran.stderr)
        self.assertNotIn("an exception left the handler", ran.stderr)

    def test_a_source_that_throws_where_it_is_only_asked_goes_on(self):
        configuration = self.configuration(BAD / "good.so")
        configuration.write_text(configuration.read_text().replace("{ plugin: file, path: ./in.jsonl }",
                                                                   f"{{ plugin: {BAD / 'source_throws.so'} }}"))
        ran = self.sluice("run", configuration)
        self.assertEqual(ran.returncode, 0, ran.stderr)

    def test_a_handler_that_hangs_holds_up_its_own_worker_only_and_is_named_at_the_deadline(self):
        configuration = self.configuration(BAD / "hangs.so", ['{"hang":1}'] + ["{}"] * 11)
        with subprocess.Popen([SLUICE, "run", str(configuration)], text=True, stderr=subprocess.PIPE,
                              env=self.environment) as host:
            deadline = threading.Timer(60, host.kill)
            deadline.start()
            log = ""
            for line in host.stderr:
                # Round robin: the other worker had six; a line of statistics comes every 100 ms. One signal:
                # a second one aborts.
                if "acked 6," in line and "acked 6," not in log:
                    host.send_signal(signal.SIGTERM)
                log += line
            deadline.cancel()
        self.assertEqual(host.returncode, 3, log)
        totals = self.totals(log)
        self.assertEqual((totals["received"], totals["acked"], totals["abandoned"]), (12, 6, 6))
        self.assertRegex(log, r"error host: worker p\[0\] has been in its handler for \d+ ms with message \S+ "
                              r"7 done so far, as it said \d")

    def test_what_is_known_of_a_plugin_of_a_later_version_works(self):
        configuration = self.configuration(BAD / "half_known.so", ["{}"] * 3)
        configuration.write_text(configuration.read_text() + "log: { level: debug }\n")
        ran = self.sluice("run", configuration)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        totals = self.totals(ran.stderr)
        self.assertEqual((totals["received"], totals["acked"]), (3, 3))
        self.assertEqual(ran.stderr.count('the widget "half_known" needs a newer host'), 1, ran.stderr)

    def test_a_larger_table_of_a_later_minor_works(self):
        totals = self.totals(self.run_to_the_end("larger_table", ["{}"] * 3))
        self.assertEqual((totals["received"], totals["acked"]), (3, 3))


if __name__ == "__main__":
    unittest.main()
