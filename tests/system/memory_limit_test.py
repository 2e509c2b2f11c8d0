"""memory_limit: slow handlers behind quick sources; what is in flight stays below the limit,
nothing is lost and nobody starves."""

import re
import unittest

from support import SANITIZED, SystemTest

MIB = 1 << 20


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"^VmRSS:\s+(\d+) kB$", status.read(), re.MULTILINE).group(1))


class MemoryLimit(SystemTest):
    def write_config(self, sources, pools, limit="4MiB"):
        return self.write("limit.yaml", f"""
state_dir: ./state
memory_limit: {limit}
sources: {{ {sources} }}
pools:
{pools}
statistics: {{ every: 20ms }}
log: {{ level: info, format: json }}
""")

    def most_in_flight(self, run):
        return max(entry["bytes"] for entry in run.events("memory_statistics"))

    def said(self, run, text):
        return [entry["message"] for entry in run.events() if text in entry["message"]]

    def test_bounds_what_all_sources_have_in_flight(self):
        config = self.write_config(
            "slow: { plugin: generate, messages: 1500, size: 16KiB }, quick: { plugin: generate, messages: 100000 }",
            "  slow: { source: slow, workers: 4, batch: { max: 4 }, handler: { plugin: noop, sleep: 2ms } }\n"
            "  quick: { source: quick, workers: 2, handler: { plugin: noop } }")
        run = self.run_to_end("run", config)
        self.assertEqual((run.final("slow")["acked"], run.final("quick")["acked"]), (1_500, 100_000))
        most = self.most_in_flight(run)
        self.assertLessEqual(most, 4 * MIB + 2 * 17 * 1024, "the limit and one message per source")
        self.assertGreater(most, 3 * MIB, "or this proves nothing")
        self.assertEqual(len(self.said(run, "memory_limit is 4MiB")), 1)
        self.assertLessEqual(len(self.said(run, "less than half of memory_limit")), 1)

    def test_stops_no_other_source_while_messages_cannot_end(self):
        config = self.write_config(
            "stuck: { plugin: generate, messages: 1000, size: 64KiB }, other: { plugin: generate, messages: 300, size: 64KiB }",
            "  stuck: { source: stuck, handler: { plugin: noop, sleep: 100s } }\n"
            "  other: { source: other, handler: { plugin: noop } }")
        run = self.start("run", config)
        run.wait_for_event("memory_statistics", bytes=lambda bytes: bytes >= 3 * MIB)  # three quarters, below which all poll
        run.wait_for_event("statistics", acked=lambda acked: acked == 300)
        self.assertLessEqual(self.most_in_flight(run), 4 * MIB + 2 * 65 * 1024)
        run.kill()

    def test_lets_a_message_pass_that_is_larger_than_the_limit(self):
        config = self.write_config("large: { plugin: generate, messages: 20, size: 3MiB }",
                                   "  large: { source: large, workers: 2, handler: { plugin: noop, sleep: 10ms } }",
                                   limit="1MiB")
        run = self.run_to_end("run", config)
        self.assertEqual(run.final()["acked"], 20)
        self.assertLessEqual(self.most_in_flight(run), 4 * MIB + 4096)

    def test_polls_no_more_at_once_than_there_is_room_for(self):
        # A poll of 1024 such messages would be a gigabyte.
        config = self.write_config("wide: { plugin: generate, messages: 2000, size: 1MiB }",
                                   "  wide: { source: wide, workers: 4, handler: { plugin: noop, sleep: 100s } }",
                                   limit="32MiB")
        run = self.start("run", config)
        run.wait_for_event("memory_statistics", bytes=lambda bytes: bytes >= 28 * MIB)
        if not SANITIZED:
            self.assertLess(resident_kib(run.pid), 64 * 1024)
        run.kill()


if __name__ == "__main__":
    unittest.main()
