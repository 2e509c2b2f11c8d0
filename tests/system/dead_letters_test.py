"""Messages that cannot be processed: each becomes a dead letter with its reason, all others go on, nothing is lost."""
# ctest: sanitize

import base64
import contextlib
import json
import sqlite3
import unittest

from support import FLIGHTS, SystemTest, airports_in, flights_config, json_lines, query


def body_of(letter):
    return letter["body"].encode() if "body" in letter else base64.b64decode(letter["body_base64"])


class DeadLetters(SystemTest):
    def run_lines(self, lines, config=None):
        (self.folder / "lines.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
        self.config = self.write("lines.yaml", config or flights_config("./lines.jsonl"))
        final = self.run_to_end("run", self.config).final()
        self.assertEqual(final["received"], len(lines))
        self.assertEqual(len(self.dead_letters()), final["dead_lettered"])
        return final

    def test_a_bad_message_among_good_ones_is_kept_with_its_reason(self):
        good = [b'{"origin":"AAA","delay":1}', b'{"origin":"AAA","delay":2}', b'{"origin":"BBB","delay":3}']
        bad = [
            b"not json at all \xff",
            b'{"origin":"AAA","delay":',
            b'{"origin":"AAA"}',  # NOT NULL in the table
            b'{"origin":"AAA","delay":{"minutes":3}}',  # cannot be bound
            b"[]",
        ]
        final = self.run_lines([good[0], *bad, *good[1:]])
        self.assertEqual((final["acked"], final["dead_lettered"]), (3, len(bad)))
        self.assertEqual(airports_in(self.folder / "flights.db"), {"AAA": (2, 3), "BBB": (1, 3)})
        letters = self.dead_letters()
        self.assertEqual({body_of(letter) for letter in letters}, set(bad))
        for letter in letters:
            self.assertEqual(letter["source"], "flights", letter)
            self.assertTrue(letter["error"], letter)
            self.assertTrue(letter["id"], letter)
            self.assertEqual(letter["attempts"], 1, "a reject is not tried again")
        self.assertEqual(self.run_to_end("run", self.config).final()["received"], 0, "dead letters are settled")
        self.assertEqual(len(self.dead_letters()), len(bad))

    def test_a_missing_key_becomes_one_if_the_pool_says_so(self):
        config = flights_config("./lines.jsonl").replace("workers: 10", "workers: 10\n    missing_key: dead_letter")
        final = self.run_lines([b'{"origin":"AAA","delay":1}', b'{"delay":1}', b'{"origin":null,"delay":1}'], config)
        self.assertEqual((final["acked"], final["dead_lettered"]), (1, 2))
        self.assertEqual(airports_in(self.folder / "flights.db"), {"AAA": (1, 1)})

    def test_what_no_pool_takes_becomes_one(self):
        config = flights_config("./lines.jsonl").replace("    source: flights",
                                                         "    source: flights\n    when: { /type: departure }")
        lines = [b'{"type":"departure","origin":"AAA","delay":1}', b'{"type":"arrival","origin":"AAA","delay":1}',
                 b'{"origin":"AAA"}']
        final = self.run_lines(lines, config)
        self.assertEqual((final["acked"], final["dead_lettered"]), (1, 2))
        self.assertEqual({body_of(letter) for letter in self.dead_letters()}, set(lines[1:]))


AGAIN = """
state_dir: ./state
sources: {{ in: {{ plugin: file, path: ./in.jsonl, follow: true, persist_every: {persist} }} }}
databases: {{ db: {{ plugin: sqlite, path: ./out.db, deduplicate: true, setup: "CREATE TABLE IF NOT EXISTS t(n INTEGER)" }} }}
pools:
  p:
    source: in
    {when}
    workers: 1
    batch: {{ max: 1 }}
    queue: {{ capacity: 4, when_full: {when_full} }}
    handler: {{ plugin: sql, database: db, statement: "INSERT INTO t VALUES(:n)" }}
statistics: {{ every: 50ms }}
log: {{ format: json }}
"""


class ThatHadTakenEffectBeforeAKill(SystemTest):
    """Its source delivers a message once more, and it dies before a worker could ask the database."""

    def configure(self, persist="100ms", when="", when_full="block"):
        return self.write("sluice.yaml", AGAIN.format(persist=persist, when=when, when_full=when_full))

    def deliver_again(self, **changed):
        self.write("in.jsonl", json_lines({"n": n} for n in range(60)))
        before = self.start_host(self.configure(persist="1h"))
        before.wait_for(lambda run: query(self.folder / "out.db", "SELECT count(*) FROM t") == [(60,)], "60 rows")
        before.kill()
        again = self.start_host(self.configure(**changed))
        again.wait_for(lambda run: any(each["acked"] + each["dead_lettered"] == 60 for each in run.events("statistics")),
                       "the end of all that comes again")
        return again

    def replay_all(self):
        host = self.start_host(self.configure())
        self.tell("dead-letters", "replay", self.folder / "sluice.yaml", "--all")
        self.stop(host)
        self.assertEqual(self.dead_letters(), [])

    def test_it_waits_where_others_are_dropped(self):
        again = self.deliver_again(when_full="{ drop: dead_letter }")
        self.assertEqual(self.dead_letters(), [])
        with open(self.folder / "in.jsonl", "a") as lines:
            lines.write(json_lines({"n": n} for n in range(60, 2_060)))
        again.wait_for(lambda run: any(each["acked"] + each["dead_lettered"] == 2_060 for each in run.events("statistics")),
                       "the end of new ones")
        self.assertGreater(len(self.dead_letters()), 0, "new ones are dropped")
        self.stop(again)
        self.replay_all()
        self.assertEqual(query(self.folder / "out.db", "SELECT count(*), count(DISTINCT n) FROM t"), [(2_060, 2_060)])

    def test_its_replay_makes_no_effects_where_no_pool_took_it(self):
        self.stop(self.deliver_again(when="when: { /n: none }"))
        letters = self.dead_letters()
        self.assertEqual([letter["delivery"].get("has_ended") for letter in letters], [True] * 60)
        self.replay_all()
        self.assertEqual(query(self.folder / "out.db", "SELECT count(*) FROM t"), [(60,)])


REPAIRABLE = """
name: flights
state_dir: ./state
sources:
  flights: {{ plugin: sqlite, path: ./queues.db }}
databases:
  delays: {{ plugin: sqlite, path: ./flights.db, deduplicate: true,\
 setup: "CREATE TABLE IF NOT EXISTS seen(k TEXT, n INTEGER CHECK(n < {limit}))" }}
pools:
  all:
    source: flights
    route: {{ key: /k }}
    workers: 1
    handler: {{ plugin: sql, database: delays, statement: "INSERT INTO seen VALUES(:k, :n)" }}
statistics: {{ every: 50ms }}
log: {{ format: json }}
"""


class Verbs(SystemTest):
    """Ten messages of which three break a rule of the table; then the rule is repaired."""

    def setUp(self):
        super().setUp()
        self.config = self.write("flights.yaml", REPAIRABLE.format(limit=7))

    def kill_three(self):
        self.tell("enqueue", self.config, "--source", "flights",
                  lines=json_lines({"k": f"k{n % 2}", "n": n} for n in range(10)))
        host = self.start_host(self.config)
        host.wait_for(lambda run: len(self.seen()) == 7 and len(self.dead_letters()) == 3, "seven done and three dead")
        return host

    def seen(self):
        path = self.folder / "flights.db"
        return sorted(n for (n,) in query(path, "SELECT n FROM seen")) if path.exists() else []

    def repair(self):
        database = sqlite3.connect(self.folder / "flights.db")
        with contextlib.closing(database), database:
            database.execute("ALTER TABLE seen RENAME TO old")
            database.execute("CREATE TABLE seen(k TEXT, n INTEGER)")
            database.execute("INSERT INTO seen SELECT * FROM old")

    def listed(self, *arguments):
        return [json.loads(line) for line in self.tell("dead-letters", "ls", self.config, "--json", *arguments)[0].splitlines()]

    def test_show_what_died_with_a_host_and_without(self):
        host = self.kill_three()
        for _ in range(2):
            letters = self.listed()
            self.assertEqual([json.loads(letter["body"])["n"] for letter in letters], [7, 8, 9])
            self.assertEqual([letter["key"] for letter in letters], ["k1", "k0", "k1"])
            self.assertEqual([json.loads(letter["body"])["n"] for letter in self.listed("--key", "k1")], [7, 9])
            self.assertEqual(self.listed("--source", "other"), [])
            table = self.tell("dead-letters", "ls", self.config)[0].splitlines()
            self.assertRegex(table[0], r"^PLACE +DEAD SINCE +SOURCE +POOL +KEY +TRIES +ID +ERROR$")
            self.assertRegex(table[1], r"^\d+ +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +flights +all +k1 +1 .*CHECK constraint failed")
            shown = self.tell("dead-letters", "show", self.config, letters[0]["place"])[0]
            self.assertRegex(shown, r'(?m)^body +\{"k": "k1", "n": 7\}$')
            by_id = self.tell("dead-letters", "show", self.config, letters[1]["id"], "--json")[0]
            self.assertEqual(json.loads(by_id)["place"], letters[1]["place"])
            out, err = self.tell("dead-letters", "show", self.config, "999", letters[2]["id"], status=1)
            self.assertIn("there is no dead letter 999: `ls` shows which there are", err)
            self.assertIn('"n": 9}', out)
            if host:
                host = self.stop(host) and None

    def test_replay_them_once_the_cause_is_repaired(self):
        host = self.stop(self.kill_three())
        places = [letter["place"] for letter in self.listed()]
        self.assertIn("no host runs", self.tell("dead-letters", "replay", self.config, "--all", status=5)[1])
        self.repair()
        host = self.start_host(self.config)
        out = self.tell("dead-letters", "replay", self.config, places[1])[0]
        self.assertEqual(out, f"{places[1]}  done\n1 of 1 dead letter replayed and gone\n")
        self.assertEqual(self.seen(), [0, 1, 2, 3, 4, 5, 6, 8])
        self.assertIn("2 of 2 dead letters replayed and gone",
                      self.tell("dead-letters", "replay", self.config, "--key", "k1")[0])
        self.assertEqual(self.seen(), list(range(10)))
        self.assertEqual(self.dead_letters(), [])
        self.assertIn("There are no dead letters", self.tell("dead-letters", "ls", self.config)[0])
        self.assertIn("0 of 0", self.tell("dead-letters", "replay", self.config, "--all")[0])
        self.stop(host)
        self.assertEqual(host.final("flights")["received"], 0)
        self.assertEqual((host.final("dead-letters")["received"], host.final("dead-letters")["acked"]), (3, 3))

    def test_that_die_again_are_new_ones(self):
        host = self.kill_three()
        before = {letter["place"] for letter in self.listed()}
        out = self.tell("dead-letters", "replay", self.config, "--all", status=1)[0]
        self.assertEqual(out.count("dead again: "), 3, out)
        letters = self.listed()
        self.assertEqual(sorted(json.loads(letter["body"])["n"] for letter in letters), [7, 8, 9])
        self.assertFalse(before & {letter["place"] for letter in letters})
        self.assertEqual({letter["source"] for letter in letters}, {"flights"})
        self.stop(host)
        self.assertEqual(host.final("dead-letters")["dead_lettered"], 3)

    def test_purge_removes_for_good(self):
        host = self.kill_three()
        letters = self.listed()
        self.assertEqual(self.tell("dead-letters", "purge", self.config, "--older-than", "1h")[0], "0 dead letters removed\n")
        self.assertEqual(self.tell("dead-letters", "purge", self.config, letters[0]["place"])[0], "1 dead letter removed\n")
        self.stop(host)
        self.assertEqual(self.tell("dead-letters", "purge", self.config, "--all")[0], "2 dead letters removed\n")
        self.assertEqual(self.dead_letters(), [])

    def test_ask_which_ones(self):
        for command in ("replay", "purge", "show"):
            self.assertIn("say which ones", self.tell("dead-letters", command, self.config, status=2)[1])
        self.assertIn('did you mean "show"?', self.tell("dead-letters", "shwo", self.config, status=2)[1])
        self.assertIn("not both", self.tell("dead-letters", "purge", self.config, "1", "--all", status=2)[1])

    def test_say_where_dead_letters_are_that_go_to_a_target(self):
        config = self.write("elsewhere.yaml",
                            REPAIRABLE.format(limit=7) + "targets: { dead: { plugin: file, path: ./dead.jsonl } }\n"
                            "dead_letters: { target: dead }\n")
        self.assertIn('dead letters go to the target "dead"', self.tell("dead-letters", "ls", config, status=5)[1])


DEDUPLICATED = REPAIRABLE + """
targets:
  dead: {{ plugin: sqlite, path: ./dead.db, queue: dead, deduplicate: true }}
dead_letters: {{ target: dead }}
"""


class Deduplicated(Verbs):
    """The same, and more, where dead letters go to a target that stores an id once."""

    def setUp(self):
        super().setUp()
        self.config = self.write("flights.yaml", DEDUPLICATED.format(limit=7))

    def dead_letters(self):
        path = self.folder / "dead.db"
        with contextlib.suppress(sqlite3.OperationalError):
            return [json.loads(body)
                    for (body,) in query(path, "SELECT body FROM sluice_queue_1 ORDER BY number")] if path.exists() else []
        return []

    def test_a_replay_that_dies_again_is_stored(self):
        host = self.kill_three()
        for _ in range(3):
            self.assertEqual(self.tell("dead-letters", "replay", self.config, "--all", status=1)[0].count("dead again: "), 3)
            self.assertEqual(sorted(json.loads(letter["body"])["n"] for letter in self.listed()), [7, 8, 9])
        self.repair()
        self.assertIn("3 of 3", self.tell("dead-letters", "replay", self.config, "--all")[0])
        self.assertEqual(self.seen(), list(range(10)))
        self.stop(host)


LONG_IDS = """
name: long
state_dir: ./state
sources:
  long-name-of-a-file: {{ plugin: file, path: ./a-file.jsonl }}
databases:
  out: {{ plugin: sqlite, path: ./out.db, setup: "CREATE TABLE IF NOT EXISTS t(n INTEGER CHECK(n < 0))" }}
{extra}
pools:
  picky: {{ source: long-name-of-a-file, workers: 1,\
 handler: {{ plugin: sql, database: out, statement: "INSERT INTO t VALUES(:n)" }} }}
log: {{ format: json }}
"""


class Shown(SystemTest):
    def rows(self, *arguments):
        table = self.tell("dead-letters", "ls", self.config, *arguments)[0].splitlines()
        at = table[0].index("ID "), table[0].index("ERROR")
        return [line[at[0]:at[1]].strip() for line in table[1:]]

    def test_in_lines_that_differ(self):
        self.config = self.write("long.yaml", LONG_IDS.format(extra=""))
        self.lines_file("a-file.jsonl", [{"n": n} for n in range(20)])
        run = self.run_to_end("run", self.config)
        ids = [letter["id"] for letter in self.dead_letters()]
        self.assertEqual(len(set(self.rows())), 20)
        for shown, whole in zip(self.rows(), ids):
            front, back = shown.split("…")
            self.assertLessEqual(len(shown), 28)
            self.assertTrue(whole.startswith(front) and whole.endswith(back), (shown, whole))
        self.assertEqual(self.rows("--wide"), ids)
        [said] = [event for event in run.events()
                  if "becomes a dead letter" in event.get("text", "") + event.get("message", "")]
        self.assertEqual((said["component"], said.get("pool")), ("pools.picky", "picky"))

    def test_a_target_that_is_full_is_called_full(self):
        extra = """targets: { dead: { plugin: sqlite, path: ./dead.db, max_messages: 5 } }
dead_letters: { target: dead }
statistics: { every: 100ms }"""
        self.config = self.write("long.yaml", LONG_IDS.format(extra=extra))
        self.lines_file("a-file.jsonl", [{"n": n} for n in range(20)])
        host = self.start("run", self.config)
        host.wait_for(lambda run: "is full, and 15 messages wait until it has room" in run.log, "the target's complaint")
        host.wait_for_event("away_statistics", path=lambda path: path == "targets.dead", full=lambda full: full)
        self.assertNotIn("unreachable", host.log)
        self.assertIn("5 dead letters removed", self.tell("dead-letters", "purge", self.config, "--all", "--yes")[0])
        host.wait_for(lambda run: "has room again after" in run.log, "room")


class StandardInput(SystemTest):
    def test_lines_come_through_a_pipe(self):
        config = self.write("pipe.yaml", flights_config('"-"', deduplicate="false"))
        with open(FLIGHTS, "rb") as flights:
            run = self.start("run", config, stdin=flights)
            self.assertEqual(run.wait(), 0, run.log)
        self.assertEqual(run.final()["acked"], 20_000)
        self.assertEqual(sum(delay for _, delay in airports_in(self.folder / "flights.db").values()), 154_078)

    def test_deduplicate_is_refused_on_a_pipe_since_its_ids_are_not_stable(self):
        config = self.write("pipe.yaml", flights_config('"-"'))
        refused = self.run_to_end("run", config, status=1)
        self.assertRegex(refused.log + refused.stdout, r"deduplicate")


if __name__ == "__main__":
    unittest.main()
