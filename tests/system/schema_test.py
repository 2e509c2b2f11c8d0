"""`sluice schema`: what it accepts and refuses, judged by a validator of our own and compared with `sluice check`."""

import json
import re
import unittest

from support import SystemTest


def resolve(schema, root):
    return root["$defs"][schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema


def is_type(value, name):
    return {"object": isinstance(value, dict), "array": isinstance(value, list), "string": isinstance(value, str),
            "null": value is None, "boolean": isinstance(value, bool),
            "integer": isinstance(value, int) and not isinstance(value, bool),
            "number": isinstance(value, (int, float)) and not isinstance(value, bool)}[name]


def check(value, schema, root):
    """(problems, names of evaluated properties): the part of JSON Schema 2020-12 that is used here."""
    unknown = set(schema) - {"$ref", "$schema", "$defs", "title", "description", "default", "writeOnly", "type", "enum",
                             "const", "pattern", "minimum", "maximum", "properties", "required", "propertyNames",
                             "additionalProperties", "unevaluatedProperties", "items", "anyOf", "allOf", "if", "then", "else"}
    assert not unknown, f"the validator does not know {unknown}"
    problems, evaluated = [], set()

    def both(part):
        found, names = check(value, part, root)
        problems.extend(found)
        evaluated.update(names)

    if "$ref" in schema:
        both(resolve(schema, root))
    types = schema.get("type", [])
    if types and not any(is_type(value, name) for name in ([types] if isinstance(types, str) else types)):
        problems.append(f"{value!r} is no {types}")
    if "enum" in schema and value not in schema["enum"]:
        problems.append(f"{value!r} is none of {schema['enum']}")
    if "const" in schema and value != schema["const"]:
        problems.append(f"{value!r} is not {schema['const']}")
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        problems.append(f"{value!r} does not look like {schema['pattern']}")
    if is_type(value, "number"):
        if value < schema.get("minimum", value) or value > schema.get("maximum", value):
            problems.append(f"{value} is out of range")
    if isinstance(value, list) and "items" in schema:
        problems += [problem for entry in value for problem in check(entry, schema["items"], root)[0]]
    if "anyOf" in schema:
        answers = [check(value, part, root) for part in schema["anyOf"]]
        if all(found for found, _ in answers):
            problems += min((found for found, _ in answers), key=len)
        for found, names in answers:
            evaluated.update(names if not found else ())
    for part in schema.get("allOf", []):
        both(part)
    if "if" in schema:
        found, names = check(value, schema["if"], root)
        evaluated.update(() if found else names)
        both(schema.get("else" if found else "then", {}))
    if isinstance(value, dict):
        problems += [f"{name} is missing" for name in schema.get("required", []) if name not in value]
        for name, entry in value.items():
            problems += check(name, schema.get("propertyNames", {}), root)[0]
            if name in schema.get("properties", {}):
                evaluated.add(name)
                problems += [f"{name}: {problem}" for problem in check(entry, schema["properties"][name], root)[0]]
            elif "additionalProperties" in schema:
                evaluated.add(name)
                if schema["additionalProperties"] is False:
                    problems.append(f"{name} is unknown")
                elif schema["additionalProperties"] is not True:
                    problems += [f"{name}: {problem}" for problem in check(entry, schema["additionalProperties"], root)[0]]
        if schema.get("unevaluatedProperties") is False:
            problems += [f"{name} is unknown" for name in value if name not in evaluated]
    return problems, evaluated


GOOD = {
    "name": "flights", "state_dir": "./state", "plugin_path": [],
    "sources": {"flights": {"plugin": "file", "path": "flights.jsonl", "max_gap": 10}},
    "databases": {"delays": {"plugin": "sqlite", "config": {"path": "./x.db"}, "deduplicate": True}},
    "targets": {"out": {"plugin": "file", "path": "./out.jsonl", "sync": "never"}},
    "pools": {"airports": {
        "source": "flights", "when": {"/type": "departure"}, "route": {"key": "/origin", "workers": {"EU": 0}},
        "missing_key": {"worker": 0}, "workers": 10,
        "queue": {"capacity": 1000, "bytes": "16MiB", "when_full": {"drop": "count"}}, "batch": {"max": 64},
        "retry": {"attempts": 5, "backoff": "100ms", "backoff_max": "30s"}, "on_failure": "park",
        "handler": {"plugin": "sql", "database": "delays", "statement": "SELECT 1", "timeout": "5s"}}},
    "dead_letters": {"target": "out", "max_rate": "50/m"}, "statistics": {"every": "10s"},
    "shutdown": {"mode": "drain", "deadline": "30s"}, "log": {"level": "info", "format": "text", "levels": {"pools": "debug"}},
}


def changed(path, value):
    copy = json.loads(json.dumps(GOOD))
    at = copy
    *way, last = path
    for name in way:
        at = at[name]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return copy


class Schema(SystemTest):
    def setUp(self):
        super().setUp()
        self.schema = json.loads(self.tell("schema")[0])

    def judge(self, configuration):
        """Whether the schema and the program accept it."""
        path = self.write("c.yaml", json.dumps(configuration))
        by_schema = check(configuration, self.schema, self.schema)[0]
        return by_schema, self.start("check", path).wait() == 0

    def test_accepts_what_the_program_accepts(self):
        # Without quotes around it, which JSON cannot write, it would be a number.
        self.assertEqual(check(changed(["pools", "airports", "workers"], "${WORKERS:-4}"), self.schema, self.schema)[0], [])
        for configuration in (GOOD, changed(["pools", "airports", "queue"], {"when_full": "block"}),
                              changed(["pools", "airports", "missing_key"], "round_robin")):
            self.assertEqual(self.judge(configuration), ([], True))

    def test_refuses_what_the_program_refuses(self):
        for path, value in ((["nmae"], "x"), (["pools", "airports", "wokers"], 4), (["pools", "airports", "workers"], 0),
                            (["pools", "airports", "workers"], "four"), (["pools", "airports", "source"], None),
                            (["pools"], None), (["sources", "flights", "pth"], "x"), (["sources", "flights", "path"], None),
                            (["sources", "flights", "plugin"], None), (["sources", "flights", "sync"], "never"),
                            (["targets", "out", "sync"], "sometimes"), (["sources", "a b"], {"plugin": "file", "path": "x"}),
                            (["statistics", "every"], "10"), (["log", "level"], "loud"),
                            (["pools", "airports", "queue", "bytes"], "16MB"), (["pools", "airports", "handler", "timeout"], 5),
                            (["dead_letters", "max_rate"], "50")):
            with self.subTest(path=path, value=value):
                by_schema, by_program = self.judge(changed(path, value))
                self.assertFalse(by_program)
                self.assertTrue(by_schema)

    def test_knows_nothing_of_plugins_that_are_not_here(self):
        self.assertEqual(check(changed(["sources", "flights"], {"plugin": "./mine.so", "anything": 1}),
                               self.schema, self.schema)[0], [])


if __name__ == "__main__":
    unittest.main()
