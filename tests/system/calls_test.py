"""Calls into plugins that do not return, crash, or end the process: named, and a stop does not wait for them."""

import os
import pathlib
import re
import signal
import time
import unittest

from support import SystemTest

ASTRAY = pathlib.Path(os.environ["SLUICE_BUILD"]) / "bad_plugins/astray.so"
SANITIZED = bool(os.environ.get("SLUICE_SANITIZE"))


def config(part="", at="", how="", until="", deadline="30s", more="", attempts=1):
    """A host of one source, database, target and pool, all of which could go astray; `part` does."""
    def options(name):
        return f", at: {at}, how: {how}, until: {until or 'none'}" if name == part else ""
    return f"""
name: astray
state_dir: ./state
sources: {{ in: {{ plugin: {ASTRAY}{options("source")} }} }}
databases: {{ db: {{ plugin: {ASTRAY}{options("database")} }} }}
targets: {{ out: {{ plugin: {ASTRAY}{options("target")} }} }}
pools:
  p: {{ source: in, workers: 2, route: {{ by: round_robin }}, retry: {{ attempts: {attempts} }},\
 handler: {{ plugin: {ASTRAY}, database: db{options("handler")} }} }}
shutdown: {{ deadline: {deadline} }}
{more}"""


class Calls(SystemTest):
    def begin(self, *arguments, **options):
        return self.start("run", self.write("astray.yaml", config(*arguments, **options)))

    def named(self, run, component, function, deadline=20):
        sentence = rf"warn  host: {component} \(plugin {re.escape(str(ASTRAY))}\): {function} has not returned for \d+ s"
        run.wait_for(lambda host: re.search(sentence, host.log), f"{component}: {function} is named", deadline)

    def ends_with_its_name(self, run, component, function, within):
        begun = time.monotonic()
        self.assertEqual(run.wait(within), 3, run.tail)
        self.assertRegex(run.log, rf"error host: {component} \(plugin .*\): {function} has not returned for")
        return time.monotonic() - begun

    def test_that_hang_are_named_and_end_with_the_second_signal(self):
        for part, at, component, function in (
                ("handler", "create", r"pools\.p\.handler\[0\]", "create"), ("source", "create", r"sources\.in", "create"),
                ("database", "open", r"databases\.db", "open"), ("database", "connect", r"databases\.db", "connect"),
                ("target", "open", r"targets\.out", "open_target"), ("handler", "start", r"pools\.p\.handler\[0\]", "start"),
                ("source", "open", r"sources\.in", "open_source"), ("source", "poll", r"sources\.in", "poll"),
                ("handler", "stop", r"pools\.p\.handler\[0\]", "stop"), ("database", "close", r"databases\.db", "close")):
            with self.subTest(part=part, at=at):
                run = self.begin(part, at, "hang")
                self.named(run, component, function)
                run.signal()
                run.signal(signal.SIGINT)
                self.ends_with_its_name(run, component, function, 15)

    def test_that_hang_while_the_host_starts_end_with_the_deadline(self):
        run = self.begin("source", "open", "hang", deadline="200ms")
        self.named(run, r"sources\.in", "open_source")
        run.signal()
        self.assertLess(self.ends_with_its_name(run, r"sources\.in", "open_source", 15), 5)

    def test_that_hang_while_it_closes_end_with_the_deadline(self):
        run = self.begin("handler", "stop", "hang", deadline="200ms")
        self.ends_with_its_name(run, r"pools\.p\.handler\[0\]", "stop", 30)

    def test_that_return_after_all_are_said_to(self):
        run = self.begin("source", "open", "away", until="there")  # nothing hangs
        run.wait_for(lambda host: "waits for sources.in" in host.log, "the wait")
        self.write("there", "")
        self.assertEqual(run.wait(), 0, run.tail)
        self.assertNotIn("has not returned", run.log)

    def test_in_check_are_named_too(self):
        run = self.start("check", self.write("astray.yaml", config("handler", "create", "hang")))
        self.named(run, r"pools\.p\.handler\[0\]", "create")
        run.signal(signal.SIGINT)
        self.assertEqual(run.wait(10), -signal.SIGINT)


