"""Holds that a plugin's function table has one caller, host/plugin/port/: the loader checks tables and hands them on, and the
rest of the host knows typed ports only. And that no service of the host, which plugins call, may throw."""

import os
import pathlib
import re
import unittest

HOST = pathlib.Path(os.environ["SLUICE_ROOT"]) / "host"
TABLES = {"sluice_queue": "queue", "sluice_database": "database", "sluice_handler": "handler"}  # and who hands it out
CALLS = "plugin/port/"
HANDS_ON = {f"plugin/{name}{suffix}" for name in ("tables", "library") for suffix in (".hpp", ".cpp")}


def breaches(path, text):
    """What the source at this path of host/ does with tables that are none of its business."""
    if path.startswith(CALLS):
        return
    for table, getter in TABLES.items():
        if path not in HANDS_ON and re.search(rf"\b{table}\b", text):
            yield f"host/{path} names {table}: go through the port in host/{CALLS}"
        if re.search(rf"(?i:library\w*\)?)(?:->|\.){getter}\(", text):
            yield f"host/{path} asks a library for its {table}: go through the port in host/{CALLS}"


def may_throw(table):
    """The services of a table, written as `.name = [](...) noexcept ...`, that might throw into a plugin."""
    services = re.findall(r"\.(\w+)\s*=\s*(\[.*?\{)", table, re.S)
    return [name for name, head in services if not re.search(r"\)\s*noexcept\b", head)]


class Services(unittest.TestCase):
    def test_throw_nothing_into_a_plugin(self):
        text = (HOST / "plugin/services.cpp").read_text()
        table = re.search(r"constexpr sluice_host_api api = \{\n.*?\n\};", text, re.S)[0]
        header = (HOST.parent / "plugin-api/include/sluice/host.h").read_text()
        members = re.search(r"typedef struct sluice_host_api \{.*?\} sluice_host_api;", header, re.S)[0]
        self.assertEqual(re.findall(r"\.(\w+)\s*=\s*\[", table), re.findall(r"\(\*(\w+)\)\(", members))
        self.assertEqual(may_throw(table), [])

    def test_that_may_throw_are_found(self):
        self.assertEqual(may_throw(".a = [](int) noexcept -> int { return 1; },\n.b =\n    [](int) { return 1; },"), ["b"])
        self.assertEqual(may_throw(".a = [](int b) -> int { return served([](int) noexcept {}); }"), ["a"])


class PluginTables(unittest.TestCase):
    def test_are_called_by_their_ports_only(self):
        sources = sorted(HOST.glob("**/*.[ch]pp"))
        self.assertTrue(any(str(path.relative_to(HOST)).startswith(CALLS) for path in sources), f"there is no host/{CALLS}")
        found = [breach for path in sources for breach in breaches(str(path.relative_to(HOST)), path.read_text())]
        self.assertEqual(found, [])

    def test_are_missed_nowhere(self):
        found = lambda path, text: len(list(breaches(path, text)))
        self.assertEqual(found("source/a.cpp", "const sluice_queue& table = queue.table();"), 1)
        self.assertEqual(found("app/a.cpp", "(*library)->queue(name)->poll(self)"), 1)
        self.assertEqual(found("app/a.cpp", "library.queue(component.component)"), 1)
        self.assertEqual(found("source/a.cpp", "const sluice_queue_sink& sink = loop->queue().sink();"), 0)
        self.assertEqual(found("plugin/registry.cpp", "sluice_queue table;"), 1)
        self.assertEqual(found("plugin/tables.cpp", "std::string take_table(sluice_queue& to);"), 0)
        self.assertEqual(found("plugin/port/a.cpp", "const sluice_queue& table = *library.queue(component);"), 0)
        self.assertEqual(found("work/a.cpp", "const sluice_database& table = connection.table();"), 1)
        self.assertEqual(found("work/a.cpp", "const sluice_handler* table; const sluice_database* other;"), 2)
        self.assertEqual(found("app/a.cpp", "(*library)->handler(name)->flags"), 1)
        self.assertEqual(found("app/a.cpp", "library->database(component.component)"), 1)
        self.assertEqual(found("work/a.cpp", '#include "sluice/database.h"\nsluice_database_sink sink; // sluice/handler.h'), 0)
        self.assertEqual(found("plugin/registry.cpp", "sluice_database table;"), 1)
        self.assertEqual(found("plugin/tables.cpp", "std::string take_table(sluice_handler& to);"), 0)
        self.assertEqual(found("plugin/port/a.cpp", "const sluice_database& table = *library.database(component);"), 0)


if __name__ == "__main__":
    unittest.main()
