"""Half a minute of everything at once: soak.py says of what. `./dev drill` runs a longer one in a release build."""
# ctest: sanitize timeout=1800

import os
import random
import unittest

import soak

SEED = os.environ.get("SLUICE_DRILL_SEED") or str(random.SystemRandom().randrange(10**9))


class Soak(unittest.TestCase):
    def test_everything_at_once_loses_nothing_and_does_nothing_twice(self):
        print(f"SLUICE_DRILL_SEED={SEED}", flush=True)
        print(soak.soak(30, SEED), flush=True)


if __name__ == "__main__":
    unittest.main()
