"""Messages that cannot be processed: each becomes a dead letter with its reason, all others go on, nothing is lost."""
# ctest: sanitize

import base64
import unittest

from support import FLIGHTS, SystemTest, airports_in, flights_config


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
        config = flights_config("./lines.jsonl").replace("    source: flights", "    source: flights\n    when: { /type: departure }")
        lines = [b'{"type":"departure","origin":"AAA","delay":1}', b'{"type":"arrival","origin":"AAA","delay":1}', b'{"origin":"AAA"}']
        final = self.run_lines(lines, config)
        self.assertEqual((final["acked"], final["dead_lettered"]), (1, 2))
        self.assertEqual({body_of(letter) for letter in self.dead_letters()}, set(lines[1:]))


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
