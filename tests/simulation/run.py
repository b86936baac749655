"""Runs seeds, and says how to see a failing one again. Owns the words of that report."""

import traceback

from tests.simulation.agenda import Violation
from tests.simulation.world import Shells, World


def failure(seed: int, shells: Shells | None = None) -> str:
    """What went wrong with a seed, with the command that replays it; '' where nothing did."""
    world = World(seed, shells)
    try:
        world.run()
    except Violation as violation:
        what = str(violation)
    except Exception as fault:
        frame = traceback.extract_tb(fault.__traceback__)[-1]
        what = f"{type(fault).__name__}: {fault} ({frame.filename}:{frame.lineno})"
    else:
        return ""
    at = world.agenda.now - 1_000
    return (
        f"seed {seed}, after {at:.3f} simulated seconds: {what}\n"
        f"replay: python -m devtools.simulate --replay {seed}"
    )
