"""The main job: flights from a file, ten workers, one SQLite table, every part a real plugin."""
# ctest: sanitize

import json
import os
import shutil
import unittest

import support
from support import FLIGHTS, ROOT, SystemTest, airports_in, airports_of, flights_config


class Flights(SystemTest):
    def setUp(self):
        super().setUp()
        self.flights = self.folder / "flights.jsonl"
        shutil.copyfile(FLIGHTS, self.flights)
        self.config = self.write("flights.yaml", flights_config("./flights.jsonl"))
        self.table = self.folder / "flights.db"

    def run_job(self):
        return self.run_to_end("run", self.config).final()

    def test_the_table_equals_an_independent_computation(self):
        final = self.run_job()
        self.assertEqual((final["received"], final["acked"]), (20_000, 20_000))
        table = airports_in(self.table)
        self.assertEqual(table, airports_of(FLIGHTS))
        self.assertEqual(len(table), 220)
        self.assertEqual(sum(flights for flights, _ in table.values()), 20_000)
        self.assertEqual(sum(delay for _, delay in table.values()), 154_078)

    def test_a_second_run_receives_nothing(self):
        self.run_job()
        before = airports_in(self.table)
        self.assertEqual(self.run_job()["received"], 0)
        self.assertEqual(airports_in(self.table), before)

    def test_with_only_the_position_deleted_it_receives_all_and_the_table_does_not_change(self):
        self.run_job()
        before = airports_in(self.table)
        self.forget_position()
        final = self.run_job()
        self.assertEqual((final["received"], final["acked"]), (20_000, 20_000))
        self.assertEqual(airports_in(self.table), before)

    def test_without_deduplication_the_same_doubles_the_table(self):
        # So that the test above can fail.
        config = self.write("twice.yaml", flights_config("./flights.jsonl", deduplicate="false"))
        self.run_to_end("run", config)
        self.forget_position()
        self.run_to_end("run", config)
        self.assertEqual(airports_in(self.table),
                         {code: (2 * flights, 2 * delay) for code, (flights, delay) in airports_of(FLIGHTS).items()})

    def test_five_lines_appended_are_five_messages(self):
        self.run_job()
        with open(self.flights, "a", encoding="utf-8") as lines:
            for delay in range(5):
                lines.write(json.dumps({"origin": "NEW", "delay": delay}) + "\n")
        final = self.run_job()
        self.assertEqual((final["received"], final["acked"]), (5, 5))
        self.assertEqual(airports_in(self.table), airports_of(self.flights))
        self.assertEqual(airports_in(self.table)["NEW"], (5, 10))

    def test_a_single_worker_and_one_message_a_unit_give_the_same_table(self):
        self.run_to_end("run", self.config, "--set", "pools.airports.workers=1", "--set", "pools.airports.batch.max=1")
        self.assertEqual(airports_in(self.table), airports_of(FLIGHTS))


class FlightsExample(SystemTest):
    def test_the_example_of_the_documentation_does_the_same(self):
        # A copy of the tree's part that it needs: the example keeps its state beside itself.
        (self.folder / "docs").mkdir()
        (self.folder / "tests/data").mkdir(parents=True)
        (self.folder / "docs/examples").mkdir()
        example = self.folder / "docs/examples/flights.yaml"
        shutil.copyfile(ROOT / "docs/examples/flights.yaml", example)
        os.symlink(FLIGHTS, self.folder / "tests/data" / FLIGHTS.name)
        run = self.run_to_end("run", example)
        self.assertRegex(run.log, r"received 20000 = acked 20000 \+ dead_lettered 0")
        self.assertEqual(airports_in(example.parent / "state/flights.db"), airports_of(FLIGHTS))


class MissingPlugin(SystemTest):
    def test_a_plugin_that_is_not_there_is_refused_by_name_before_anything_starts(self):
        shutil.copytree(support.BIN.parent.parent / "lib", self.folder / "tree/lib", symlinks=True)
        (self.folder / "tree/bin").mkdir()
        program = self.folder / "tree/bin/sluice"
        shutil.copy2(support.BIN, program)
        config = self.write("flights.yaml", flights_config(FLIGHTS))

        # With all plugins the copy works: the refusal below is not due to the copying.
        self.run_to_end("check", config, program=program)
        (self.folder / "tree/lib/sluice/plugins/sql.so").unlink()
        for verb in ("check", "run"):
            refused = self.run_to_end(verb, config, status=1, program=program)
            said = refused.log + refused.stdout
            self.assertRegex(said, r"flights\.yaml:\d+:\d+")
            self.assertRegex(said, r"pools\.airports\.handler")
            self.assertRegex(said, r"\bsql\b")
            self.assertIn(str(self.folder / "tree/lib/sluice/plugins"), said, "says where it looked")
        self.assertFalse((self.folder / "flights.db").exists())
        self.assertEqual([path for path in self.state.rglob("*") if path.is_file()], [])


if __name__ == "__main__":
    unittest.main()
