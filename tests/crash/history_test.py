"""The history checker finds every kind of breach in histories that are broken by hand, and none in one that is whole."""

import copy
import unittest

from history import DONE, RETRY, History, Message, Run, breaches

FINAL = {"received": 4, "acked": 3, "dead_lettered": 1, "skipped": 0, "dropped_by_policy": 0, "released": 0, "lost_lease": 0,
         "abandoned": 0, "in_flight": 0, "law_holds": True}


def whole():
    """a/0, a/1 and b/0 take effect, b/1 fails twice and dies; the first of two runs was killed with a/1 and b/1 in flight."""
    return History(
        acknowledged=[Message("a", 0), Message("a", 1), Message("b", 0), Message("b", 1, attempts=2)],
        effects=[("a", 0), ("b", 0), ("a", 1)],
        totals={"a": 2, "b": 1},
        dead=[("b", 1, 2)],
        runs=[
            Run(killed=True, received=[("1", 0), ("2", 0), ("3", 0), ("4", 0)], confirmed={"1", "3"},
                handled=[("1", 1, DONE), ("3", 1, DONE), ("2", 1, DONE)]),
            Run(received=[("2", 0), ("4", 0)], confirmed={"2", "4"}, handled=[("2", 1, DONE), ("4", 1, RETRY), ("4", 2, RETRY)],
                final=FINAL | {"received": 2, "acked": 1}),
        ])


class Checker(unittest.TestCase):
    def found(self, **changes):
        history = whole()
        for name, value in changes.items():
            setattr(history, name, value)
        return breaches(history)

    def test_finds_nothing_in_a_whole_history(self):
        self.assertEqual(breaches(whole()), [])

    def test_finds_a_lost_message(self):
        self.assertEqual(self.found(effects=[("a", 0), ("b", 0)], totals={"a": 1, "b": 1}), ["a/1: is lost"])
        self.assertEqual(self.found(dead=[]), ["b/1: is lost"])

    def test_does_not_miss_what_was_never_acknowledged(self):
        self.assertEqual(self.found(offered=[Message("c", 0)]), [])
        self.assertEqual(self.found(offered=[Message("c", 0)], effects=[*whole().effects, ("c", 0)],
                                    totals={"a": 2, "b": 1, "c": 1}), [])

    def test_finds_a_message_that_took_effect_twice(self):
        self.assertEqual(self.found(effects=[*whole().effects, ("a", 1)], totals={"a": 3, "b": 1}),
                         ["a/1: took effect 2 times"])

    def test_finds_an_effect_without_a_message(self):
        self.assertEqual(self.found(effects=[*whole().effects, ("a", 7)], totals={"a": 3, "b": 1}),
                         ["a/7: took effect and was never enqueued"])

    def test_finds_half_a_transaction(self):
        self.assertEqual(self.found(totals={"a": 1, "b": 1}), ["a: 2 effects, and a total of 1 from the same transactions"])

    def test_finds_messages_out_of_order(self):
        self.assertEqual(self.found(effects=[("a", 1), ("b", 0), ("a", 0)]), ["a/0: took effect after a/1"])

    def test_finds_what_is_dead_and_should_not_be(self):
        self.assertEqual(self.found(dead=[("b", 1, 2), ("a", 0, 2)]),
                         ["a/0: took effect and is dead", "a/0: is dead and should have taken effect"])
        self.assertEqual(self.found(dead=[("b", 1, 2), ("z", 0, 2)]), ["z/0: is dead and was never enqueued"])

    def test_finds_what_should_be_dead_and_took_effect(self):
        self.assertEqual(self.found(dead=[], effects=[*whole().effects, ("b", 1)], totals={"a": 2, "b": 2}),
                         ["b/1: took effect and should have died"])

    def test_finds_a_wrong_number_of_attempts(self):
        self.assertEqual(self.found(dead=[("b", 1, 3)]), ["b/1: is dead after 3 attempts, not after 2"])
        runs = whole().runs
        runs[1].handled[1] = ("4", 2, RETRY)
        self.assertEqual(self.found(runs=runs), ["run 1: 4 is at attempt 2 after 0 failures"])

    def test_finds_an_attempt_that_a_kill_has_burnt(self):
        runs = whole().runs
        runs[1].received[0] = ("2", 2)
        self.assertEqual(self.found(runs=runs, keeps_attempts=True), ["run 1: 2 was delivered for attempt 2 after 0 failures"])

    def test_finds_a_dead_letter_that_is_stored_twice_where_that_may_not_be(self):
        twice = [("b", 1, 2), ("b", 1, 2)]
        self.assertEqual(self.found(dead=twice), [])
        self.assertEqual(self.found(dead=twice, dead_once=True), ["b/1: is dead 2 times"])

    def test_finds_a_redelivery_of_what_was_confirmed(self):
        runs = whole().runs
        runs[1].received.append(("1", 0))
        runs[1].final["received"] = 3
        runs[1].final["released"] = 1
        self.assertEqual(self.found(runs=runs), ["run 1: 1 came again though its ack was confirmed"])

    def test_finds_a_redelivery_after_a_clean_stop(self):
        runs = whole().runs
        runs[0].killed, runs[0].stopped = False, True
        runs[0].final = FINAL | {"acked": 2, "dead_lettered": 0, "released": 2}
        self.assertEqual(self.found(runs=runs), ["run 1: 2 came again after a clean stop though it had been handled"])

    def test_finds_lost_early_and_disordered_publishes(self):
        self.assertEqual(self.found(published=[("a", 0), ("b", 0), ("a", 1), ("a", 0)]), [])
        self.assertEqual(self.found(published=[("a", 0), ("b", 0), ("a", 1), ("a", 0)], published_once=True),
                         ["a/0: was published twice"])
        self.assertEqual(self.found(published=[("a", 0), ("a", 1)]), ["b/0: took effect and its publish is lost"])
        self.assertEqual(self.found(published=[("a", 1), ("a", 0), ("b", 0)]), ["a/0: was published after a/1"])
        self.assertEqual(self.found(published=[*whole().effects, ("b", 1)]), ["b/1: was published and has no effect"])

    def test_finds_a_broken_law(self):
        for change in ({"received": 3}, {"law_holds": False}, {"in_flight": 1}):
            runs = copy.deepcopy(whole().runs)
            runs[1].final |= change
            self.assertEqual([each for each in self.found(runs=runs) if "law" in each][0][:35],
                             "run 1: the conservation law is brok")
        runs = whole().runs
        runs[1].confirmed = {"2"}
        self.assertEqual(self.found(runs=runs),
                         ["run 1: the source has confirmed 1 acks, the host counts 1 acked, 1 dead and 0 skipped"])


if __name__ == "__main__":
    unittest.main()
