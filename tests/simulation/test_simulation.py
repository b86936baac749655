"""A thousand worlds that nobody has seen before, at each run of the suite; and one seen twice.

Rows 1-15, 17-22, 24, 27 and 61-63 of the test list, all at once and in every combination that the
seeds bring; a failing seed is printed with the command that replays it.
"""

import os
import subprocess
import sys
from hashlib import sha256

import pytest

from tests.simulation.agenda import Violation
from tests.simulation.run import failure
from tests.simulation.world import World
from tests.support.programs import ROOT

CHUNKS = 10
SEEDS = 100
_BASE = int.from_bytes(os.urandom(5), "big")


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_fresh_seeds_keep_every_promise(chunk: int) -> None:
    start = _BASE + chunk * SEEDS
    print(f"seeds {start} to {start + SEEDS - 1}")
    failures = [words for seed in range(start, start + SEEDS) if (words := failure(seed))]
    assert not failures, "\n\n".join(failures[:5])


def digest(seed: int) -> str:
    """Everything that happened in a world, in one number."""
    world = World(seed)
    seen = sha256()
    world.agenda.tell = lambda words: seen.update(words.encode())
    try:
        world.run()
    except Violation as violation:
        seen.update(str(violation).encode())
    return seen.hexdigest()


def test_the_same_seed_is_the_same_world() -> None:
    seeds = range(_BASE, _BASE + 5)
    assert [digest(seed) for seed in seeds] == [digest(seed) for seed in seeds]


def test_the_same_seed_is_the_same_world_in_another_process() -> None:
    """Where the order of a set of strings is another."""
    code = f"from tests.simulation.test_simulation import digest; print(digest({_BASE}))"
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for hash_seed in ("1", "2")
    }
    assert found == {digest(_BASE)}
