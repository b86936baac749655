"""Runs the simulation for any number of seeds, or one seed again with all that happened.

python -m devtools.simulate --seeds 10000 [--start 1]
python -m devtools.simulate --replay 42

Owns arguments and words; the world is in `tests/simulation`.
"""

import argparse
import os
import sys
import time

from tests.simulation.run import failure
from tests.simulation.world import World


def main(arguments: list[str] | None = None) -> int:
    """0 where every seed kept every promise, else 1."""
    parser = argparse.ArgumentParser(prog="devtools.simulate", description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=1_000, help="how many (1000)")
    parser.add_argument("--start", type=int, help="the first one (random)")
    parser.add_argument("--replay", type=int, metavar="SEED", help="one seed, every event printed")
    options = parser.parse_args(arguments)
    if options.replay is not None:
        world = World(options.replay)
        print(world.plan)
        world.agenda.tell = print
        world.run()
        return 0
    start = options.start
    if start is None:
        start = int.from_bytes(os.urandom(5), "big")
    begun, failed = time.monotonic(), 0
    print(f"seeds {start} to {start + options.seeds - 1}", flush=True)
    for seed in range(start, start + options.seeds):
        if words := failure(seed):
            failed += 1
            print(words, flush=True)
    taken = time.monotonic() - begun
    print(f"{failed} of {options.seeds} failed, in {taken:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
