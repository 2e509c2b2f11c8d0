"""Numbers keep their value on the way from a body to a column, and equal numbers are one key, however they are written."""

import json
import random
import struct
import unittest

from support import SystemTest, json_lines, query

COLUMNS = 10
ROWS = 100_000

INTO_A_TABLE = """
name: numbers
state_dir: ./state
sources:
  numbers: {{ plugin: file, path: ./numbers.jsonl }}
databases:
  out:
    plugin: sqlite
    path: ./out.db
    deduplicate: true
    setup: CREATE TABLE IF NOT EXISTS t(n, {columns})
pools:
  numbers:
    source: numbers
    batch: {{ max: 512 }}
    handler: {{ plugin: sql, database: out, statement: "INSERT INTO t VALUES(:n, {parameters})" }}
log: {{ format: json }}
"""

BY_KEY = """
name: keys
state_dir: ./state
sources:
  numbers: {{ plugin: {source} }}
pools:
  numbers:
    source: numbers
    route: {{ key: /k, rebalance: false }}
    workers: 8
    batch: {{ max: 1 }}
    handler: {handler}
log: {{ format: json }}
statistics: {{ every: 50ms }}
"""

BOUNDARIES = """
7627.3333333333333333 0.95000000000000000000 0.1000000000000000055511151231257827 0.5 1e0 1E+2 1.0e-2 -0.0 -1.5 0e0 0.0e400
1e-400 -1e-400
5e-324 4.9406564584124654e-324 2.4703282292062327e-324 2.4703282292062328e-324 2.2250738585072011e-308 2.2250738585072014e-308
1.7976931348623157e308 1.7976931348623158e308 179769313486231570000000000000000000000.0e270
9007199254740993.0 9007199254740992.0 9007199254740991.5 9007199254740992.5 9007199254740993.5
123456789012345678901234567890.0 0.30000000000000004 1e22 1e23 8.5e22 6.0221407600000000000000000000000001e23
100000000000000000000000000000000000000000.0 0.000000000000000000000000000000000000000000001
1.00000000000000011102230246251565404236316680908203125 1.00000000000000011102230246251565404236316680908203124
1.00000000000000011102230246251565404236316680908203126 1.00000000000000033306690738754696212708950042724609375
""".split() + ["0." + "3" * digits for digits in range(1, 40)] + ["7." + "0" * digits for digits in range(1, 40)]


def a_real(draw):
    """As databases and programs print them: many digits, trailing zeros, exponents, ties between two doubles."""
    kind = draw.randrange(6)
    if kind == 0:
        return f"{draw.uniform(-1e5, 1e5):.{draw.randrange(1, 26)}f}"
    if kind == 1:
        return f"{draw.random():.{draw.randrange(1, 26)}e}".replace("e", draw.choice("eE"))
    if kind == 2:
        return repr(struct.unpack("d", struct.pack("Q", draw.getrandbits(62)))[0])
    if kind == 3:
        return f"{draw.randrange(10 ** draw.randrange(1, 25))}.{draw.randrange(10 ** draw.randrange(1, 25)):020d}"
    if kind == 4:
        return f"{draw.randrange(10 ** 19)}.{'0' * draw.randrange(1, 5)}e{draw.randrange(-320, 285)}"
    return f"{draw.randrange(10 ** 6)}.{'3' * draw.randrange(15, 22)}"