@unittest.skipIf(SANITIZED, "the sanitizer reports crashes itself")
class Crashes(SystemTest):
    def crashes(self, verb, number, sentence, *arguments, **options):
        run = self.start(verb, self.write("astray.yaml", config(*arguments, **options)))
        self.assertEqual(run.wait(), -number, run.tail)
        self.assertRegex(run.log, rf"(?m)^\S+ error {sentence}$")

    def test_name_component_plugin_and_message(self):
        where = (r"pools\.p\.handler\[[01]\]: the process crashed \(SIGSEGV\) in handle of pools\.p\.handler\[[01]\], "
                 rf"plugin {ASTRAY}, with message [12]")
        self.crashes("run", signal.SIGSEGV, where, "handler", "handle", "segv")

    def test_of_a_stack_that_overflows_are_told(self):
        self.crashes("run", signal.SIGSEGV, rf"pools\.p\.handler\[[01]\]: .*SIGSEGV.* in handle .*, with message [12]",
                     "handler", "handle", "overflow")

    def test_that_the_plugin_asks_for_are_told(self):
        self.crashes("run", signal.SIGABRT,
                     rf"sources\.in: the process was aborted \(SIGABRT\) in poll of sources\.in, plugin {ASTRAY}",
                     "source", "poll", "abort")

    def test_of_a_constructor_in_check_are_told(self):
        self.crashes("check", signal.SIGSEGV, rf"databases\.db: .*SIGSEGV.* in create of databases\.db, plugin {ASTRAY}",
                     "database", "create", "segv")

    def test_are_a_line_of_a_json_log(self):
        run = self.start("run", self.write("astray.yaml", config("handler", "handle", "segv", more="log: { format: json }\n")))
        self.assertEqual(run.wait(), -signal.SIGSEGV)
        [crash] = run.events("crash")
        self.assertRegex(crash["component"], r"pools\.p\.handler\[[01]\]")
        self.assertEqual(crash["level"], "error")
        self.assertRegex(crash["time"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")


class Exits(SystemTest):
    def test_that_a_plugin_calls_for_end_the_process_with_status_5_and_its_name(self):
        for how in ("exit", "quick_exit"):
            for part, at, where in (("handler", "handle", r"handle of pools\.p\.handler\[[01]\], plugin .*, with message [12]"),
                                    ("source", "open", r"open_source of sources\.in, plugin .*"),
                                    ("handler", "create", r"create of pools\.p\.handler\[0\], plugin .*")):
                with self.subTest(how=how, at=at):
                    run = self.run_to_end("run", self.write("astray.yaml", config(part, at, how)), status=5)
                    self.assertRegex(run.log, rf"error \S+: exit\(\) was called in {where}; plugins must not end the process")


class Stops(SystemTest):
    def test_that_a_full_target_holds_up_say_so(self):
        self.write("in.jsonl", '{"n":1}\n')
        run = self.start("run", self.write("full.yaml", f"""
state_dir: ./state
sources: {{ in: {{ plugin: file, path: ./in.jsonl }} }}
targets: {{ out: {{ plugin: {ASTRAY}, how: full }} }}
pools: {{ p: {{ source: in, handler: {{ plugin: forward, target: out }} }} }}
shutdown: {{ deadline: 200ms }}
"""))
        run.wait_for(lambda host: "is full, and 1 messages wait" in host.log, "the target is said to be full", 30)
        run.signal()
        self.assertEqual(run.wait(20), 3, run.tail)
        self.assertRegex(run.log, r'error host: target "out" is full \(a thousand messages are in it\), for \d+\.\d s: '
                         "what publishes to it waits")
        self.assertNotIn("a plugin still holds a thread", run.log)


if __name__ == "__main__":
    unittest.main()
