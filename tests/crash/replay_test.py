"""Dead letters that are replayed while the process is killed: each is in the store still, or has taken effect, once."""
# ctest: sanitize timeout=600

import collections
import json
import os
import random
import subprocess
import unittest

import drill
from drill import Drill
from topologies import BIN, CALLS, DEADLINE_S, WITH_CALLS

SEED = os.environ.get("SLUICE_DRILL_SEED") or str(random.SystemRandom().randrange(10**9))
KILLS = 4 if os.environ.get("SLUICE_SANITIZE") else 12
POINTS = {"handle.before": 60, "handle.after": 60, "commit.before": 8, "commit.after": 8} | (
    {"pwrite": 60, "fdatasync": 12} if WITH_CALLS else {})
MENDED = {"SLUICE_FAULTY_MENDED": "1"}


class Replays(unittest.TestCase):
    def replay(self, one):
        """Its exit status, once the host has ended or all letters have."""
        done = subprocess.run([str(BIN), "dead-letters", "replay", "drill.yaml", "--all"], cwd=one.folder, capture_output=True,
                              text=True, timeout=DEADLINE_S)
        return done.returncode

    def check(self, one, letters_before):
        """Letters of the handler's own making must be there or have taken effect,
        those that fail for ever must be there, once."""
        effects = collections.Counter(one.topology.effects()[0])
        letters = collections.Counter((key, number) for key, number, _ in one.topology.dead())
        self.assertEqual([each for each, count in effects.items() if count > 1], [], "took effect more than once")
        self.assertEqual([each for each, count in letters.items() if count > 1], [], "is dead more than once")
        self.assertEqual({each for each in letters_before if each not in effects and each not in letters}, set(), "is lost")
        return effects, letters

    def test_take_effect_once_however_often_the_process_is_killed(self):
        print(f"SLUICE_DRILL_SEED={SEED}", flush=True)
        chance = random.Random(SEED)
        with drill.folder_of_its_own() as folder:
            one = Drill("replayed", SEED, 0, folder).fed()
            process = one.start()
            one.stop_when_done(process)
            self.assertEqual(one.ended(process), 0, one.log()[-3000:])
            _, dead = self.check(one, set())
            lines = [json.loads(line) for line in (folder / "in.jsonl").read_text().splitlines()]
            for_ever = {(line["key"], line["number"]) for line in lines if line.get("drill") == "never"}
            self.assertGreater(len(dead), len(for_ever) + 200)

            halfway = 0
            for kill in range(KILLS):
                # First after one commit, so slowly that most letters are left for later; then anywhere, or when all is over.
                point = chance.choice(list(POINTS)) if kill != 0 else "commit.after"
                faults = (f"{point} {chance.randint(1, POINTS[point])} kill" if kill != 0 else
                          "commit.after 1 kill; handle.before 1+ delay:1")
                process = one.start(faults, environment=MENDED | (WITH_CALLS if point in CALLS else {}))
                if one.comes_up(process):
                    self.replay(one)
                process.kill()  # if the point was not passed that often
                one.ended(process)
                effects, letters = self.check(one, set(dead))
                self.assertEqual(for_ever - set(letters), set(), "a letter is lost that was dead again")
                halfway += any(each in effects for each in dead) and any(each not in for_ever for each in letters)
            self.assertGreater(halfway, 0, "no kill came in the middle of a replay")

            process = one.start(environment=MENDED)
            self.assertTrue(one.comes_up(process), one.log()[-3000:])
            self.assertEqual(self.replay(one), 1, "those that fail for ever did not")
            process.terminate()
            self.assertEqual(one.ended(process), 0, one.log()[-3000:])
            effects, letters = self.check(one, set(dead))
            self.assertEqual(set(letters), for_ever)
            self.assertEqual(set(effects), {(message.key, message.number) for message in one.topology.acknowledged} - for_ever)


if __name__ == "__main__":
    unittest.main()