class Numbers(SystemTest):
    def test_reals_are_stored_as_the_nearest_double(self):
        draw = random.Random(20010101)
        tokens = [BOUNDARIES[n] if n < len(BOUNDARIES) else a_real(draw) for n in range(ROWS * COLUMNS)]
        with open(self.folder / "numbers.jsonl", "w", encoding="ascii") as lines:
            for n in range(ROWS):
                row = tokens[n * COLUMNS:(n + 1) * COLUMNS]
                lines.write(f'{{"n":{n}' + "".join(f',"c{c}":{token}' for c, token in enumerate(row)) + "}\n")
        columns = [f"c{c}" for c in range(COLUMNS)]
        config = self.write("numbers.yaml",
                            INTO_A_TABLE.format(columns=", ".join(columns), parameters=", ".join(":" + c for c in columns)))
        self.run_to_end("run", config)
        stored = query(self.folder / "out.db", f"SELECT {', '.join(columns)} FROM t ORDER BY n")
        self.assertEqual(len(stored), ROWS)
        wrong = [(token, value) for token, value in zip(tokens, (value for row in stored for value in row))
                 if not isinstance(value, float) or value != float(token)]
        self.assertEqual(wrong[:10], [])

    def test_integers_are_stored_exactly_or_rejected_by_name(self):
        good = ["0", "-0", "1", "-1", "9223372036854775807", "-9223372036854775808", "1000000000000000000"]
        bad = {"9223372036854775808": "is an integer of more than 64 bits",
               "-9223372036854775809": "is an integer of more than 64 bits",
               "123456789012345678901234567890": "is an integer of more than 64 bits",
               "1e400": "is larger than a number of 64 bits can be", "-1.5e309": "is larger than a number of 64 bits can be"}
        lines = [f'{{"n":{n},"c0":{token}}}\n' for n, token in enumerate(good + list(bad))]
        (self.folder / "numbers.jsonl").write_text("".join(lines))
        config = self.write("numbers.yaml", INTO_A_TABLE.format(columns="c0", parameters=":c0"))
        self.run_to_end("run", config)
        stored = query(self.folder / "out.db", "SELECT c0 FROM t ORDER BY n")
        self.assertEqual([value for (value,) in stored], [int(token) for token in good])
        letters = json.loads("[" + ",".join(self.tell("dead-letters", "ls", config, "--json")[0].splitlines()) + "]")
        self.assertEqual([letter["body"] for letter in letters], [line.strip() for line in lines[len(good):]])
        for letter, what in zip(letters, bad.values()):
            self.assertIn(f"the field /c0 cannot be bound: it {what}", letter["error"])


class Keys(SystemTest):
    SPELLINGS = ["1", "1.0", "1e0", "10e-1", "0.1E1", "1.00"]

    def test_that_are_equal_numbers_are_handled_one_at_a_time_and_in_order(self):
        others = [f'{{"k":{n}.5,"n":0}}\n' for n in range(20)]
        lines = [f'{{"k":{self.SPELLINGS[n % len(self.SPELLINGS)]},"n":{n}}}\n' for n in range(120)]
        self.lines_file("numbers.jsonl", [])
        (self.folder / "numbers.jsonl").write_text("".join(lines + others))
        config = self.write("keys.yaml", BY_KEY.format(source="file, path: ./numbers.jsonl",
                                                       handler="{ plugin: trace, path: ./calls.jsonl, sleep_min: 2ms }"))
        self.run_to_end("run", config)
        calls = [json.loads(line) for line in (self.folder / "calls.jsonl").read_text().splitlines()]
        ones = sorted((call for call in calls if call["key"] == "1"), key=lambda call: call["start_ns"])
        self.assertEqual(len(ones), len(lines), sorted({call["key"] for call in calls}))
        for before, after in zip(ones, ones[1:]):
            self.assertLessEqual(before["end_ns"], after["start_ns"], "two at once")
            self.assertLess(int(before["id"].rsplit(":", 1)[-1]), int(after["id"].rsplit(":", 1)[-1]), "out of order")
        self.assertEqual(len({call["worker"] for call in ones}), 1)

    def test_are_found_by_why_and_dead_letters_in_any_spelling(self):
        config = self.write("keys.yaml", BY_KEY.format(source="sqlite, path: ./orders.db",
                                                       handler="{ plugin: trace, path: ./calls.jsonl, verdict: /v }"))
        self.tell("enqueue", config, "--source", "numbers",
                  lines=json_lines([{"k": 1, "v": "reject"}]) + '{"k":10e-1,"v":"reject"}\n{"k":2,"v":"reject"}\n')
        host = self.start_host(config)
        host.wait_for(lambda run: len(self.dead_letters_with(config, "1")) == 2, "two dead letters of key 1")
        for spelling in self.SPELLINGS:
            self.assertEqual(len(self.dead_letters_with(config, spelling)), 2, spelling)
        places = {(told["worker"],) for told in (json.loads(self.tell("why", config, "--key", spelling, "--json")[0])
                                                 for spelling in self.SPELLINGS)}
        self.assertEqual(len(places), 1)
        self.stop(host)

    def dead_letters_with(self, config, key):
        return self.tell("dead-letters", "ls", config, "--key", key, "--json")[0].splitlines()


if __name__ == "__main__":
    unittest.main()
