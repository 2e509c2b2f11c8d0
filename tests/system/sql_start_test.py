"""What the handler `sql` finds before the first message, and what happens when its table goes while it runs."""

import contextlib
import sqlite3
import unittest

from support import SystemTest, query

CONFIG = """
state_dir: ./state
sources:
  in: {{ plugin: file, path: ./in.jsonl{follow} }}
databases:
  out:
    plugin: sqlite
    path: ./out.db
    deduplicate: true
    setup: CREATE TABLE IF NOT EXISTS t(a, v)
pools:
  p:
    source: in
    workers: 2
    retry: {{ attempts: 2, backoff: 1ms, backoff_max: 1ms }}
    handler:
      plugin: sql
      database: out
      statement: {statement}
log: {{ format: json }}
statistics: {{ every: 100ms }}
"""


class AtStart(SystemTest):
    """The tables of `setup` are there by then; a statement that no message could make right ends the start with 1."""

    def refused(self, statement, *why):
        self.lines_file("in.jsonl", ({"a": n, "v": n} for n in range(5)))
        run = self.run_to_end("run", self.write("sql.yaml", CONFIG.format(statement=statement, follow="")), status=1)
        said = run.log.replace('\\"', '"')  # a line of the log is JSON
        for text in ("pools.p.handler", *why):
            self.assertIn(text, said)
        self.assertEqual(self.dead_letters(), [])

    def test_a_statement_that_only_reads(self):
        self.refused("SELECT a FROM t WHERE a = :a", "SELECT a FROM t WHERE a = ?", "only reads")
        self.refused("WITH x AS (SELECT :a) SELECT * FROM x", "only reads")
        self.refused("EXPLAIN INSERT INTO t VALUES(:a,:v)", "only reads")
        self.refused("EXPLAIN QUERY PLAN UPDATE t SET v = :v WHERE a = :a", "only reads")

    def test_a_statement_that_cannot_run_in_a_transaction(self):
        self.refused("VACUUM", "VACUUM")

    def test_wrong_sql(self):
        self.refused("INSRT INTO t VALUES(:a,:v)", 'near "INSRT": syntax error')
        self.refused("INSERT INTO t VALUES(:a,:v", "incomplete input")
        self.refused("UPDATE t SET v = :v WHERE a ?? :a", 'near "?": syntax error')  # SQLite has no such operator

    def test_the_wrong_number_of_values(self):
        self.refused("INSERT INTO t VALUES(:a)", "table t has 2 columns but 1 values were supplied")
        self.refused("INSERT INTO t VALUES(:a,:v,:a)", "table t has 2 columns but 3 values were supplied")

    def test_a_table_or_column_that_is_not_there(self):
        self.refused("INSERT INTO nowhere VALUES(:a,:v)", "no such table: nowhere")
        self.refused("INSERT INTO t(a,w) VALUES(:a,:v)", "no column named w")


class WhileRunning(SystemTest):
    def sql(self, statement):
        with contextlib.closing(sqlite3.connect(self.folder / "out.db", timeout=60)) as database, database:
            database.execute(statement)

    def test_a_table_that_is_dropped_is_an_outage_of_the_pool(self):
        lines = self.lines_file("in.jsonl", ({"a": n, "v": n} for n in range(10)))
        run = self.start("run", self.write("sql.yaml",
                                           CONFIG.format(statement="INSERT INTO t VALUES(:a,:v)", follow=", follow: true")))
        run.wait_for_event("statistics", acked=lambda n: n == 10)
        self.sql("ALTER TABLE t RENAME TO elsewhere")
        with open(lines, "a", encoding="utf-8") as more:
            more.write("".join(f'{{"a":{n},"v":{n}}}\n' for n in range(10, 200)))
        run.wait_for(lambda seen: "no such table: t" in seen.log, "the outage")
        run.wait_for(lambda seen: len(seen.events("statistics")) > 20, "two seconds of it")
        self.assertEqual(self.dead_letters(), [])
        self.assertLess(len([line for line in run.lines if "no such table" in line]), 10, "it is said, not repeated")
        self.sql("ALTER TABLE elsewhere RENAME TO t")
        run.wait_for_event("statistics", acked=lambda n: n == 200)
        final = self.stop(run).final()
        self.assertEqual((final["acked"], final["dead_lettered"], final["retried"]), (200, 0, 0))
        self.assertEqual(query(self.folder / "out.db", "SELECT count(*), count(DISTINCT a) FROM t"), [(200, 200)])

    def test_a_table_of_another_form_is_an_outage_that_ends_when_it_has_its_form_back(self):
        # What the statement needs is there each time; only the columns do not fit, or it is no table.
        for away, back in (("ALTER TABLE t ADD COLUMN w", "ALTER TABLE t DROP COLUMN w"),
                           ("ALTER TABLE t RENAME TO u; CREATE VIEW t AS SELECT a, v FROM u",
                            "DROP VIEW t; ALTER TABLE u RENAME TO t")):
            with self.subTest(away):
                self.setUp()
                lines = self.lines_file("in.jsonl", ({"a": n, "v": n} for n in range(10)))
                config = CONFIG.format(statement="INSERT INTO t VALUES(:a,:v)", follow=", follow: true")
                run = self.start("run", self.write("sql.yaml", config))
                run.wait_for_event("statistics", acked=lambda n: n == 10)
                for statement in away.split("; "):
                    self.sql(statement)
                with open(lines, "a", encoding="utf-8") as more:
                    more.write("".join(f'{{"a":{n},"v":{n}}}\n' for n in range(10, 200)))
                run.wait_for(lambda seen: "its workers pause" in seen.log, "the outage")
                for statement in back.split("; "):
                    self.sql(statement)
                run.wait_for_event("statistics", acked=lambda n: n == 200, deadline=20)
                final = self.stop(run).final()
                self.assertEqual((final["acked"], final["dead_lettered"], final["retried"]), (200, 0, 0))
                self.assertEqual(query(self.folder / "out.db", "SELECT count(*), count(DISTINCT a) FROM t"), [(200, 200)])


if __name__ == "__main__":
    unittest.main()
