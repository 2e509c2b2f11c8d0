"""The count of a soak finds every kind of breach in an account that is broken by hand, and none in one that is whole."""

import unittest

from soak_checker import Account, End, breaches

FINAL = {"received": 0, "acked": 0, "recognised": 0, "dead_lettered": 0, "skipped": 0, "dropped_by_policy": 0, "released": 0,
         "lost_lease": 0, "abandoned": 0, "in_flight": 0, "law_holds": True}


def final(source, **counts):
    return FINAL | {"source": source} | counts


def whole():
    """a/1 died in a run that was killed and was replayed after a/2; b/0 took effect at a stop and was acked in the next run."""
    return Account(
        acknowledged={("a", 0), ("a", 1), ("a", 2), ("a", 3), ("b", 0)},
        effects=[("a", 0), ("a", 2), ("b", 0), ("a", 1), ("a", 3)],
        totals={"a": 4, "b": 1},
        published=[("b", 0), ("a", 0), ("a", 2), ("a", 1), ("a", 3)],
        dead={("a", 1)},
        left={"queue.db": 0},
        ends=[
            End(1, "kill", -9),
            End(2, "stop", 0, [final("queue", received=3, acked=2, released=1), final("out", received=2, acked=2)], 3, 2),
            End(3, "two signals", 3, [final("queue", received=1, abandoned=1)], 0, 0),
            End(4, "stop", 0, [final("queue", received=2, acked=2, recognised=1), final("out", received=3, acked=3),
                               final("dead-letters", received=1, acked=1)], 2, 3),
        ])


class Checker(unittest.TestCase):
    def found(self, **changes):
        account = whole()
        for name, value in changes.items():
            setattr(account, name, value)
        return breaches(account)

    def found_in_end(self, index=1, **changes):
        account = whole()
        for name, value in changes.items():
            setattr(account.ends[index], name, value)
        return breaches(account)

    def found_in_final(self, **changes):
        account = whole()
        account.ends[1].finals[0].update(changes)
        return breaches(account)

    def test_finds_nothing_in_a_whole_account(self):
        self.assertEqual(breaches(whole()), [])

    def test_finds_a_lost_message(self):
        self.assertEqual(self.found(acknowledged=whole().acknowledged | {("b", 1)}), ["b/1: is lost"])

    def test_finds_a_message_that_took_effect_twice(self):
        found = self.found(effects=[*whole().effects, ("b", 0)], totals={"a": 4, "b": 2})
        self.assertEqual(found, ["b/0: took effect 2 times"])

    def test_finds_an_effect_without_a_message(self):
        found = self.found(acknowledged=whole().acknowledged - {("b", 0)})
        self.assertEqual(found, ["b/0: took effect and was never put in"])

    def test_finds_half_a_transaction(self):
        self.assertEqual(self.found(totals={"a": 4}), ["b: 1 effects, and a total of 0 from the same transactions"])

    def test_finds_an_effect_that_was_not_published(self):
        self.assertEqual(self.found(published=whole().published[1:]), ["b/0: took effect and was not published"])

    def test_finds_one_message_published_in_the_place_of_another(self):
        published = [("a", 7) if message == ("b", 0) else message for message in whole().published]
        self.assertEqual(self.found(published=published),
                         ["a/7: was published and has no effect", "b/0: took effect and was not published",
                          "a/0: was published after a/7", "a/2: was published after a/7", "a/3: was published after a/7"])

    def test_finds_what_was_published_twice(self):
        self.assertEqual(self.found(published=[*whole().published, ("b", 0)]), ["b/0: was published 2 times"])

    def test_finds_effects_out_of_order(self):
        self.assertEqual(self.found(effects=[("a", 2), ("a", 0), ("b", 0), ("a", 1), ("a", 3)]), ["a/0: took effect after a/2"])

    def test_finds_publishes_out_of_order(self):
        found = self.found(published=[("b", 0), ("a", 0), ("a", 3), ("a", 1), ("a", 2)])
        self.assertEqual(found, ["a/2: was published after a/3"])

    def test_asks_for_order_of_whatever_did_not_die(self):
        self.assertEqual(self.found(dead=set()), ["a/1: took effect after a/2", "a/1: was published after a/2"])

    def test_finds_what_is_left_when_all_is_done(self):
        self.assertEqual(self.found(left={"queue.db": 2}), ["queue.db: 2 messages are left when all is done"])

    def test_finds_a_run_that_ended_as_none_should(self):
        self.assertEqual(self.found_in_end(status=3), ["run 2: ended with 3 after stop"])
        self.assertEqual(self.found_in_end(2, status=4), ["run 3: ended with 4 after two signals"])
        self.assertEqual(self.found_in_end(0, status=0), ["run 1: ended with 0 after kill", "run 1: has no final statistics"])
        self.assertEqual(self.found_in_end(finals=[]), ["run 2: has no final statistics"])

    def test_finds_a_broken_law(self):
        for change in ({"received": 4}, {"law_holds": False}, {"in_flight": 1}):
            self.assertRegex("\n".join(self.found_in_final(**change)), r"^run 2: the conservation law is broken: .*$")

    def test_finds_what_was_abandoned_by_a_run_that_ended_well(self):
        found = self.found_in_final(abandoned=1, released=0)
        self.assertIn("run 2: 1 messages of queue are abandoned and the status is 0", found)

    def test_finds_statistics_that_say_something_else_than_the_databases(self):
        counts = "and the final statistics count 2 acked and 1 given back"
        self.assertEqual(self.found_in_end(effects=4), [f"run 2: 4 effects, {counts}"])
        self.assertEqual(self.found_in_end(effects=1), [f"run 2: 1 effects, {counts}"])
        self.assertEqual(self.found_in_end(published=3),
                         ["run 2: 3 published messages, and the final statistics count 2 acked and 0 given back"])


if __name__ == "__main__":
    unittest.main()
